"""What refinement measures samples with: a small network that tells sensor depth from generated depth.

It judges every place of an image on two scales, about 20 and 70 px wide, and is told what the generator is
told, so that it asks for the noise that belongs to the geometry and not only for noise of the right kind.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

_GEOMETRY = 6
"""Channels that describe the clean side and the sensor's setting; the same for both classes."""
_NOISE = 4
"""Channels that describe the depth to be judged."""
_BLUR = 5


def geometry_channels(clean: torch.Tensor, setting: torch.Tensor) -> torch.Tensor:
    """``(B, 6, H, W)`` what is the same for sensor and generated depth.

    Args:
        clean: ``(B, 1, H, W)`` clean disparity, px, 0 = invalid.
        setting: ``(B, 2, H, W)`` the last channels of the condition.
    """
    present = (clean > 0).to(clean.dtype)
    mean = clean.sum((2, 3), keepdim=True) / present.sum((2, 3), keepdim=True).clamp(min=1)
    phase = 2 * math.pi * clean
    shape = (clean - mean).clamp(-20, 20) / 8 * present
    return torch.cat([shape, torch.sin(phase), torch.cos(phase), clean / 20 - 1, setting], dim=1)


def noise_channels(residual: torch.Tensor, validity: torch.Tensor) -> torch.Tensor:
    """``(B, 4, H, W)`` what may give generated depth away: noise at two gains, its finest part, holes.

    Args:
        residual: ``(B, 1, H, W)`` px, 0 where there is no measurement.
        validity: ``(B, 1, H, W)`` in {-1, +1}.
    """
    valid = (validity + 1) / 2
    pad = _BLUR // 2
    mean, share = (
        F.avg_pool2d(F.pad(x, (pad,) * 4, mode="replicate"), _BLUR, 1) for x in (residual * valid, valid)
    )
    finest = (residual - mean / share.clamp(min=1e-3)) * valid
    return torch.cat(
        [
            torch.asinh(residual / 0.15) * 0.7,
            torch.asinh(residual / 0.03) * 0.3,
            torch.asinh(finest / 0.03) * 0.5,
            validity,
        ],
        dim=1,
    )


class PatchDiscriminator(nn.Module):
    """Logits of being the sensor's, a map for each scale; both classes belong into one batch.

    Args:
        width: Channels of the first layer.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
            return [
                nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False),
                # Over sensor and generated depth together, so that it takes nothing from their difference.
                nn.BatchNorm2d(outputs, track_running_stats=False),
                nn.LeakyReLU(0.2, inplace=True),
            ]

        self.texture = nn.Sequential(
            # Every pixel counts, at a quarter of the cost of a layer at full size.
            nn.PixelUnshuffle(2),
            *layer(4 * (_GEOMETRY + _NOISE), width, 3, 1),
            *layer(width, 2 * width, 4, 2),
            *layer(2 * width, 2 * width, 3, 1),
        )
        self.context = nn.Sequential(
            *layer(2 * width, 3 * width, 4, 2),
            *layer(3 * width, 3 * width, 3, 1),
            *layer(3 * width, 3 * width, 3, 1),
        )
        self.heads = nn.ModuleList([nn.Conv2d(2 * width, 1, 1), nn.Conv2d(3 * width, 1, 1)])

    def forward(self, geometry: torch.Tensor, noise: torch.Tensor) -> list[torch.Tensor]:
        """Logit maps ``(B, 1, h, w)`` of both scales, from the two halves of the channels."""
        channels = torch.cat([geometry, noise], dim=1).contiguous(memory_format=torch.channels_last)
        texture = self.texture(channels)
        context = self.context(texture)
        return [head(x).float() for head, x in zip(self.heads, (texture, context), strict=True)]
