"""How a user sets a simulated D435: how noisy its unit is, and the visual preset of its depth chip."""

from __future__ import annotations

from dataclasses import dataclass

from reald2iff.errors import InvalidParameterError

PRESETS: dict[str, float] = {"high_accuracy": -1.0, "default": 0.0, "high_density": 1.0}
"""Visual presets of the RealSense driver, as the density that the networks are told: strict confidence tests
leave few wrong depths and many holes, loose ones the opposite."""

MAX_STRENGTH = 2.0
"""Strengths from 1 / this to this are covered by the training pairs."""


@dataclass(frozen=True)
class SensorSetting:
    """What the depth models can be asked for beside the depth itself."""

    strength: float = 1.0
    """How bad the sensor's noise is: 1 as fitted, 0.5 a clean unit in good light, 2 a bad one."""
    preset: str = "default"
    """RealSense visual preset: default, high_accuracy or high_density."""

    def __post_init__(self) -> None:
        if not 1 / MAX_STRENGTH <= self.strength <= MAX_STRENGTH:
            raise InvalidParameterError(
                f"strength = {self.strength}: expected {1 / MAX_STRENGTH:g} to {MAX_STRENGTH:g}"
            )
        if self.preset not in PRESETS:
            raise InvalidParameterError(f"preset {self.preset!r}: expected one of {', '.join(PRESETS)}")

    @property
    def density(self) -> float:
        """The preset as a number, see `PRESETS`."""
        return PRESETS[self.preset]
