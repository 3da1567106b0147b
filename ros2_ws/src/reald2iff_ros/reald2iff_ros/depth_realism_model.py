"""The depth model inside the realism node: the diffusion model or one of the analytic noise models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff.sensors.setting import SensorSetting

DIFFUSION = "reald2iff"
DEVICES = ("auto", "cpu", "cuda", "openvino")


@dataclass(frozen=True)
class ModelConfig:
    """What to load.

    Attributes:
        name: ``reald2iff`` or a name in `reald2iff.sensors.NOISE_MODELS`.
        weights: Folder of weights of the diffusion model; empty = the ones that come with the project.
        device: One of `DEVICES`; the analytic models always run on the CPU.
        coarse_steps: Network calls of the coarse stage; -1 = the weights' default.
        fine_steps: Network calls of the fine stage; 0 = none (coarse only), -1 = the weights' default.
        strength: How bad the sensor's noise is, 1 = as fitted.
        preset: RealSense visual preset.

    Raises:
        InvalidParameterError: for an unknown device or preset, or a number out of range.
    """

    name: str = DIFFUSION
    weights: str = ""
    device: str = "auto"
    coarse_steps: int = -1
    fine_steps: int = -1
    strength: float = 1.0
    preset: str = "default"

    def __post_init__(self) -> None:
        self.setting()
        if self.device not in DEVICES:
            raise InvalidParameterError(f"device {self.device!r}: expected one of {', '.join(DEVICES)}")
        if self.coarse_steps == 0 or self.coarse_steps < -1:
            raise InvalidParameterError(
                f"coarse_steps {self.coarse_steps}: expected at least 1, or -1 (default)"
            )
        if self.fine_steps < -1:
            raise InvalidParameterError(f"fine_steps {self.fine_steps}: expected at least 0, or -1 (default)")

    def setting(self) -> SensorSetting:
        """How noisy a unit, and its preset."""
        return SensorSetting(self.strength, self.preset)


@dataclass(frozen=True)
class RealisticDepth:
    """What a model made of a frame.

    Attributes:
        depth: ``(H, W) float32`` metres, 0 = invalid.
        discrepancy: ``(H, W) float32`` in [0, 1], or None from a model that has no such map.
    """

    depth: NDArray[np.float32]
    discrepancy: NDArray[np.float32] | None


class DepthModel:
    """A loaded model.

    Args:
        config: What to load.

    Attributes:
        config: What was loaded.

    Raises:
        InvalidParameterError: for an unknown model.
        WeightsError: if the weights are missing or do not fit.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config
        self._model = _load(config)

    @property
    def device(self) -> str:
        """Where it runs."""
        return str(getattr(self._model, "device", "cpu"))

    def with_steps(self, coarse_steps: int, fine_steps: int) -> DepthModel:
        """The same model with other numbers of steps; analytic models ignore them. Loads nothing."""
        changed = object.__new__(DepthModel)
        changed.config = replace(self.config, coarse_steps=coarse_steps, fine_steps=fine_steps)
        changed._model = self._model
        if self.config.name == DIFFUSION:
            changed._model = self._model.with_steps(_steps(coarse_steps), _steps(fine_steps))
        return changed

    def __call__(
        self,
        depth: NDArray[np.float32],
        intrinsics: PinholeIntrinsics,
        rng: np.random.Generator,
        sequence: int = 0,
    ) -> RealisticDepth:
        """Realistic depth of clean depth ``(H, W)`` in metres, 0 = invalid; the same for the same ``rng``.

        Frames of one ``sequence`` share what stays in a sensor's stream: materials, holes, its own error.
        """
        model = self._model.for_sequence(sequence)
        if self.config.name == DIFFUSION:
            output = model(depth, intrinsics, rng)
            return RealisticDepth(output.depth, output.discrepancy)
        return RealisticDepth(model.apply(depth, intrinsics, rng), None)

    def warm_up(self) -> None:
        """Run once on a flat 640x480 frame, so that the first real frame does not pay for compilation."""
        flat = np.full((D435_DEPTH.height, D435_DEPTH.width), 1.0, np.float32)
        self(flat, D435_DEPTH, np.random.default_rng(0))


def _steps(steps: int) -> int | None:
    return None if steps < 0 else steps


def _load(config: ModelConfig) -> Any:
    from reald2iff.noise_models import load_noise_model

    return load_noise_model(
        config.name,
        config.weights or "default",
        config.device,
        _steps(config.coarse_steps),
        _steps(config.fine_steps),
        config.setting(),
    )
