"""How well the images determine the pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.alignment.linearised import Linearised, robust_weights

Array = NDArray[np.float64]

_TILE = 32  # px: depth noise is alike over a few pixels, and independent from tile to tile


@dataclass(frozen=True)
class Uncertainty:
    """Standard deviations of a pose.

    Attributes:
        covariance: ``(6, 6)`` of the twist (m, rad, camera axes) that leads to the right pose.
    """

    covariance: Array

    @property
    def position(self) -> float:
        """Standard deviation of the position in its worst direction, metres."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[:3, :3])[-1]))

    @property
    def angle(self) -> float:
        """Standard deviation of the rotation about its worst axis, radians."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[3:, 3:])[-1]))


def uncertainty(terms: Sequence[Linearised], scale: float) -> Uncertainty:
    """Sandwich covariance of a robust least-squares pose, with residuals alike within a tile of the image.

    Args:
        terms: Residuals of each view at the pose.
        scale: Of the robust loss (Geman-McClure), pixels.
    """
    normal = np.zeros((6, 6))
    meat = np.zeros((6, 6))
    tiles = 0
    for term in terms:
        weights = robust_weights(term.residual, scale)
        normal += term.jacobian.T @ (weights[:, None] * term.jacobian)
        tile = (term.pixels // _TILE) @ (1 << 16, 1)
        _, index = np.unique(tile, return_inverse=True)
        count = int(index.max(initial=-1)) + 1
        scores = np.zeros((count, 6))
        np.add.at(scores, index.reshape(-1), (weights * term.residual)[:, None] * term.jacobian)
        meat += scores.T @ scores
        tiles += count
    inverse = np.linalg.inv(normal + 1e-9 * np.eye(6))
    return Uncertainty(inverse @ meat @ inverse * tiles / max(tiles - 6, 1))
