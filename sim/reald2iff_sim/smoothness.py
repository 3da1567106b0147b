"""How smoothly the simulated arm moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Smoothness:
    """Of the measured motion, not of what was commanded.

    Attributes:
        joint_jerk_rms: rad/s3, over all joints and instants.
        joint_jerk_max: rad/s3.
        joint_acceleration_max: rad/s2.
        eef_jerk_rms: m/s3.
        eef_jerk_max: m/s3.
    """

    joint_jerk_rms: float
    joint_jerk_max: float
    joint_acceleration_max: float
    eef_jerk_rms: float
    eef_jerk_max: float


def smoothness(episodes: list[tuple[Array, Array]], period: float) -> Smoothness:
    """From finite differences within each episode.

    Args:
        episodes: Joint positions ``(N, 7)`` rad and end-effector positions ``(N, 3)`` metres, N of 4 or more.
        period: Seconds from one to the next.
    """
    joints = np.concatenate([np.diff(q, 3, axis=0) for q, _ in episodes]) / period**3
    acceleration = np.concatenate([np.diff(q, 2, axis=0) for q, _ in episodes]) / period**2
    eef = np.concatenate([np.linalg.norm(np.diff(x, 3, axis=0), axis=1) for _, x in episodes]) / period**3
    return Smoothness(
        joint_jerk_rms=float(np.sqrt((joints**2).mean())),
        joint_jerk_max=float(np.abs(joints).max()),
        joint_acceleration_max=float(np.abs(acceleration).max()),
        eef_jerk_rms=float(np.sqrt((eef**2).mean())),
        eef_jerk_max=float(eef.max()),
    )
