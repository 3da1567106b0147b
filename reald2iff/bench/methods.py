"""The rows of the realism benchmark: ways to get from clean depth to depth like the sensor's."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import PairedFrames, SensorStatistics, as_published, training_statistics
from reald2iff.bench.report import Timing
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors import D435Twin, GaussianNoise, KinectNoise, PerlinNoise

Apply = Callable[
    [NDArray[np.float32], PinholeIntrinsics, np.random.Generator],
    NDArray[np.float32],
]

METHODS = ("identity", "gaussian", "perlin", "kinect", "twin", "twin_redrawn", "coarse", "coarse_fine")
"""All rows, in order."""

REDRAWN = "twin_redrawn"
_LEARNED = ("coarse", "coarse_fine")


@dataclass(frozen=True)
class Method:
    """A row.

    Attributes:
        name: One of `METHODS`.
        description: What stands behind it, with its parameters.
        apply: From clean depth (m), intrinsics and a generator to noisy depth; None for draws that are stored
            with the data set.
    """

    name: str
    description: str
    apply: Apply | None


def build_methods(
    names: Sequence[str], folder: Path, weights: str = "default", device: str = "auto"
) -> list[Method]:
    """Make methods ready to run.

    The analytic models get the spread and hole share that the sensor has on the training scenes where they
    have a parameter for it, so that only the structure of their noise is judged.

    Args:
        names: Of `METHODS`.
        folder: Pair data set whose training views they are fitted to.
        weights: Of the diffusion model.
        device: It runs on.

    Raises:
        InvalidParameterError: for an unknown name.
        WeightsError: if the diffusion model is asked for and cannot be loaded.
        DatasetError: if there are no training views to fit to.
    """
    for name in names:
        if name not in METHODS:
            raise InvalidParameterError(f"method {name!r}: expected one of {', '.join(METHODS)}")
    # Loaded first: a user without weights should know before the rest has run for minutes.
    learned = _learned(names, weights, device)
    fitted: SensorStatistics | None = None
    methods = []
    for name in names:
        if name in _LEARNED:
            methods.append(learned[name])
        elif name in ("gaussian", "perlin"):
            fitted = fitted or training_statistics(folder)
            methods.append(_fitted(name, fitted))
        elif name == "identity":
            methods.append(Method(name, "clean depth", lambda depth, intrinsics, rng: depth))
        elif name == "kinect":
            methods.append(Method(name, "Kinect noise, default parameters", KinectNoise().apply))
        elif name == "twin":
            twin = D435Twin()
            methods.append(
                Method(name, "D435 twin on the one depth image: other views warped from it", twin.apply)
            )
        else:
            methods.append(Method(name, "the reference sensed again: other noise and materials", None))
    return methods


def _fitted(name: str, sensor: SensorStatistics) -> Method:
    if name == "gaussian":
        gaussian = GaussianNoise(subpixel_std=sensor.spread, dropout=sensor.hole_ratio)
        return Method(
            name,
            f"Gaussian noise of {sensor.spread:.3f} px of disparity, {sensor.hole_ratio:.1%} lost",
            gaussian.apply,
        )
    perlin = PerlinNoise(noise_std=sensor.spread, hole_share=sensor.hole_ratio)
    return Method(
        name,
        f"Perlin noise of {sensor.spread:.3f} px of disparity, {sensor.hole_ratio:.1%} holes",
        perlin.apply,
    )


def _learned(names: Sequence[str], weights: str, device: str) -> dict[str, Method]:
    if not set(names) & set(_LEARNED):
        return {}
    from reald2iff.diffusion import load_realism

    both = load_realism(weights, device)
    coarse = both.with_steps(None, 0)
    return {
        "coarse": Method("coarse", f"RealD2iff, coarse stage only ({both.device})", coarse.apply),
        "coarse_fine": Method("coarse_fine", f"RealD2iff, both stages ({both.device})", both.apply),
    }


def run_method(
    method: Method, frames: PairedFrames, seed: int, advance: Callable[[], None]
) -> tuple[NDArray[np.float32], Timing | None]:
    """Noisy disparity of every frame.

    Args:
        method: To run.
        frames: Clean depth and, for the redraw, its result.
        seed: Each frame draws from a generator of (seed, method, frame).
        advance: Called after each frame.

    Returns:
        ``(N, H, W) float32`` px, 0 = invalid, and the time of a frame (None for stored draws).
    """
    if method.apply is None:
        return frames.redrawn, None
    key = zlib.crc32(method.name.encode())
    generated = np.empty_like(frames.clean)
    seconds = []
    # Compilation and caches belong to the first frame of a session, not to the time of a frame.
    method.apply(frames.clean_depth(0), frames.intrinsics(0), np.random.default_rng(0))
    for index in range(len(frames)):
        depth, intrinsics = frames.clean_depth(index), frames.intrinsics(index)
        rng = np.random.default_rng([seed, key, index])
        start = time.perf_counter()
        noisy = method.apply(depth, intrinsics, rng)
        seconds.append(time.perf_counter() - start)
        generated[index] = as_published(noisy, intrinsics.fx, frames.baseline)
        advance()
    return generated, Timing.of(seconds)
