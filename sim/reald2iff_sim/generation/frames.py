"""Poses of the end effector, relative to objects: what makes a demonstration good elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]


def inverse(pose: Array) -> Array:
    """Of rigid transforms ``(..., 4, 4)``."""
    turned = np.swapaxes(pose[..., :3, :3], -1, -2)
    made = np.zeros_like(pose)
    made[..., :3, :3] = turned
    made[..., :3, 3] = -(turned @ pose[..., :3, 3:])[..., 0]
    made[..., 3, 3] = 1.0
    return made


def about_z(angle: float) -> Array:
    """``(4, 4)``, a turn about z by ``angle`` radians."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec([0.0, 0.0, angle]).as_matrix()
    return turn


def carry_over(poses: Array, source: Array, target: Array) -> Array:
    """``T_world_eef (N, 4, 4)`` that lie to the object at ``target`` as ``poses`` did to it at ``source``.

    Args:
        poses: ``T_world_eef (N, 4, 4)``.
        source: ``T_world_object (4, 4)`` then.
        target: ``T_world_object (4, 4)`` now.
    """
    moved: Array = target @ inverse(source) @ poses
    return moved


def angle_between(first: Array, second: Array) -> float:
    """Radians between the rotations of two poses."""
    return float(Rotation.from_matrix(first[:3, :3].T @ second[:3, :3]).magnitude())


def distance_between(first: Array, second: Array) -> float:
    """Metres between the positions of two poses."""
    return float(np.linalg.norm(first[:3, 3] - second[:3, 3]))


def alike(
    poses: Array, source: Array, target: Array, like: Array, symmetry: float, flips: bool
) -> tuple[Array, Array]:
    """`carry_over`, by the symmetry of object and hand that turns the hand the least.

    A cube looks alike after a quarter turn, a can after any; of the ways in which they could be meant, the
    one is taken whose first pose is turned like ``like``. Without this, hands are asked to turn further than
    joint 7 goes.

    Args:
        poses: ``T_world_eef (N, 4, 4)``.
        source: ``T_world_object (4, 4)`` then.
        target: ``T_world_object (4, 4)`` now.
        like: ``T_world_eef (4, 4)``.
        symmetry: See `SubtaskSpec`.
        flips: See `SubtaskSpec`.

    Returns:
        The poses, and ``T_world_object (4, 4)`` that they were carried over to: ``target``, turned.
    """
    local = inverse(source) @ poses
    best: tuple[float, Array, Array] | None = None
    for flip in (np.eye(4), about_z(np.pi))[: 1 + flips]:
        for frame in _turned(target, local[0] @ flip, like, symmetry):
            angle = angle_between(frame @ local[0] @ flip, like)
            if best is None or angle < best[0] - 1e-9:
                best = (angle, frame @ local @ flip, frame)
    assert best is not None
    return best[1], best[2]


def _turned(target: Array, first: Array, like: Array, symmetry: float) -> list[Array]:
    if symmetry > 0:
        return [target @ about_z(k * symmetry) for k in range(max(1, round(2 * np.pi / symmetry)))]
    # The turn by which target @ turn @ first comes nearest to `like`: greatest trace of the rotation between.
    between = first[:3, :3] @ like[:3, :3].T @ target[:3, :3]
    angle = np.arctan2(between[0, 1] - between[1, 0], between[0, 0] + between[1, 1])
    return [target @ about_z(float(angle))]
