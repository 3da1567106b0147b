"""Real frames' cleaned sides noised again, kept in a work folder so that an interrupted run continues."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.methods import Method
from reald2iff.bench.progress import Step
from reald2iff.bench.report import Timing
from reald2iff.bench.unpaired_frames import CleanedRecording
from reald2iff.bench.unpaired_judge import CLASSIFIERS
from reald2iff.bench.work import Work, array_key, key_of, program_key
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import depth_to_disparity, meters_to_millimeters, millimeters_to_meters
from reald2iff.io.recordings import MAX_DEPTH

if TYPE_CHECKING:
    from reald2iff.sensors.profile import Profile


def work_key(frames: CleanedRecording, profile: Profile, seed: int) -> str:
    """What every entry of a work folder depends on."""
    data = array_key(frames.clean, frames.real, frames.segment)
    classifiers = {name: asdict(config) for name, config in CLASSIFIERS.items()}
    return key_of(program_key(), classifiers, data, repr(profile.registration), seed)


def noise_again(
    method: Method, frames: CleanedRecording, work: Work, seed: int, step: Step
) -> tuple[NDArray[np.float32], Timing]:
    """Disparity ``(N, H, W)`` of every frame as published, and the time of a frame.

    Raises:
        InvalidParameterError: for a method that only a pair data set has.
    """
    recording = frames.recording
    kept = work.frames(method.name, method.version)
    if kept is None:
        kept = _noised(method, frames, seed, step)
        work.keep_frames(method.name, method.version, *kept)
    else:
        step(f"{recording.name}: {method.name}: frames of an earlier run", 1)
    millimeters, seconds = kept
    fx, baseline = recording.intrinsics.fx, recording.baseline
    generated = [depth_to_disparity(millimeters_to_meters(image), fx, baseline) for image in millimeters]
    return np.stack(generated), Timing.of(seconds)


def _noised(
    method: Method, frames: CleanedRecording, seed: int, step: Step
) -> tuple[NDArray[np.uint16], list[float]]:
    """Depth of every frame in millimetres, and the seconds that each took."""
    millimeters = np.empty(frames.clean.shape, dtype=np.uint16)
    seconds = []
    if method.apply is None:
        raise InvalidParameterError(f"method {method.name}: expected one that real frames can be noised by")
    for index in range(len(frames)):
        depth = frames.clean_depth(index)
        rng = method.generator(seed, index)
        start = time.perf_counter()
        noisy = method.apply(depth, frames.recording.intrinsics, rng)
        seconds.append(time.perf_counter() - start)
        millimeters[index] = meters_to_millimeters(np.where(noisy <= MAX_DEPTH, noisy, np.float32(0)))
        step(f"{frames.recording.name}: {method.name}: frames", 1 / len(frames))
    return millimeters, seconds
