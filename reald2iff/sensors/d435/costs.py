"""Matching costs of one row: census distances, their sums over the tapering window, scanline passes, winners.

Loops run over disparities, the contiguous axis, so that the compiler turns them into vector instructions. It
does so with minima of integers but not of floats, hence the views as integers: floats that are not negative
are ordered like their bits.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.sensors.d435.compiled import float_of, popcount

OUTSIDE = 32
"""Cost of a pixel whose partner lies outside the right image: worse than chance, not impossible."""

HUGE = np.float32(1e9)


@nb.njit(cache=True)
def lowest(bits: NDArray) -> Any:
    """Smallest of ``int32`` bits of floats that are not negative; of none, those of infinity."""
    least = np.int32(0x7F800000)
    for i in range(bits.size):
        least = min(least, bits[i])
    return least


@nb.njit(cache=True)
def replace_row(left: NDArray, right_reversed: NDArray, costs: NDArray, columns: NDArray) -> None:
    """Hamming distances of a row take the place of one that leaves the window, in ``costs`` and in the sums.

    ``costs[x, d]`` is of left pixel x and right pixel x - d, which ascends in the reversed right row.
    """
    width, disparities = costs.shape
    for x in range(width):
        word = left[x]
        cost, column, partner = costs[x], columns[x], right_reversed[width - 1 - x :]
        inside = min(disparities, x + 1)
        for d in range(inside):
            distance = np.uint8(popcount(word ^ partner[d]))
            column[d] += np.int16(np.int16(distance) - np.int16(cost[d]))
            cost[d] = distance
        for d in range(inside, disparities):
            column[d] += np.int16(np.int16(OUTSIDE) - np.int16(cost[d]))
            cost[d] = np.uint8(OUTSIDE)


@nb.njit(cache=True)
def taper_row(columns: NDArray, half: int, slope: NDArray, running: NDArray, aggregated: NDArray) -> None:
    """Sums along the row, weighted 1, 2 .. half .. 2, 1; columns beyond the border repeat the border's.

    ``slope`` and ``running`` ``(D,)`` are scratch space, ``uint16`` as the largest sum must be.
    """
    width, disparities = columns.shape
    slope[:] = 0
    running[:] = 0
    for x in range(1 - half, half):
        column, weight = columns[min(max(x, 0), width - 1)], half - abs(x)
        for d in range(disparities):
            running[d] += weight * column[d]
    for x in range(1, half + 1):
        column = columns[min(x, width - 1)]
        for d in range(disparities):
            slope[d] += column[d] - columns[0, d]
    for x in range(width):
        entering, middle = columns[min(x + half + 1, width - 1)], columns[min(x + 1, width - 1)]
        leaving, total = columns[max(x + 1 - half, 0)], aggregated[x]
        for d in range(disparities):
            total[d] = np.float32(running[d])
            running[d] += slope[d]
            slope[d] += entering[d] - 2 * middle[d] + leaving[d]


@nb.njit(cache=True)
def scanline_pass(
    aggregated: NDArray,
    optimised: NDArray,
    path: NDArray,
    fresh: NDArray,
    step: float,
    jump: float,
    backwards: bool,
) -> None:
    """Path costs of one direction (Hirschmueller 2008, one path, minimum subtracted).

    Forwards they start ``optimised``, less the aggregated costs that both directions hold; backwards they are
    added. ``path`` ``(D + 2,)`` and ``fresh`` ``(D,)`` are scratch space.
    """
    width, disparities = aggregated.shape
    step32 = np.float32(step)
    jump32 = np.float32(jump)
    bits = fresh.view(np.int32)
    path[:] = 0
    path[0] = HUGE
    path[disparities + 1] = HUGE
    least = np.float32(0)
    for i in range(width):
        x = width - 1 - i if backwards else i
        cost, total = aggregated[x], optimised[x]
        jumped = least + jump32
        for d in range(disparities):
            stepped = min(path[d], path[d + 2]) + step32
            fresh[d] = cost[d] + (min(min(path[d + 1], stepped), jumped) - least)
        least = float_of(lowest(bits))
        if backwards:
            for d in range(disparities):
                path[d + 1] = fresh[d]
                total[d] += fresh[d]
        else:
            for d in range(disparities):
                path[d + 1] = fresh[d]
                total[d] = fresh[d] - cost[d]


@nb.njit(cache=True)
def best_disparities(
    optimised: NDArray, best_left: NDArray, best_right: NDArray, right_costs: NDArray
) -> None:
    """Winner of every left pixel, and of every right pixel by the same costs read diagonally.

    ``best_right`` and its scratch space ``right_costs`` are reversed, as in `replace_row`.
    """
    width, disparities = optimised.shape
    right_costs[:] = HUGE
    bits = optimised.view(np.int32)
    for x in range(width):
        left = bits[x]
        least = lowest(left)
        winner = np.int32(disparities)
        for d in range(disparities):
            winner = min(winner, np.int32(d) if left[d] == least else np.int32(disparities))
        best_left[x] = winner
        inside = min(disparities, x + 1)
        start = width - 1 - x
        cost = optimised[x]
        right_cost, right_winner = right_costs[start : start + inside], best_right[start : start + inside]
        for d in range(inside):
            here, before = cost[d], right_cost[d]
            right_winner[d] = np.int32(d) if here < before else right_winner[d]
            right_cost[d] = min(here, before)
