"""What the depth chip does to matched disparity before it leaves: culling, median, hole growth, low-pass."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.sensors.checks import require_within

_INVALID = np.float32(-1e6)
"""Stands for a missing neighbour: within no tolerance of any disparity."""


@dataclass(frozen=True)
class PostprocessParameters:
    """Lengths in pixels, tolerances in pixels of disparity."""

    support_radius: int = 3
    """Neighbourhood of the culling: 3 = 7x7."""
    support_tolerance: float = 0.8
    support_share: float = 0.4
    """A pixel needs this share of its neighbourhood within the tolerance."""
    growth_min_area: int = 20
    """Holes of at least this many pixels grow."""
    growth_rows: int = 1
    """By this many pixels up and down."""
    lowpass_sigma: float = 1.6
    lowpass_tolerance: float = 0.6
    """The low-pass averages only neighbours within this much disparity."""

    def __post_init__(self) -> None:
        require_within(self, 1, 15, "support_radius")
        require_within(self, 0, 16, "support_tolerance", "lowpass_tolerance")
        require_within(self, 0, 1, "support_share")
        require_within(self, 0, 10**9, "growth_min_area")
        require_within(self, 0, 32, "growth_rows")
        require_within(self, 0, 10, "lowpass_sigma")


@nb.njit(cache=True)
def _padded(disparity: NDArray, radius: int) -> NDArray:
    height, width = disparity.shape
    padded = np.full((height + 2 * radius, width + 2 * radius), _INVALID, np.float32)
    for y in range(height):
        for x in range(width):
            if disparity[y, x] > 0:
                padded[y + radius, x + radius] = disparity[y, x]
    return padded


@nb.njit(cache=True)
def cull_unsupported(disparity: NDArray, radius: int, tolerance: float, share: float) -> NDArray:
    """Drop pixels with less than ``share`` of their ``(2 radius + 1)^2`` neighbourhood within ``tolerance``.

    Neighbours outside the image do not count in either direction.
    """
    height, width = disparity.shape
    padded = _padded(disparity, radius)
    limit = np.float32(tolerance)
    culled = disparity.copy()
    agreeing = np.empty(width, np.int16)
    for y in range(height):
        agreeing[:] = 0
        for j in range(2 * radius + 1):
            for i in range(2 * radius + 1):
                for x in range(width):
                    agreeing[x] += np.int16(abs(padded[y + j, x + i] - disparity[y, x]) < limit)
        rows = min(y + radius, height - 1) - max(y - radius, 0) + 1
        for x in range(width):
            columns = min(x + radius, width - 1) - max(x - radius, 0) + 1
            if disparity[y, x] > 0 and agreeing[x] < share * rows * columns:
                culled[y, x] = 0
    return culled


@nb.njit(cache=True)
def _median_of_valid(disparity: NDArray, partial: NDArray, median: NDArray) -> None:
    """Correct ``median`` where the 3x3 window is ``partial``: holds invalid pixels or leaves the image."""
    height, width = disparity.shape
    window = np.empty(9, np.float32)
    for y in range(height):
        for x in range(width):
            if not partial[y, x]:
                continue
            if disparity[y, x] <= 0:
                median[y, x] = 0
                continue
            n = 0
            for j in range(max(y - 1, 0), min(y + 2, height)):
                for i in range(max(x - 1, 0), min(x + 2, width)):
                    value = disparity[j, i]
                    if value > 0:
                        k = n
                        while k > 0 and window[k - 1] > value:
                            window[k] = window[k - 1]
                            k -= 1
                        window[k] = value
                        n += 1
            median[y, x] = window[n // 2]


def median_of_valid(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """3x3 median over the valid neighbours (the upper one of two middle values); invalid stays invalid."""
    valid = np.zeros((disparity.shape[0] + 2, disparity.shape[1] + 2), np.uint8)
    valid[1:-1, 1:-1] = disparity > 0
    partial = cv2.erode(valid, np.ones((3, 3), np.uint8))[1:-1, 1:-1] == 0
    median = np.asarray(cv2.medianBlur(disparity, 3), dtype=np.float32)
    _median_of_valid(disparity, partial, median)
    return median


@nb.njit(cache=True)
def lowpass_within(disparity: NDArray, sigma: float, tolerance: float) -> NDArray:
    """Gaussian mean of the valid neighbours whose disparity lies within ``tolerance`` of the pixel's own."""
    height, width = disparity.shape
    radius = int(np.ceil(2 * sigma))
    padded = _padded(disparity, radius)
    limit = np.float32(tolerance)
    smooth = np.zeros_like(disparity)
    total = np.empty(width, np.float32)
    weight = np.empty(width, np.float32)
    for y in range(height):
        total[:] = 0
        weight[:] = 0
        for j in range(2 * radius + 1):
            for i in range(2 * radius + 1):
                gauss = np.float32(np.exp(-0.5 * ((i - radius) ** 2 + (j - radius) ** 2) / sigma**2))
                for x in range(width):
                    value = padded[y + j, x + i]
                    w = gauss if abs(value - disparity[y, x]) < limit else np.float32(0)
                    total[x] += w * value
                    weight[x] += w
        for x in range(width):
            if disparity[y, x] > 0:
                smooth[y, x] = total[x] / weight[x]
    return smooth


def grow_holes(disparity: NDArray[np.float32], min_area: int, rows: int) -> NDArray[np.float32]:
    """Grow holes (8-connected) of at least ``min_area`` pixels by ``rows`` pixels up and down."""
    holes = (disparity <= 0).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(holes, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= min_area
    large[0] = False
    grown = cv2.dilate(large.astype(np.uint8)[labels], np.ones((2 * rows + 1, 1), np.uint8))
    return np.where(grown > 0, np.float32(0), disparity)


def postprocess(disparity: NDArray[np.float32], parameters: PostprocessParameters) -> NDArray[np.float32]:
    """Matched disparity as the chip delivers it, before quantisation.

    Args:
        disparity: ``(H, W) float32`` px, 0 = invalid.
        parameters: Of the steps.

    Returns:
        ``(H, W) float32`` px, 0 = invalid; no pixel becomes valid.
    """
    p = parameters
    culled = cull_unsupported(disparity, p.support_radius, p.support_tolerance, p.support_share)
    smooth = median_of_valid(culled)
    if p.lowpass_sigma > 0:
        smooth = lowpass_within(smooth, p.lowpass_sigma, p.lowpass_tolerance)
    if p.growth_rows > 0:
        smooth = grow_holes(smooth, p.growth_min_area, p.growth_rows)
    return smooth
