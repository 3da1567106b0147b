"""The stereo block: census costs, box aggregation, two scanline passes and the confidence tests.

One row is finished before the next begins, so that all costs in flight fit the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.checks import require_within
from reald2iff.sensors.d435.census import BITS, census
from reald2iff.sensors.d435.compiled import float_of
from reald2iff.sensors.d435.costs import (
    best_disparities,
    lowest,
    replace_row,
    scanline_pass,
    taper_row,
)


@dataclass(frozen=True)
class MatcherParameters:
    """Costs are per pixel of the aggregation window, in differing census bits."""

    disparities: int = 96
    """Search range (px): 0 .. disparities - 1."""
    window_width: int = 17
    """Aggregation window (px), odd. Along rows its weights taper off linearly from the middle: the camera's
    noise has none of the ripple that a box leaves there."""
    window_height: int = 11
    """Aggregation window (px), odd; a box down columns."""
    step_penalty: float = 0.5
    """P1: a change of one disparity along the scan line."""
    jump_penalty: float = 2.0
    """P2: any larger change."""
    left_right_tolerance: int = 1
    """Largest disagreement of the two views' disparities (px)."""
    second_peak_margin: float = 2.8
    """The next best disparity must cost this much more."""
    second_peak_exclusion: int = 3
    """Disparities this near the best do not count as the next best."""
    max_cost: float = 24.0
    """Matches that cost more are dropped."""
    min_curvature: float = 0.065
    """The cost must rise this much (second difference) around the match."""
    locking_correction: float = 0.005
    """The sub-pixel fit prefers halves to whole disparities; this much (px) at a quarter is taken off."""
    strictness_spread: float = 0.2
    """Margin, cost and curvature limits vary over the image by a factor of this logarithmic spread: surfaces
    fail in patches that stay where they are, and which patch, depth does not tell."""
    strictness_sigma: float = 8.0
    """Gaussian radius of that variation (px)."""

    def __post_init__(self) -> None:
        require_within(self, 8, 256, "disparities")
        require_within(self, 1, 31, "window_width", "window_height")
        if self.window_width % 2 == 0 or self.window_height % 2 == 0:
            raise InvalidParameterError(
                f"window {self.window_width}x{self.window_height}: expected odd sizes in pixels"
            )
        if self.weight * BITS > np.iinfo(np.uint16).max:
            raise InvalidParameterError(
                f"window {self.window_width}x{self.window_height}: expected at most 17x15 or as many weights"
            )
        require_within(self, 0, BITS, "step_penalty", "jump_penalty", "second_peak_margin", "max_cost")
        require_within(self, 0, BITS, "min_curvature")
        require_within(self, 0, 0.15, "locking_correction")
        require_within(self, 0, 3, "strictness_spread")
        require_within(self, 0.3, 100, "strictness_sigma")
        require_within(self, 0, 64, "left_right_tolerance", "second_peak_exclusion")

    @property
    def half_width(self) -> int:
        """Columns from the middle of the aggregation window, which counts, to where its weight is 0."""
        return (self.window_width + 1) // 2

    @property
    def weight(self) -> int:
        """Sum of the weights of the aggregation window."""
        return self.half_width**2 * self.window_height


@nb.njit(cache=True)
def _accept_row(
    aggregated: NDArray,
    best_left: NDArray,
    best_right: NDArray,
    tolerance: int,
    margin: float,
    exclusion: int,
    max_cost: float,
    min_curvature: float,
    locking: float,
    strictness: NDArray,
    disparity: NDArray,
) -> None:
    """Sub-pixel disparity of the winners that pass every confidence test; the others stay 0.

    Both the equiangular fit and the tests read the cost from before the scanline passes, which the
    penalties have not bent yet.
    """
    width, disparities = aggregated.shape
    bits = aggregated.view(np.int32)
    for x in range(width):
        k = best_left[x]
        if k < 1 or k > disparities - 2 or k > x:
            continue
        if abs(best_right[width - 1 - x + k] - k) > tolerance:
            continue
        before, here, after = aggregated[x, k - 1], aggregated[x, k], aggregated[x, k + 1]
        strict = strictness[x]
        if here * strict > max_cost or before + after - 2 * here < min_curvature * strict:
            continue
        inside = min(disparities, x + 1)
        below = lowest(bits[x, : max(k - exclusion, 0)])
        above = lowest(bits[x, min(k + exclusion + 1, inside) : inside])
        if float_of(min(below, above)) - here < margin * strict:
            continue
        slope = max(before, after) - here
        offset = (before - after) / (2 * slope) if slope > 0 else 0.0
        offset = min(max(offset, -0.5), 0.5)
        disparity[x] = k + offset - locking * np.sin(2 * np.pi * offset)


@nb.njit(cache=True)
def _match_rows(
    left: NDArray,
    right: NDArray,
    disparities: int,
    half_width: int,
    radius_y: int,
    step: float,
    jump: float,
    tolerance: int,
    margin: float,
    exclusion: int,
    max_cost: float,
    min_curvature: float,
    locking: float,
    strictness: NDArray,
) -> NDArray:
    height, width = left.shape
    reversed_right = np.ascontiguousarray(right[:, ::-1])
    rows = 2 * radius_y + 1
    ring = np.zeros((rows, width, disparities), np.uint8)
    columns = np.zeros((width, disparities), np.int16)
    slope = np.zeros(disparities, np.uint16)
    running = np.zeros(disparities, np.uint16)
    aggregated = np.empty((width, disparities), np.float32)
    optimised = np.empty((width, disparities), np.float32)
    path = np.empty(disparities + 2, np.float32)
    fresh = np.empty(disparities, np.float32)
    best_left = np.zeros(width, np.int32)
    best_right = np.zeros(width, np.int32)
    right_costs = np.empty(width, np.float32)
    disparity = np.zeros((height, width), np.float32)
    for newest in range(-radius_y, height + radius_y):
        source = min(max(newest, 0), height - 1)
        slot = ring[(newest + radius_y) % rows]
        replace_row(left[source], reversed_right[source], slot, columns)
        y = newest - radius_y
        if y < 0:
            continue
        taper_row(columns, half_width, slope, running, aggregated)
        scanline_pass(aggregated, optimised, path, fresh, step, jump, False)
        scanline_pass(aggregated, optimised, path, fresh, step, jump, True)
        best_disparities(optimised, best_left, best_right, right_costs)
        _accept_row(
            aggregated,
            best_left,
            best_right,
            tolerance,
            margin,
            exclusion,
            max_cost,
            min_curvature,
            locking,
            strictness[y],
            disparity[y],
        )
    return disparity


def match(
    left: NDArray[np.uint8],
    right: NDArray[np.uint8],
    parameters: MatcherParameters,
    strictness: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Disparity of a rectified infrared pair.

    Args:
        left: ``(H, W) uint8``.
        right: The same scene one baseline to the right.
        parameters: Of the stereo block.
        strictness: ``(H, W)`` factor on the confidence tests' limits; None = 1 everywhere.

    Returns:
        ``(H, W) float32`` px, 0 = no confident match.
    """
    weight = parameters.weight
    return _match_rows(
        census(left),
        census(right),
        parameters.disparities,
        parameters.half_width,
        parameters.window_height // 2,
        parameters.step_penalty * weight,
        parameters.jump_penalty * weight,
        parameters.left_right_tolerance,
        parameters.second_peak_margin * weight,
        parameters.second_peak_exclusion,
        parameters.max_cost * weight,
        parameters.min_curvature * weight,
        parameters.locking_correction,
        np.ones(left.shape, np.float32) if strictness is None else strictness,
    )
