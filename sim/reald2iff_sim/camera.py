"""Where the D435-like camera stands; the same for every backend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_COLOR, D435_DEPTH, PinholeIntrinsics
from reald2iff_sim.simulator import CameraCalibration

Array = NDArray[np.float64]

COLOR_OFFSET = 0.015
"""Colour camera from the depth camera along x of the optical frame, metres (D435)."""


def look_at(position: Array, target: Array) -> Array:
    """``T_world_optical (4, 4)`` of an upright camera at ``position`` that looks at ``target``, metres.

    Raises:
        InvalidParameterError: if it would look straight up or down, or at its own position.
    """
    forward = np.asarray(target, dtype=np.float64) - position
    right = np.cross(forward, (0.0, 0.0, 1.0))
    if np.linalg.norm(right) < 1e-6:
        raise InvalidParameterError(
            f"camera at {position} looking at {target}: expected a view that is neither empty nor vertical"
        )
    forward, right = forward / np.linalg.norm(forward), right / np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = position
    return pose


@dataclass(frozen=True)
class WorkspaceCamera:
    """A D435 that watches the workspace from a tripod, moved a little from episode to episode.

    Attributes:
        position: Of the depth camera (the left imager), metres, world frame.
        target: Point that it looks at.
        position_sd: Standard deviation of its position on each axis, metres.
        rotation_sd: Standard deviation of its rotation about each axis, radians.
        depth: Intrinsics of the depth images.
        color: Intrinsics of the colour images.
    """

    position: tuple[float, float, float] = (1.20, 0.42, 0.62)
    target: tuple[float, float, float] = (0.42, 0.0, 0.14)
    position_sd: float = 0.008
    rotation_sd: float = 0.006
    depth: PinholeIntrinsics = D435_DEPTH
    color: PinholeIntrinsics = D435_COLOR

    def __post_init__(self) -> None:
        if self.position_sd < 0 or self.rotation_sd < 0:
            raise InvalidParameterError(
                f"position_sd, rotation_sd = {self.position_sd}, {self.rotation_sd}: expected 0 or more"
            )
        look_at(np.asarray(self.position), np.asarray(self.target))

    def draw(self, rng: np.random.Generator) -> tuple[CameraCalibration, CameraCalibration]:
        """Calibrations of the depth and the colour camera for one episode."""
        pose = look_at(np.asarray(self.position), np.asarray(self.target))
        pose[:3, 3] += rng.normal(0.0, self.position_sd, 3)
        pose[:3, :3] = pose[:3, :3] @ Rotation.from_rotvec(rng.normal(0.0, self.rotation_sd, 3)).as_matrix()
        color = pose.copy()
        color[:3, 3] += COLOR_OFFSET * pose[:3, 0]
        return (
            CameraCalibration(self.depth, pose, "camera_depth_optical_frame"),
            CameraCalibration(self.color, color, "camera_color_optical_frame"),
        )
