"""Independent Gaussian noise: what a stereo triangulation error looks like to first order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, sanitize_depth
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input, require_within


@dataclass(frozen=True)
class GaussianNoise(NoiseModel):
    """Axial noise of ``constant_std + z^2 * subpixel_std / (fx * baseline)`` metres, pixel by pixel."""

    name: ClassVar[str] = "gaussian"

    subpixel_std: float = 0.08
    """Matching error (px of disparity); 0 leaves only the constant part."""
    constant_std: float = 0.0
    """Noise that does not grow with distance (m)."""
    baseline: float = D435_BASELINE
    """Of the stereo camera (m)."""
    dropout: float = 0.0
    """Probability that a pixel is lost."""

    def __post_init__(self) -> None:
        require_within(self, 0, 100, "subpixel_std")
        require_within(self, 0, 10, "constant_std")
        require_within(self, 1e-3, 10, "baseline")
        require_within(self, 0, 1, "dropout")

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`."""
        clean = clean_input(depth, intrinsics)
        growth = np.float32(self.subpixel_std / (intrinsics.fx * self.baseline))
        std = np.float32(self.constant_std) + growth * np.square(clean)
        noisy = clean + std * rng.standard_normal(clean.shape, dtype=np.float32)
        lost = rng.random(clean.shape, dtype=np.float32) < self.dropout
        return sanitize_depth(np.where((clean > 0) & ~lost, noisy, np.float32(0)))
