"""The classifier's verdict on real frames against frames noised again, and its check of itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.parallel import in_parallel
from reald2iff.bench.self_check import SelfCheck
from reald2iff.bench.unpaired_frames import CleanedRecording
from reald2iff.bench.unpaired_split import Split
from reald2iff.metrics.two_sample import PATCH_16, PATCH_64, TwoSampleConfig, two_sample_test

CLASSIFIERS: dict[str, TwoSampleConfig] = {
    "two_sample_16": replace(PATCH_16, sees_clean=False),
    "two_sample_64": replace(PATCH_64, sees_clean=False),
}
"""Columns of the two-sample test and their classifiers."""

SELF_CHECK = SelfCheck(
    # Recordings of few scenes scatter more than a pair data set.
    "real frames are told from real frames",
    0.6,
    "the cleaned frames are told from the real ones",
    0.9,
    "too few frames, or already filtered ones",
)
"""What real frames, and the cleaned ones, must come out at."""

_SHIFT = 8
"""Rows by which real frames are moved to be compared with themselves: other places at the same level."""


Verdict = dict[str, dict[str, Any]]
"""Of every classifier, `TwoSampleResult.as_dict`: the columns of a row."""


def judge(frames: CleanedRecording, generated: NDArray[np.float32], split: Split) -> Verdict:
    """Can ``generated`` disparity ``(N, H, W)``, px, be told from the real frames? By every classifier."""
    return _judge(frames.clean, frames.real, generated, frames.segment, split)


def judge_shifted(frames: CleanedRecording, split: Split) -> Verdict:
    """The same for real frames against themselves some rows further down: other places, the same sensor.

    Above chance, it finds something else than the sensor's noise: content that stands on both sides of the
    split, or too few scenes to say anything.
    """
    real = frames.real
    return _judge(frames.clean[:, _SHIFT:], real[:, :-_SHIFT], real[:, _SHIFT:], frames.segment, split)


def _judge(
    clean: NDArray[np.float32],
    real: NDArray[np.float32],
    generated: NDArray[np.float32],
    segment: NDArray[np.intp],
    split: Split,
) -> Verdict:
    unknown = clean == 0
    # Where the clean side is unknown neither side may say anything.
    real, generated = (np.where(unknown, np.float32(0), side) for side in (real, generated))
    jobs = {
        name: partial(two_sample_test, clean, real, generated, segment, config, split.folds)
        for name, config in CLASSIFIERS.items()
    }
    return {name: result.as_dict() for name, result in in_parallel(jobs).items()}
