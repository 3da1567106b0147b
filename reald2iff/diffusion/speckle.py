"""Small holes that samples lose.

A D435 leaves out single pixels and groups of a few, most of them near holes and edges. A network that
predicts x0 in a few steps gives at such a place the mean of what may be there: a valid pixel. The holes of up
to `SMALL` pixels that its samples lack are therefore punched afterwards, as many as were found missing on
validation views.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reald2iff.sensors.d435.statistics import StatisticsParameters, nearness_to_breaks, punch_speckle

SMALL = 8
"""Holes of up to this many px count as small."""

_FIXED_SHARE = StatisticsParameters().speckle_fixed_share
"""Share of small holes that stay over a sequence, as in the twin."""


def small_holes(disparity: NDArray[np.floating], clean: NDArray[np.floating]) -> int:
    """Number of small holes of ``(H, W)`` sensor disparity where the clean disparity is known."""
    holes = ((disparity == 0) & (clean > 0)).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
    return int((statistics[1:, cv2.CC_STAT_AREA] <= SMALL).sum())


def punch_small_holes(
    disparity: torch.Tensor,
    rates: NDArray[np.floating],
    generator: torch.Generator | None,
    static_seed: int | None = None,
) -> None:
    """Punch small holes, in place.

    Args:
        disparity: ``(B, 1, H, W)`` sensor disparity on the CPU, px, 0 = invalid.
        rates: ``(B,)`` holes per million px beside holes and jumps; fewer farther away, as in the twin.
        generator: Source of those that change from frame to frame.
        static_seed: Of those that stay over a sequence; None = all are new.
    """
    share = 0.0 if static_seed is None else _FIXED_SHARE
    seeds = torch.randint(2**62, (len(disparity),), generator=generator).tolist()
    for image, rate, seed in zip(disparity[:, 0].numpy(), rates.tolist(), seeds, strict=True):
        density = nearness_to_breaks(image)
        punch_speckle(image, density, rate * (1 - share), np.random.default_rng(seed))
        if static_seed is not None:
            punch_speckle(image, density, rate * share, np.random.default_rng(static_seed))
