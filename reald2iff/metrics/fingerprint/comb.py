"""The comb: a sensor that quantises disparity to 1/q px gives values whose phases at q agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.features import Statistic, spread
from reald2iff.metrics.fingerprint.view import View

COMB_STEPS = (32, 16)

_MAX_DISPARITY = 12.75
"""Of a D435 at 1.5 m: nearer, rounding to millimetres hides steps of 1/32 px."""

_MIN_PIXELS = 2000


def measure_comb(view: View) -> NDArray[np.float64]:
    """``(2,)``: ``|mean exp(2 pi i d q)|`` for each q of `COMB_STEPS`; 1 = all are multiples of 1/q px.

    NaN with too few far pixels.
    """
    far = view.disparity[view.valid & (view.disparity < _MAX_DISPARITY)].astype(np.float64)
    if far.size < _MIN_PIXELS:
        return np.full(len(COMB_STEPS), np.nan)
    # Single precision is enough for the phase and twice as fast, once the whole turns are gone.
    return np.array([abs(np.exp(2j * np.pi * _fraction(far * q)).mean()) for q in COMB_STEPS])


def _fraction(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return (values - np.floor(values)).astype(np.float32)


def summarise_comb(frames: Sequence[NDArray[np.float64]]) -> dict[str, Statistic | None]:
    """Features of all frames."""
    values = np.stack(frames)
    return {f"comb_{q}": spread(values[:, index]) for index, q in enumerate(COMB_STEPS)}
