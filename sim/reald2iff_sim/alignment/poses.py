"""Small rigid motions: twists of a camera about its own axes, and how far poses lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]


def moved(pose: Array, twist: Array) -> Array:
    """``pose (4, 4)`` moved by ``twist (6,)``: metres and a rotation vector, along and about its own axes."""
    step = np.eye(4)
    step[:3, 3] = twist[:3]
    step[:3, :3] = Rotation.from_rotvec(twist[3:]).as_matrix()
    return pose @ step


def pose_error(pose: Array, other: Array) -> tuple[float, float]:
    """Distance of the origins in metres, and angle between the axes in degrees."""
    angle = Rotation.from_matrix(pose[:3, :3].T @ other[:3, :3]).magnitude()
    return float(np.linalg.norm(pose[:3, 3] - other[:3, 3])), float(np.degrees(angle))


def random_disturbance(rng: np.random.Generator, distance: float, degrees: float) -> Array:
    """Twist ``(6,)`` of exactly this length and angle, in directions drawn evenly."""
    directions = rng.normal(size=(2, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([distance * directions[0], np.radians(degrees) * directions[1]])
