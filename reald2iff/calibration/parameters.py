"""The twin's parameters that a camera's frames can tell, and the cube that the optimizer searches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import parameter_value

_DIGITS = 4
"""Values are tried and saved with so many significant digits: what was measured is what the file says."""


@dataclass(frozen=True)
class SearchParameter:
    """A parameter of the twin with the range that is searched.

    Attributes:
        path: ``"group.field"`` of `D435Twin`.
        low: Smallest value tried.
        high: Largest value tried.
        log: Steps are ratios, not differences.
    """

    path: str
    low: float
    high: float
    log: bool = True

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise InvalidParameterError(f"{self.path}: range [{self.low}, {self.high}] cannot be searched")

    @property
    def group(self) -> str:
        """The twin's group of parameters that it belongs to."""
        return self.path.partition(".")[0]

    def to_unit(self, value: float) -> float:
        """Place of a value in [0, 1]; values outside the range move to its end."""
        low, high, here = (math.log(v) if self.log else v for v in (self.low, self.high, self._clip(value)))
        return (here - low) / (high - low)

    def from_unit(self, place: float) -> float:
        """Value at a place in [0, 1], rounded to 4 significant digits."""
        low, high = (math.log(v) if self.log else v for v in (self.low, self.high))
        value = low + min(max(place, 0.0), 1.0) * (high - low)
        return self._clip(float(f"{math.exp(value) if self.log else value:.{_DIGITS}g}"))

    def _clip(self, value: float) -> float:
        return min(max(value, self.low), self.high)


EXPOSURE = (
    SearchParameter("infrared.dot_gain", 0.4, 12.0),
    SearchParameter("infrared.texture_contrast", 0.03, 0.7),
    SearchParameter("infrared.point_spread", 0.3, 1.3),
    SearchParameter("infrared.mean_grey", 20.0, 150.0),
    SearchParameter("infrared.read_noise", 0.3, 6.0),
    SearchParameter("materials.dark_share", 0.02, 0.7),
)
"""Read when the infrared images are made: the dearest to try."""

MATCHING = (
    SearchParameter("stereo.jump_penalty", 0.7, 6.0),
    SearchParameter("stereo.second_peak_margin", 0.4, 6.0),
    SearchParameter("stereo.max_cost", 12.0, 30.0, log=False),
    SearchParameter("stereo.min_curvature", 0.01, 0.4),
    SearchParameter("stereo.strictness_spread", 0.03, 0.8),
)
"""Read when they are matched."""

FINISHING = (
    SearchParameter("post.support_share", 0.1, 0.85, log=False),
    SearchParameter("post.lowpass_sigma", 0.6, 3.0),
    SearchParameter("statistics.noise_std", 0.004, 0.15),
    SearchParameter("statistics.noise_far_disparity", 2.0, 20.0),
    SearchParameter("statistics.noise_near_disparity", 12.0, 100.0),
    SearchParameter("statistics.noise_sigma_x", 2.0, 14.0),
    SearchParameter("statistics.noise_sigma_y", 1.5, 10.0),
    SearchParameter("statistics.grain_std", 0.002, 0.06),
    SearchParameter("statistics.noise_fixed_share", 0.0, 0.95, log=False),
    SearchParameter("statistics.speckle_rate", 100.0, 20000.0),
    SearchParameter("statistics.speckle_fixed_share", 0.02, 0.95, log=False),
    SearchParameter("statistics.border_margin", 0.0, 12.0, log=False),
)
"""Read after matching: cheap to try."""


def to_cube(twin: D435Twin, space: Sequence[SearchParameter]) -> NDArray[np.float64]:
    """Where the twin lies in the unit cube of ``space``, ``(len(space),)``."""
    return np.array([p.to_unit(float(parameter_value(twin, p.path))) for p in space])


def from_cube(place: NDArray[np.float64], space: Sequence[SearchParameter]) -> dict[str, float]:
    """Values at a place of the unit cube, ``{"group.field": value}``."""
    return {p.path: p.from_unit(float(x)) for p, x in zip(space, place, strict=True)}
