"""The left border band: columns the right imager does not see, where a stereo camera has no depth.

On a D435 a row's depth begins at column ``disparity + 7 px``: the band's excess is what is beyond the
disparity. Native frames only: registration into the colour camera crops the band away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.features import Statistic, pooled, spread
from reald2iff.metrics.fingerprint.view import View

_MAX_COLUMN = 150
"""Rows that begin further right begin with a hole of the scene, not with the border."""

_MIN_STEP = 1.5
"""Pairs of rows tell a slope where their disparities differ by so much, px."""

_PAIRS = 4000
_MIN_PAIRS = 50


def border_rows(view: View) -> NDArray[np.float64]:
    """``(N, 2)``: first column of each row's depth, and its disparity there (px)."""
    rows = np.stack([view.first_columns, view.starting_disparities()], axis=1).astype(np.float64)
    return rows[(rows[:, 0] < _MAX_COLUMN) & np.isfinite(rows[:, 1])]


def summarise_border(rows: Sequence[NDArray[np.float64]]) -> dict[str, Statistic | None]:
    """Features of the rows of all frames."""
    column, disparity = np.concatenate(rows).T
    return {
        "border_excess": spread(column - disparity),
        "border_slope": pooled(_theil_slope(disparity, column), column.size),
    }


def _theil_slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Median slope over random pairs of points: robust against rows that begin with something else."""
    if x.size == 0:
        return float("nan")
    first, second = np.random.default_rng(0).integers(0, x.size, (2, _PAIRS))
    step = x[first] - x[second]
    wide = np.abs(step) > _MIN_STEP
    if wide.sum() < _MIN_PAIRS:
        return float("nan")
    return float(np.median((y[first] - y[second])[wide] / step[wide]))
