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


_MISMATCH = 0.01
"""fx * baseline of a listed camera may be wrong by this share."""

_GRID = 1e-4
"""Phases turn by a 25th from one trial to the next at the farthest end of the comb."""

_CLEAR = 0.9
"""Agreement of a comb that is really there."""

_SAMPLE = 50_000
"""Pixels that are plenty for a mean."""


def comb_scale(frames: Sequence[NDArray[np.float32]]) -> float:
    """Factor that puts disparities on the sensor's comb of 1/32 px.

    A camera quantises the disparity that it measures; that made from its depth with a listed focal length and
    baseline, both rounded, is off by this factor, and its comb with it.

    Args:
        frames: ``(H, W)`` disparity in px of the sensor's own stream, 0 = invalid.

    Returns:
        1 where no comb shows: too few far pixels, depth that was resampled.
    """
    far = np.concatenate([frame[(frame > 0) & (frame < _MAX_DISPARITY)] for frame in frames])
    if far.size < _MIN_PIXELS:
        return 1.0
    turns = far[:: -(-far.size // _SAMPLE)].astype(np.float64) * COMB_STEPS[0]
    scales = 1 + np.arange(-_MISMATCH, _MISMATCH + _GRID / 2, _GRID)
    best = scales[np.argmax([_agreement(turns * scale) for scale in scales])]
    fine = best + np.linspace(-_GRID, _GRID, 41)
    agreements = [_agreement(turns * scale) for scale in fine]
    return float(fine[np.argmax(agreements)]) if max(agreements) >= _CLEAR else 1.0


def measure_comb(view: View) -> NDArray[np.float64]:
    """``(2,)``: ``|mean exp(2 pi i d q)|`` for each q of `COMB_STEPS`; 1 = all are multiples of 1/q px.

    NaN with too few far pixels.
    """
    far = view.disparity[view.valid & (view.disparity < _MAX_DISPARITY)].astype(np.float64)
    if far.size < _MIN_PIXELS:
        return np.full(len(COMB_STEPS), np.nan)
    return np.array([_agreement(far * q) for q in COMB_STEPS])


def _agreement(turns: NDArray[np.float64]) -> float:
    # Single precision is enough for the phase and twice as fast, once the whole turns are gone.
    phase = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
    return float(np.hypot(np.cos(phase).mean(dtype=np.float64), np.sin(phase).mean(dtype=np.float64)))


def summarise_comb(frames: Sequence[NDArray[np.float64]]) -> dict[str, Statistic | None]:
    """Features of all frames."""
    values = np.stack(frames)
    return {f"comb_{q}": spread(values[:, index]) for index, q in enumerate(COMB_STEPS)}
