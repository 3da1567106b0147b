"""Residuals with their derivatives by the camera's pose, and how much each one counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SENSOR_MEAN = np.array([0.9, 1.0, 0.0, 0.5])
SENSOR_SD = np.array([0.4, 2.0, 0.5, 1.0])
"""What is believed of the sensor before its images are seen, from the D435 twin, with standard deviations.

How much of the smoothing in `depth_term` it does; by how many pixels it draws outlines too far out:
everywhere, to the right rather than to the left, and where they are upright rather than level.
"""


@dataclass(frozen=True)
class Linearised:
    """Residuals ``r = r0 - J x - S s`` of a pose moved by ``x`` and a sensor of properties ``s``, in pixels.

    Attributes:
        residual: ``(N,)``, ``r0``.
        jacobian: ``(N, 6)``, ``J``, by metres and radians of `reald2iff_sim.alignment.poses.moved`.
        sensor: ``(N, 4)``, ``S``, by what `SENSOR_MEAN` lists.
        pixels: ``(N, 2)`` row and column in the image that it belongs to.
    """

    residual: Array
    jacobian: Array
    sensor: Array
    pixels: NDArray[np.intp]


def robust_weights(residual: Array, scale: float) -> Array:
    """Of the Geman-McClure loss: an outlier's pull falls to nothing instead of staying constant."""
    return 1.0 / np.square(1.0 + np.square(residual / scale))
