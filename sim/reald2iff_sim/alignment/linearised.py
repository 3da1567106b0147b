"""Residuals with their derivatives by the camera's pose, and how much each one counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linearised:
    """Residuals ``r`` and ``J`` with ``r(pose moved by x) = r - J x``, both in pixels.

    Attributes:
        residual: ``(N,)``.
        jacobian: ``(N, 6)`` by metres and radians of `reald2iff_sim.alignment.poses.moved`.
        pixels: ``(N, 2)`` row and column in the image that it belongs to.
    """

    residual: Array
    jacobian: Array
    pixels: NDArray[np.intp]


def robust_weights(residual: Array, scale: float) -> Array:
    """Of the Geman-McClure loss: an outlier's pull falls to nothing instead of staying constant."""
    return 1.0 / np.square(1.0 + np.square(residual / scale))
