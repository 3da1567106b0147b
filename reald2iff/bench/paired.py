"""Paired part of the realism benchmark: every method against the sensor on the same held-out views."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.evaluation import SELF_CHECK, PairedEvaluation
from reald2iff.bench.frames import PairedFrames
from reald2iff.bench.methods import IDENTITY, REDRAWN, Apply, Method
from reald2iff.bench.progress import Step
from reald2iff.bench.report import Timing
from reald2iff.bench.work import Work, array_key, key_of, program_key
from reald2iff.geometry import depth_to_disparity, meters_to_millimeters, millimeters_to_meters

CHECK_STEPS = 2
ROW_STEPS = 2


@dataclass
class PairedResult:
    """What was measured.

    Attributes:
        self_check: Two-sample figures by row and classifier of the measurement's check of itself.
        problems: What the check found wrong, in words; then there are no rows.
        rows: One a method, columns as `reald2iff.bench.evaluation` has them.
        sensor: The reference's own statistics.
        shown: ``(S, H, W) float32`` disparity by method of the views asked for, px, 0 = invalid.
    """

    self_check: dict[str, Any]
    problems: list[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    sensor: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def paired_work_key(evaluation: PairedEvaluation, seed: int) -> str:
    """What every entry of a work folder depends on: the program, its classifiers, the views and the seed."""
    frames = evaluation.frames
    classifiers = {name: asdict(config) for name, config in evaluation.classifiers.items()}
    data = array_key(frames.clean, frames.sensor, frames.redrawn, frames.scene, frames.focal_baseline)
    return key_of(program_key(), classifiers, data, seed)


def measure_paired(
    evaluation: PairedEvaluation,
    methods: Sequence[Method],
    work: Work,
    seed: int,
    step: Step,
    show: Sequence[int] = (),
) -> PairedResult:
    """Check the measurement, then measure the methods in order.

    The check comes first and in every run: the redrawn sensor and clean depth are judged whatever rows are
    asked for. If it fails nothing else runs.

    Args:
        evaluation: Of held-out views.
        methods: Rows.
        work: Keeps what is finished; its key is `paired_work_key`.
        seed: Of the methods' noise.
        step: Progress, in `CHECK_STEPS` and `ROW_STEPS` a method.
        show: Views whose generated frames are wanted for pictures.
    """
    frames = evaluation.frames
    start = time.monotonic()
    check = {
        REDRAWN: _two_sample("check: sensor redrawn", frames.redrawn, evaluation, work, step),
        IDENTITY: _two_sample("check: clean depth", frames.published_clean(), evaluation, work, step),
    }
    problems = SELF_CHECK.problems(check[REDRAWN], check[IDENTITY])
    result = PairedResult(check, problems)
    if problems:
        return result
    result.sensor = evaluation.sensor()
    spent = (time.monotonic() - start) / len(check)
    if spent > 1:
        step(f"check passed; about {spent:.0f} s of classifiers a row", 0)
    for method in methods:
        row, generated = _row(method, evaluation, check.get(method.name), work, seed, step)
        result.rows.append(row)
        result.shown[method.name] = generated[list(show)]
    return result


def _two_sample(
    text: str, generated: NDArray[np.float32], evaluation: PairedEvaluation, work: Work, step: Step
) -> dict[str, Any]:
    step(f"{text}: training classifiers (minutes)", 0)
    kept = work.figures("check", text)
    if kept is None:
        kept = {name: result.as_dict() for name, result in evaluation.two_sample(generated).items()}
        work.keep_figures("check", text, kept)
    step(f"{text}: judged", 1)
    return kept


def _row(
    method: Method,
    evaluation: PairedEvaluation,
    known: dict[str, Any] | None,
    work: Work,
    seed: int,
    step: Step,
) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Figures and frames of a method; ``known`` are its two-sample figures if they are there already."""
    frames = evaluation.frames
    generated, spent = run_method(method, frames, work, seed, step)
    row = work.figures(method.name, method.version)
    if row is None:
        if known is None:
            step(f"{method.name}: training classifiers", 0)
            known = {name: result.as_dict() for name, result in evaluation.two_sample(generated).items()}
        step(f"{method.name}: other figures", 0.7)
        row = {
            "method": method.name,
            "description": method.description,
            **known,
            **evaluation.statistics(generated),
            "ms_per_frame": None if spent is None else spent.median_ms,
            "ms_per_frame_iqr": None if spent is None else spent.iqr_ms,
            "ms_per_frame_p95": None if spent is None else spent.p95_ms,
        }
        work.keep_figures(method.name, method.version, row)
        step(f"{method.name}: done", 0.3)
    else:
        step(f"{method.name}: done in an earlier run", 1)
    return row, generated


def run_method(
    method: Method, frames: PairedFrames, work: Work, seed: int, step: Step
) -> tuple[NDArray[np.float32], Timing | None]:
    """Noisy disparity of every frame, as published in whole millimetres.

    Args:
        method: To run.
        frames: Clean depth and, for the redraw, its result.
        work: Frames are taken from and given to it.
        seed: Each frame draws from a generator of (seed, method, frame).
        step: Progress; together one step.

    Returns:
        ``(N, H, W) float32`` px, 0 = invalid, and the time of a frame (None for stored draws).
    """
    if method.apply is None:
        step(f"{method.name}: frames", 1)
        return frames.redrawn, None
    kept = work.frames(method.name, method.version)
    if kept is None:
        kept = _generate(method, method.apply, frames, seed, step)
        work.keep_frames(method.name, method.version, *kept)
    else:
        step(f"{method.name}: frames of an earlier run", 1)
    millimeters, seconds = kept
    generated = np.empty_like(frames.clean)
    for index, image in enumerate(millimeters):
        fx = frames.intrinsics(index).fx
        generated[index] = depth_to_disparity(millimeters_to_meters(image), fx, frames.baseline)
    return generated, Timing.of(seconds)


def _generate(
    method: Method, apply: Apply, frames: PairedFrames, seed: int, step: Step
) -> tuple[NDArray[np.uint16], list[float]]:
    """Depth in millimetres of every frame, and the seconds that each took."""
    millimeters = np.empty(frames.clean.shape, dtype=np.uint16)
    seconds = []
    step(f"{method.name}: frames", 0)
    # Compilation and caches belong to the first frame of a session, not to the time of a frame.
    apply(frames.clean_depth(0), frames.intrinsics(0), np.random.default_rng(0))
    for index in range(len(frames)):
        depth, intrinsics = frames.clean_depth(index), frames.intrinsics(index)
        start = time.perf_counter()
        noisy = apply(depth, intrinsics, method.generator(seed, index))
        seconds.append(time.perf_counter() - start)
        millimeters[index] = meters_to_millimeters(noisy)
        step(f"{method.name}: frames", 1 / len(frames))
    return millimeters, seconds
