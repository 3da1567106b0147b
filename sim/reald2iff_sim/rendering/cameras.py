"""The camera of a rendering: one pose and field of view for all demonstrations, jittered for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reald2iff.demos import EpisodeCamera
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_COLOR, D435_DEPTH, PinholeIntrinsics
from reald2iff_sim.camera import WorkspaceCamera
from reald2iff_sim.simulator import CameraCalibration

_DEFAULT = WorkspaceCamera()


@dataclass(frozen=True)
class CameraConfig:
    """Where the camera stands and what its images are."""

    camera: str = "camera"
    """Its name: of the keys in the result, e.g. camera_depth."""
    width: int = 640
    """Of the images, pixels."""
    height: int = 480
    """Of the images, pixels. Other shapes than 4:3 are cut from the D435's field of view."""
    position: tuple[float, float, float] = _DEFAULT.position
    """Of the depth camera, metres, in the robot's base frame."""
    target: tuple[float, float, float] = _DEFAULT.target
    """Point that it looks at, metres."""
    position_sd: float = _DEFAULT.position_sd
    """Each demonstration has a camera of its own: standard deviation of its position on each axis, metres."""
    rotation_sd: float = _DEFAULT.rotation_sd
    """And of its rotation about each axis, radians."""
    aligned: bool = False
    """Take the colour image with the depth camera's pose and field of view, as a D435's driver aligns it."""

    def __post_init__(self) -> None:
        if not self.camera or "/" in self.camera:
            raise InvalidParameterError(f"camera {self.camera!r}: expected a name without '/'")
        if self.width < 1 or self.height < 1:
            raise InvalidParameterError(f"image {self.width}x{self.height}: expected at least 1x1")
        self._workspace()

    def draw(self, seed: int, demo: int) -> tuple[CameraCalibration, CameraCalibration]:
        """Depth and colour camera of demonstration number ``demo``."""
        depth, color = self._workspace().draw(np.random.default_rng([seed, demo]))
        if self.aligned:
            color = replace(depth, frame_id=color.frame_id)
        return depth, color

    def _workspace(self) -> WorkspaceCamera:
        return WorkspaceCamera(
            position=self.position,
            target=self.target,
            position_sd=self.position_sd,
            rotation_sd=self.rotation_sd,
            depth=windowed(D435_DEPTH, self.width, self.height),
            color=windowed(D435_COLOR, self.width, self.height),
        )


def windowed(camera: PinholeIntrinsics, width: int, height: int) -> PinholeIntrinsics:
    """Another image size with square pixels: the largest window around the middle, scaled."""
    scale = max(width / camera.width, height / camera.height)
    left, top = (camera.width - width / scale) / 2, (camera.height - height / scale) / 2
    return PinholeIntrinsics(
        width,
        height,
        camera.fx * scale,
        camera.fy * scale,
        (camera.cx + 0.5 - left) * scale - 0.5,
        (camera.cy + 0.5 - top) * scale - 0.5,
    )


def episode_camera(calibration: CameraCalibration, keys: tuple[str, ...]) -> EpisodeCamera:
    """For the file."""
    view = calibration.intrinsics
    return EpisodeCamera(view.matrix, view.width, view.height, calibration.frame_id, keys, calibration.pose)
