"""What the networks are told of the clean disparity, beside the disparity itself.

Stereo depth fails where one of its three optical elements does not see the surface. Which pixels those are
follows from the clean disparity alone: along a row, a point at column ``u`` with disparity ``d`` lies in the
right image at ``u - d`` and is hidden there by any point further right that lands further left.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

CONDITION_CHANNELS = 11
PROJECTOR_FRACTION = 0.58
"""Where the dot projector of a D435 sits between its imagers, as a fraction of the baseline."""


def _hidden_by(disparity: torch.Tensor, columns: torch.Tensor, fraction: float) -> torch.Tensor:
    """How many px each point lies behind the nearer surfaces to its right, seen from along the baseline."""
    landed = columns - fraction * disparity
    nearest = torch.cummin(landed.flip(-1), dim=-1).values.flip(-1)
    return landed - nearest


def _local_mean(disparity: torch.Tensor, size: int) -> torch.Tensor:
    """Mean over ``size x size`` px, fewer at the borders; rows and columns in turn, which is much cheaper."""
    half = size // 2
    rows = F.avg_pool2d(disparity, (1, size), 1, (0, half), count_include_pad=False)
    return F.avg_pool2d(rows, (size, 1), 1, (half, 0), count_include_pad=False)


CONTEXT_LEFT, CONTEXT_RIGHT = 16, 128
"""Columns beside a window that its features depend on: the widest mean, and the largest disparity."""


def setting_values(strength: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """``(B, 2)`` what the networks are told of a `SensorSetting`, from ``(B,)`` each."""
    return torch.stack([torch.log2(strength), density], dim=1)


def condition_features(
    disparity: torch.Tensor,
    first_column: torch.Tensor | float = 0.0,
    setting: torch.Tensor | None = None,
) -> torch.Tensor:
    """Condition of both stages.

    Args:
        disparity: ``(B, 1, H, W)`` clean disparity S, px, 0 = invalid: whole rows, or a part of them with
            `CONTEXT_LEFT` and `CONTEXT_RIGHT` columns beside what is used.
        first_column: Column of the image at which each part begins, a number or ``(B, 1, 1, 1)``.
        setting: ``(B, 2)`` of `setting_values`; None = strength 1 and the default preset.

    Returns:
        ``(B, 11, H, W)``: disparity level, phase within a pixel (sine, cosine), disparity minus its mean over
        9x9 and 33x33, how far the point is hidden from the right imager and from the projector, distance
        from the left border of the stereo overlap, whether the pixel is valid, and the sensor's setting.
    """
    valid = (disparity > 0).to(disparity.dtype)
    columns = torch.arange(disparity.shape[-1], device=disparity.device, dtype=disparity.dtype)
    columns = columns + first_column
    near = disparity - _local_mean(disparity, 9)
    wide = disparity - _local_mean(disparity, 33)
    phase = 2 * math.pi * disparity
    constant = torch.zeros(len(disparity), 2) if setting is None else setting
    return torch.cat(
        [
            (disparity / 16 - 1).clamp(-1, 4),
            torch.sin(phase),
            torch.cos(phase),
            (near / 2).clamp(-3, 3),
            (wide / 6).clamp(-3, 3),
            (_hidden_by(disparity, columns, 1.0) / 6).clamp(0, 3),
            (_hidden_by(disparity, columns, PROJECTOR_FRACTION) / 6).clamp(0, 3),
            ((columns - disparity) / 8).clamp(-2, 4),
            2 * valid - 1,
            constant.to(disparity)[:, :, None, None].expand(-1, -1, *disparity.shape[-2:]),
        ],
        dim=1,
    )
