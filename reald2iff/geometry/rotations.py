"""Rotations over time, in numbers that do not jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]


def continuous_quaternions(poses: Array) -> Array:
    """``(N, 4)`` quaternions xyzw of ``(N, 4, 4)`` poses that do not jump from q to -q.

    A hand that points down has w = 0, where the usual choice of a positive w flickers. Here the largest entry
    of the first one is positive, which agrees between episodes, and each next one lies on the same side.
    """
    quaternions = Rotation.from_matrix(poses[:, :3, :3]).as_quat()
    first = quaternions[0, np.argmax(np.abs(quaternions[0]))]
    turns = np.einsum("ni,ni->n", quaternions[1:], quaternions[:-1])
    return quaternions * np.cumprod(np.where(np.append(first, turns) < 0, -1.0, 1.0))[:, None]


def rotation_vectors(quaternions: Array) -> Array:
    """``(N, 3)`` rotation vectors in radians, as continuous as the quaternions: angles from 0 to 2 pi."""
    sines = np.linalg.norm(quaternions[:, :3], axis=1)
    angles = 2 * np.arctan2(sines, quaternions[:, 3])
    factors = np.divide(angles, sines, out=np.full_like(angles, 2.0), where=sines > 1e-9)
    return quaternions[:, :3] * factors[:, None]
