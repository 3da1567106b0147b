"""The analytic models with parameters drawn anew for every frame.

RealD2iff compares itself with active domain randomisation (Mehta et al., CoRL 2020) and gives no constants.
There a sampler is trained to draw simulations that tell most about the target. Here the target's statistics
are known: the parameters that reproduce them are the centre, and every frame is drawn around it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input, require_within
from reald2iff.sensors.gaussian import GaussianNoise
from reald2iff.sensors.isaac import IsaacNoise
from reald2iff.sensors.kinect import KinectNoise
from reald2iff.sensors.perlin import PerlinNoise

_DRAWN: dict[str, dict[str, tuple[float, float]]] = {
    "gaussian": {"subpixel_std": (0, 100), "dropout": (0, 0.5)},
    "perlin": {"noise_std": (0, 100), "cell": (4, 256), "hole_share": (0, 0.5), "hole_cell": (4, 256)},
    "kinect": {"shift_std": (0, 5), "inlier_distance": (0.01, 1)},
    "isaac": {"noise_step": (0, 4), "noise_sigma": (0, 100)},
}
"""Parameters drawn for each model, and the limits they are held to."""


@dataclass(frozen=True)
class ActiveRandomisation(NoiseModel):
    """Each frame is made by one of the models, all of equal chance, with parameters of its own."""

    name: ClassVar[str] = "active_randomisation"

    gaussian: GaussianNoise = field(default_factory=GaussianNoise)
    perlin: PerlinNoise = field(default_factory=PerlinNoise)
    kinect: KinectNoise = field(default_factory=KinectNoise)
    isaac: IsaacNoise = field(default_factory=IsaacNoise)
    spread: float = 0.5
    """Standard deviation of the logarithm of each parameter's factor; 0 leaves them as they are."""

    def __post_init__(self) -> None:
        require_within(self, 0, 3, "spread")

    def draw(self, rng: np.random.Generator) -> NoiseModel:
        """The model of one frame, or of one sequence."""
        centre: Any = getattr(self, list(_DRAWN)[rng.integers(len(_DRAWN))])
        drawn = {}
        for parameter, (low, high) in _DRAWN[centre.name].items():
            factor = np.exp(self.spread * rng.normal())
            drawn[parameter] = float(np.clip(getattr(centre, parameter) * factor, low, high))
        return replace(centre, **drawn)

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`."""
        return self.draw(rng).apply(clean_input(depth, intrinsics), intrinsics, rng)

    def for_sequence(self, seed: int) -> NoiseModel:
        """One drawn model for all frames; see `NoiseModel.for_sequence`."""
        return self.draw(np.random.default_rng(seed))
