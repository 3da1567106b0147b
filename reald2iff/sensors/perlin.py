"""Perlin noise: smooth disparity errors and blob-shaped holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, depth_to_disparity, disparity_to_depth
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input, require_within

_UNIT_VARIANCE = 4.64
"""Gradient noise of unit gradients has a standard deviation of 0.2155."""


def perlin_field(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Gradient noise (Perlin 1985 with the 2002 fade curve), about unit variance.

    Args:
        shape: ``(H, W)``.
        cell: Edge of a lattice cell (px).
        rng: Draws the lattice's gradients and its displacement.

    Returns:
        ``(H, W) float32``.
    """
    shift_y, shift_x = rng.uniform(0, 1, 2)
    y = np.arange(shape[0]) / cell + shift_y
    x = np.arange(shape[1]) / cell + shift_x
    angle = rng.uniform(0, 2 * np.pi, (int(y[-1]) + 2, int(x[-1]) + 2))
    gradients = np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    row, column = y.astype(int)[:, None], x.astype(int)[None, :]
    v, u = (y % 1).astype(np.float32)[:, None], (x % 1).astype(np.float32)[None, :]

    def corner(j: int, i: int) -> NDArray[np.float32]:
        gx, gy = gradients[:, row + j, column + i]
        return gx * (u - i) + gy * (v - j)

    fade_u, fade_v = (t**3 * (t * (t * 6 - 15) + 10) for t in (u, v))
    top = corner(0, 0) + fade_u * (corner(0, 1) - corner(0, 0))
    bottom = corner(1, 0) + fade_u * (corner(1, 1) - corner(1, 0))
    return (top + fade_v * (bottom - top)) * np.float32(_UNIT_VARIANCE)


def fractal_field(
    shape: tuple[int, int], cell: float, octaves: int, persistence: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Sum of Perlin fields, each of half the cell and ``persistence`` times the weight of the one before.

    Returns:
        ``(H, W) float32`` of about unit variance.
    """
    weights = persistence ** np.arange(octaves)
    total = np.zeros(shape, np.float32)
    for octave, weight in enumerate(weights / np.linalg.norm(weights)):
        total += np.float32(weight) * perlin_field(shape, cell / 2**octave, rng)
    return total


@dataclass(frozen=True)
class PerlinNoise(NoiseModel):
    """Fractal Perlin noise on disparity, and holes where a second field is highest."""

    name: ClassVar[str] = "perlin"

    noise_std: float = 0.25
    """Of the disparity error (px)."""
    cell: float = 32.0
    """Lattice cell of the coarsest octave of the error (px)."""
    octaves: int = 4
    persistence: float = 0.5
    """Weight of each octave relative to the coarser one."""
    hole_share: float = 0.035
    """Share of the image that becomes holes."""
    hole_cell: float = 24.0
    """Lattice cell of the coarsest octave of the hole field (px)."""
    baseline: float = D435_BASELINE
    """Of the stereo camera (m)."""

    def __post_init__(self) -> None:
        require_within(self, 0, 100, "noise_std")
        require_within(self, 2, 10000, "cell", "hole_cell")
        require_within(self, 1, 12, "octaves")
        require_within(self, 0, 1, "persistence", "hole_share")
        require_within(self, 1e-3, 10, "baseline")

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`."""
        clean = clean_input(depth, intrinsics)
        shape = (clean.shape[0], clean.shape[1])
        error = fractal_field(shape, self.cell, self.octaves, self.persistence, rng)
        holes = fractal_field(shape, self.hole_cell, self.octaves, self.persistence, rng)
        disparity = depth_to_disparity(clean, intrinsics.fx, self.baseline)
        disparity += np.float32(self.noise_std) * error
        if self.hole_share > 0:
            disparity[holes >= np.quantile(holes, 1 - self.hole_share)] = 0
        noisy = disparity_to_depth(disparity, intrinsics.fx, self.baseline)
        return np.where(clean > 0, noisy, np.float32(0))
