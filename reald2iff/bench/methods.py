"""The rows of the realism benchmark: ways to get from clean depth to depth like the sensor's."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import SensorStatistics
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors import (
    ActiveRandomisation,
    D435Twin,
    GaussianNoise,
    IsaacNoise,
    KinectNoise,
    NoiseModel,
    PerlinNoise,
)

Apply = Callable[
    [NDArray[np.float32], PinholeIntrinsics, np.random.Generator],
    NDArray[np.float32],
]

REDRAWN = "twin_redrawn"
IDENTITY = "identity"
ANALYTIC = ("gaussian", "perlin", "kinect", "isaac", "active_randomisation")
LEARNED = ("coarse", "coarse_fine")
METHODS = (IDENTITY, *ANALYTIC, "twin", REDRAWN, *LEARNED)
"""All rows, in order."""


@dataclass(frozen=True)
class Method:
    """A row.

    Attributes:
        name: One of `METHODS`.
        description: What stands behind it, with its parameters.
        apply: From clean depth (m), intrinsics and a generator to noisy depth; None for draws that are stored
            with the data set.
        version: What its frames depend on beside the program: parameters, or a hash of the weights.
    """

    name: str
    description: str
    apply: Apply | None
    version: str = ""

    def generator(self, seed: int, frame: int) -> np.random.Generator:
        """Source of the draws of a frame: the same whatever ran before."""
        return np.random.default_rng([seed, zlib.crc32(self.name.encode()), frame])


def build_methods(
    names: Sequence[str],
    fitted: Callable[[], SensorStatistics],
    weights: str = "default",
    device: str = "auto",
    twin: NoiseModel | None = None,
) -> list[Method]:
    """Make methods ready to run.

    The analytic models get the spread and hole share that the sensor has on frames apart from those judged
    where they have a parameter for it, so that only the structure of their noise is judged. Kinect and Isaac
    Sim's noise keep the constants that they are known by; active randomisation draws around the fit of each.

    Args:
        names: Of `METHODS`.
        fitted: Gives what they are fitted to; called only if a method needs it.
        weights: Of the diffusion model.
        device: It runs on.
        twin: The sensor model of row ``twin``; None = the D435 twin as it ships.

    Raises:
        InvalidParameterError: for an unknown name.
        WeightsError: if the diffusion model is asked for and cannot be loaded.
        DatasetError: if there is nothing to fit to.
    """
    for name in names:
        if name not in METHODS:
            raise InvalidParameterError(f"method {name!r}: expected one of {', '.join(METHODS)}")
    # Loaded first: a user without weights should know before the rest has run for minutes.
    learned = _learned(names, weights, device)
    analytic = _analytic(fitted()) if set(names) & set(ANALYTIC) else {}
    others = {
        IDENTITY: Method(IDENTITY, "clean depth", lambda depth, intrinsics, rng: depth),
        "twin": _of_model(
            "twin", "D435 twin on the one depth image: other views warped from it", twin or D435Twin()
        ),
        REDRAWN: Method(REDRAWN, "the reference sensed again: other noise and materials", None),
    }
    found = others | analytic | learned
    return [found[name] for name in names]


def _of_model(name: str, description: str, model: NoiseModel) -> Method:
    return Method(name, description, model.apply, repr(model))


def _analytic(sensor: SensorStatistics) -> dict[str, Method]:
    gaussian = GaussianNoise(subpixel_std=sensor.spread, dropout=sensor.hole_ratio)
    perlin = PerlinNoise(noise_std=sensor.spread, hole_share=sensor.hole_ratio)
    active = ActiveRandomisation(gaussian, perlin, KinectNoise(), fitted_isaac(sensor.spread))
    amount = f"{sensor.spread:.3f} px of disparity, {sensor.hole_ratio:.1%}"
    methods = (
        _of_model("gaussian", f"Gaussian noise of {amount} lost", gaussian),
        _of_model("perlin", f"Perlin noise of {amount} holes", perlin),
        _of_model("kinect", "Kinect noise, default parameters", KinectNoise()),
        _of_model("isaac", "Isaac Sim's disparity noise, its default constants", IsaacNoise()),
        _of_model("active_randomisation", f"one of these per frame, drawn around {amount} lost", active),
    )
    return {method.name: method for method in methods}


def fitted_isaac(spread: float) -> IsaacNoise:
    """Isaac Sim's noise with half of the variance from quantisation and half from its Gaussian.

    Args:
        spread: Standard deviation of the disparity residual, px.
    """
    return IsaacNoise(noise_step=spread * sqrt(6), noise_sigma=spread / sqrt(2))


def _learned(names: Sequence[str], weights: str, device: str) -> dict[str, Method]:
    if not set(names) & set(LEARNED):
        return {}
    from reald2iff.diffusion import load_realism
    from reald2iff.diffusion.realism import DEFAULT_WEIGHTS

    both = load_realism(weights, device)
    coarse = both.with_steps(None, 0)
    version = f"{folder_hash(DEFAULT_WEIGHTS if weights == 'default' else Path(weights))} {both.device}"
    return {
        "coarse": Method("coarse", f"RealD2iff, coarse stage only ({both.device})", coarse.apply, version),
        "coarse_fine": Method("coarse_fine", f"RealD2iff, both stages ({both.device})", both.apply, version),
    }


def folder_hash(folder: Path, pattern: str = "*") -> str:
    """Hash of names and contents of a folder's files, subfolders included."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()
