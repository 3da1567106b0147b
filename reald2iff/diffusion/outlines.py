"""Outlines of holes and surfaces, which samples fray.

Stereo matching decides for whole windows: outlines are smooth, no pixel lies between a near surface and what
is behind it, and where depth breaks off there is a hole at least a pixel wide. A network decides pixel by
pixel, in few steps, and leaves in between what it cannot decide. So beside breaks the sample's disparity is
the median of its surroundings, its validity their mean, and neighbours too far apart become a hole.

Large holes are lacking too: dark and glossy surfaces make them, of which depth says nothing, and few steps
leave out what is rare. A smooth random field takes validity away at some places beside holes and jumps, so
that holes grow there to the areas that a sensor's have, and keep their width at all others.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.sensors.d435.statistics import nearness_to_breaks

_BESIDE = 3.0
"""Distance (px) from holes and jumps up to which the median is taken."""

_FIELD_SIGMA = 12.0
"""Gaussian radius (px) of the field that takes validity away."""

_FIELD_REACH = 12.0
"""Distance (px) from holes and jumps up to which it acts in full."""

_FIELD_LEVEL = -1.0
"""Only where a field of unit variance is below this does it act: at a sixth of all places."""

FIELD_CELL = 4
"""It is drawn on a grid of cells of so many px."""


def validity_taken(noise: NDArray[np.float32], disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The field, ``(H, W)``, 0 or less: by how much a smooth one lies below `_FIELD_LEVEL`, beside breaks.

    Neither holes of a few pixels nor the band at the left border, whose width geometry says, are breaks here.

    Args:
        noise: White noise of unit variance, one value for each cell of `FIELD_CELL` px.
        disparity: ``(H, W)`` px, 0 = invalid.
    """
    sigma = _FIELD_SIGMA / FIELD_CELL
    # White noise under a Gaussian kernel has a deviation of 1 / (2 sqrt(pi) sigma).
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma) * np.float32(2 * np.sqrt(np.pi) * sigma)
    field = cv2.resize(smooth, disparity.shape[::-1], interpolation=cv2.INTER_LINEAR)
    large = np.asarray(cv2.medianBlur(disparity, 5), dtype=np.float32)
    beside = nearness_to_breaks(_without_border_band(large), _FIELD_REACH)
    return np.minimum(field - np.float32(_FIELD_LEVEL), np.float32(0)) * beside


def _without_border_band(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The holes that rows begin with, filled with what comes after them."""
    first = np.argmax(disparity > 0, axis=1)[:, None]
    leading = np.arange(disparity.shape[1])[None, :] < first
    return np.where(leading, np.take_along_axis(disparity, first, axis=1), disparity)


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
