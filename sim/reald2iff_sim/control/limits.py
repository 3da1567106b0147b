"""Limits of the Franka Research 3 and its hand, joints 1 to 7.

Positions are the datasheet's; velocities near them fall as libfranka's ``rate_limiting.h`` has it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JOINT_LOWER = np.array([-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159])
"""rad"""

JOINT_UPPER = np.array([2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159])
"""rad"""

JOINT_VELOCITY = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
"""rad/s, far from the position limits."""

JOINT_ACCELERATION = 10.0
"""rad/s2, of every joint."""

JOINT_JERK = 5000.0
"""rad/s3, of every joint."""

# Hard stops, slopes (rad/s2) and offsets (rad/s) of the velocity limit near them: libfranka, fr3.urdf.
_STOP_LOWER = np.array([-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.54092, -3.0196])
_STOP_UPPER = np.array([2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196])
_BRAKING = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])
_OFFSET = np.array([0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35])

HOME_JOINTS = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
"""libfranka's ready pose, rad: fingers point down and open along y."""

GRIPPER_WIDTH = 0.08
"""Widest opening, metres."""

GRIPPER_SPEED = 0.1
"""Fastest change of the opening, m/s (50 mm/s a finger)."""


def velocity_bounds(joints: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest joint velocities ``(7,)`` rad/s that the robot accepts at ``joints (7,)`` rad."""

    def towards(distance: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(np.sqrt(_BRAKING * np.maximum(distance, 0.0)) - _OFFSET, 0.0, JOINT_VELOCITY)

    return -towards(joints - _STOP_LOWER), towards(_STOP_UPPER - joints)


def braking_bounds(
    joints: NDArray[np.float64], period: float, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest velocities ``(7,)`` rad/s from which the joints stop before their position limits.

    They keep to ``scale`` times `velocity_bounds` and to `JOINT_ACCELERATION`, which some of the robot's own
    bounds near the limits would exceed.

    Args:
        joints: ``(7,)`` rad.
        period: Seconds until the velocity can change again.
        scale: Share of the limits that is used.
    """

    def towards(distance: NDArray[np.float64]) -> NDArray[np.float64]:
        # v delay + v^2 / (2 a) <= distance; with three periods of delay the last bit does not swing.
        a, delay = 0.8 * scale * JOINT_ACCELERATION, 3 * period
        return a * (np.sqrt(delay**2 + 2 * np.maximum(distance, 0.0) / a) - delay)

    slowest, fastest = velocity_bounds(joints)
    return (
        np.maximum(scale * slowest, -towards(joints - JOINT_LOWER)),
        np.minimum(scale * fastest, towards(JOINT_UPPER - joints)),
    )
