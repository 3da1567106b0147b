"""The noise model on a command line, the same for every command that makes depth realistic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reald2iff.errors import InvalidParameterError
from reald2iff.noise_models import DIFFUSION, load_noise_model
from reald2iff.sensors import D435Twin, NoiseModel
from reald2iff.sensors.setting import SensorSetting


@dataclass(frozen=True, kw_only=True)
class NoiseModelOptions:
    """Which noise model, and how it is set; base of the options of a command."""

    model: str = DIFFUSION
    """reald2iff, or an analytic noise model: gaussian, perlin, kinect, isaac,
    active_randomisation, d435_twin."""
    profile: str | None = None
    """Camera that d435_twin is: d435 (the default), d435_registered, or a .yaml of `reald2iff calibrate`."""
    weights: str = "default"
    """Weights of reald2iff: "default" or a folder."""
    steps: tuple[int, int] | None = None
    """Network calls of the coarse and of the fine stage of reald2iff, e.g. 2 4; more is slower."""
    device: Literal["auto", "cpu", "cuda", "openvino"] = "auto"
    """What reald2iff runs on."""
    strength: float = 1.0
    """How bad the sensor's noise is (reald2iff, d435_twin): 1 as fitted, 0.5 a clean unit, 2 a bad one."""
    preset: str = "default"
    """RealSense visual preset (reald2iff, d435_twin): default, high_accuracy or high_density."""

    def __post_init__(self) -> None:
        SensorSetting(self.strength, self.preset)  # checks both
        if self.profile is not None and self.model != D435Twin.name:
            raise InvalidParameterError(f"--profile is for the model {D435Twin.name}: {self.model} has none")
        if self.steps is not None and self.model != DIFFUSION:
            raise InvalidParameterError(f"--steps is for the model {DIFFUSION}: {self.model} has none")

    def load(self) -> NoiseModel:
        """The model.

        Raises:
            InvalidParameterError: for an unknown model, profile, device or number of steps.
            DatasetError: for a profile that cannot be read.
            WeightsError: if the weights of reald2iff cannot be loaded.
        """
        coarse, fine = self.steps or (None, None)
        setting = SensorSetting(self.strength, self.preset)
        return load_noise_model(self.model, self.weights, self.device, coarse, fine, setting, self.profile)
