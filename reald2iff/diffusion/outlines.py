"""Outlines of holes and surfaces, which samples fray.

Stereo matching decides for whole windows: outlines are smooth, no pixel lies between a near surface and what
is behind it, and where depth breaks off there is a hole at least a pixel wide. A network decides pixel by
pixel, in few steps, and leaves in between what it cannot decide. So beside breaks the sample's disparity is
the median of its surroundings, its validity their mean, and neighbours too far apart become a hole.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.sensors.d435.statistics import nearness_to_breaks

_BESIDE = 3.0
"""Distance (px) from holes and jumps up to which the median is taken."""


def settle(disparity: NDArray[np.float32], valid: NDArray[np.bool_], median_size: int) -> NDArray[np.float32]:
    """Disparity with holes, without values in between where it breaks off.

    Args:
        disparity: ``(H, W)`` px, in holes too.
        valid: ``(H, W)``.
        median_size: Side of the median's window, 3 or 5 px.
    """
    beside = nearness_to_breaks(np.where(valid, disparity, np.float32(0)), _BESIDE) == 1
    return np.where(valid, np.where(beside, cv2.medianBlur(disparity, median_size), disparity), np.float32(0))


def break_steps(disparity: NDArray[np.float32], largest: float) -> None:
    """Make holes of neighbours that differ by more than ``largest`` px, in place: ``(H, W)``, 0 = invalid."""
    torn = np.zeros(disparity.shape, bool)
    for first, second, torn_first, torn_second in (
        (disparity[:-1], disparity[1:], torn[:-1], torn[1:]),
        (disparity[:, :-1], disparity[:, 1:], torn[:, :-1], torn[:, 1:]),
    ):
        step = (first > 0) & (second > 0) & (np.abs(first - second) > largest)
        torn_first |= step
        torn_second |= step
    disparity[torn] = 0
