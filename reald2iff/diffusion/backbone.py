"""The denoising networks of both stages behind one interface.

A backbone owns the space in which diffusion happens: pixels for `PixelBackbone`, depth latents for
`reald2iff.diffusion.sd21.StableDiffusionBackbone`. Everything else (targets, losses, sampling) is shared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import UNet2DModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin

from reald2iff.diffusion.representation import CHANNELS
from reald2iff.errors import InvalidParameterError

_SPREAD_CELLS = 2
"""The spread is predicted this many times along a cell's side."""
_SPREAD_WIDTH = 32
"""Channels of the spread head."""
_SPREAD_DILATION = 4
"""Of its second layer: surfaces look different from clutter only from some px away."""
_DETAIL_DILATION = 2
"""Of the detail head's second layer: with the first one, it sees 3 px to each side."""
_SMALL = 3.0
"""The spread's offset before its softplus: a new head adds next to nothing."""


class Backbone(ModelMixin, ConfigMixin, ABC):
    """Predicts the clean sample x0 (and the deviation map, where it has that head) from a noisy one."""

    config_name = "config.json"

    @property
    @abstractmethod
    def multiple(self) -> int:
        """Image sides must be multiples of this many px."""

    @property
    @abstractmethod
    def predicts_deviation(self) -> bool:
        """Whether `forward` returns a deviation map."""

    @property
    def predicts_spread(self) -> bool:
        """Whether `forward` returns the spread that samples lack."""
        return False

    @abstractmethod
    def encode(self, target: torch.Tensor) -> torch.Tensor:
        """``(B, 2, H, W)`` residual and validity into the space of diffusion."""

    @abstractmethod
    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        """Back to ``(B, 2, H, W)``."""

    @abstractmethod
    def sample_shape(self, batch: int, height: int, width: int) -> tuple[int, int, int, int]:
        """Shape of a sample in the space of diffusion for an image size."""

    @abstractmethod
    def forward(
        self, sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Denoise.

        Args:
            sample: ``x = (1 - sigma) x0 + sigma noise`` in the space of diffusion.
            sigma: ``(B,)`` noise level in [0, 1].
            condition: ``(B, C, H, W)`` at image size.

        Returns:
            Predicted x0, and the deviation map ``(B, 1, H, W)``, the ratio ``(B, 1, h, w)`` of
            `missing_texture`, or None.
        """


class SpreadHead(torch.nn.Module):
    """Predicts the spread that samples lack, relative to their own, from the condition alone.

    Args:
        condition_channels: Channels of the condition.
        factor: Side of a cell, px.
    """

    def __init__(self, condition_channels: int, factor: int) -> None:
        super().__init__()
        self._side = factor // _SPREAD_CELLS
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(condition_channels, _SPREAD_WIDTH, 3, padding=1, padding_mode="replicate"),
            torch.nn.SiLU(),
            torch.nn.Conv2d(
                _SPREAD_WIDTH,
                _SPREAD_WIDTH,
                3,
                padding=_SPREAD_DILATION,
                dilation=_SPREAD_DILATION,
                padding_mode="replicate",
            ),
            torch.nn.SiLU(),
            torch.nn.Conv2d(_SPREAD_WIDTH, 1, 1),
        )
        torch.nn.init.zeros_(self.layers[-1].weight)
        torch.nn.init.constant_(self.layers[-1].bias, -_SMALL)

    def forward(self, condition: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to the ratio ``(B, 1, h, w)`` of `missing_texture`."""
        return F.softplus(self.layers(F.avg_pool2d(condition, self._side)))


class DetailHead(torch.nn.Module):
    """Corrects the UNet's answer px by px, from the answer, the noisy sample and the condition around it.

    The answer in a cell is a sum of a few dozen patterns. Surfaces take no more, but outlines of holes do:
    without this head the shadow beside a jump comes out some px too wide, and at another width in each row.

    Args:
        condition_channels: Channels of the condition.
        width: Channels of its layers.
    """

    def __init__(self, condition_channels: int, width: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(2 * CHANNELS + condition_channels, width, 3, padding=1, padding_mode="replicate"),
            torch.nn.SiLU(),
            torch.nn.Conv2d(
                width,
                width,
                3,
                padding=_DETAIL_DILATION,
                dilation=_DETAIL_DILATION,
                padding_mode="replicate",
            ),
            torch.nn.SiLU(),
            torch.nn.Conv2d(width, CHANNELS, 1),
        )
        torch.nn.init.zeros_(self.layers[-1].weight)
        torch.nn.init.zeros_(self.layers[-1].bias)

    def forward(self, answer: torch.Tensor, sample: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """Correction ``(B, 2, H, W)``."""
        return self.layers(torch.cat([answer, sample, condition], dim=1))


class PixelBackbone(Backbone):
    """A small UNet on a space-to-depth grid, trained from scratch: the default.

    Each ``factor x factor`` block of px becomes one cell; the network predicts x0, because predicting noise
    or velocity there would have to carry ``2 factor^2`` independent values a cell through its width.

    Args:
        condition_channels: Channels of the condition.
        factor: Side of a cell, px.
        widths: Channels of each level of the UNet.
        layers: Residual blocks a level.
        deviation_head: Whether to predict the deviation map too (coarse stage).
        spread_head: Whether to predict the spread that samples lack, see `reald2iff.diffusion.texture`.
        detail_width: Channels of the layers at image size, see `DetailHead`; 0 = none.
    """

    @register_to_config
    def __init__(
        self,
        condition_channels: int,
        factor: int = 8,
        widths: tuple[int, ...] = (64, 128),
        layers: int = 1,
        deviation_head: bool = False,
        spread_head: bool = False,
        detail_width: int = 0,
    ) -> None:
        super().__init__()
        outputs = CHANNELS + int(deviation_head)
        if deviation_head and spread_head:
            raise InvalidParameterError(
                "a network has a deviation head or a spread head: expected one of them"
            )
        self.unet = UNet2DModel(
            in_channels=(CHANNELS + condition_channels) * factor**2,
            out_channels=outputs * factor**2,
            block_out_channels=tuple(widths),
            layers_per_block=layers,
            down_block_types=("DownBlock2D",) * len(widths),
            up_block_types=("UpBlock2D",) * len(widths),
            norm_num_groups=8,
            add_attention=False,
        )
        self.spread = SpreadHead(condition_channels, factor) if spread_head else None
        self.detail = DetailHead(condition_channels, detail_width) if detail_width else None

    @torch.no_grad()
    def start_from(self, other: PixelBackbone) -> None:
        """Take over the weights of a backbone of the same size; new conditions start without effect.

        A head that the other has not stays as it is.

        Raises:
            InvalidParameterError: if the sizes differ.
        """
        for name in ("factor", "widths", "layers"):
            # Sequences come back from JSON as lists.
            own, its = (list(np.ravel(c[name])) for c in (self.config, other.config))
            if own != its:
                raise InvalidParameterError(
                    f"warm start: {name} is {own} here and {its} there: expected networks of the same size"
                )
        theirs = other.state_dict()
        for name, target in self.state_dict().items():
            if name not in theirs:
                continue
            source = theirs[name]
            # The first and the last layer differ in channels, whose order is the same as far as both go.
            common = tuple(slice(0, min(a, b)) for a, b in zip(target.shape, source.shape, strict=True))
            if target.shape != source.shape:
                target.zero_()
            target[common] = source[common]

    @property
    def multiple(self) -> int:
        return int(self.config.factor * 2 ** (len(self.config.widths) - 1))

    @property
    def predicts_deviation(self) -> bool:
        return bool(self.config.deviation_head)

    @property
    def predicts_spread(self) -> bool:
        return bool(self.config.spread_head)

    def encode(self, target: torch.Tensor) -> torch.Tensor:
        return target

    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        return sample

    def sample_shape(self, batch: int, height: int, width: int) -> tuple[int, int, int, int]:
        return (batch, CHANNELS, height, width)

    def forward(
        self, sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        cells = F.pixel_unshuffle(torch.cat([sample, condition], dim=1), self.config.factor)
        cells = cells.contiguous(memory_format=torch.channels_last)
        predicted = self.unet(cells, sigma * 1000).sample.float()
        planes = (CHANNELS + int(self.predicts_deviation)) * self.config.factor**2
        output = F.pixel_shuffle(predicted[:, :planes], self.config.factor)
        answer, deviation = output[:, :CHANNELS], output[:, CHANNELS:]
        if self.detail is not None:
            answer = answer + self.detail(answer, sample, condition).float()
        if self.predicts_deviation:
            return answer, F.softplus(deviation)
        return answer, None if self.spread is None else self.spread(condition)
