"""Pinhole intrinsics, from and to `sensor_msgs/CameraInfo`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidIntrinsicsError


@dataclass(frozen=True)
class PinholeIntrinsics:
    """An ideal (rectified) pinhole camera.

    The centre of the top left pixel is at (0, 0), as in ROS and OpenCV.

    Attributes:
        width: Columns of the image.
        height: Rows of the image.
        fx: Focal length in columns (px).
        fy: Focal length in rows (px).
        cx: Principal point, column (px).
        cy: Principal point, row (px).

    Raises:
        InvalidIntrinsicsError: for a size below 1, or values not finite, or a focal length not positive.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise InvalidIntrinsicsError(f"image size {self.width}x{self.height}: expected at least 1x1")
        values = (self.fx, self.fy, self.cx, self.cy)
        if not all(math.isfinite(v) for v in values) or self.fx <= 0 or self.fy <= 0:
            raise InvalidIntrinsicsError(
                f"fx, fy, cx, cy = {values}: expected finite values and positive focal lengths, in pixels"
            )

    @property
    def matrix(self) -> NDArray[np.float64]:
        """``(3, 3)`` camera matrix K."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @classmethod
    def from_matrix(cls, k: Any, width: int, height: int) -> PinholeIntrinsics:
        """From K, ``(3, 3)`` or 9 values row by row.

        Raises:
            InvalidIntrinsicsError: if K does not hold 9 values, has skew, or is not a camera matrix.
        """
        flat = np.asarray(k, dtype=np.float64).ravel()
        if flat.size != 9:
            raise InvalidIntrinsicsError(f"K has {flat.size} values: expected 9")
        if abs(flat[1]) > 1e-6:
            raise InvalidIntrinsicsError(f"K has skew {flat[1]}: expected a rectified camera without skew")
        return cls(int(width), int(height), *(float(flat[i]) for i in (0, 4, 2, 5)))

    @classmethod
    def from_camera_info(cls, message: Any) -> PinholeIntrinsics:
        """From a `sensor_msgs/CameraInfo` (or anything with ``k``, ``width``, ``height``)."""
        return cls.from_matrix(message.k, message.width, message.height)

    def camera_info_fields(self) -> dict[str, Any]:
        """Fields of a `sensor_msgs/CameraInfo` for a rectified image (REP-104): no distortion, R = I."""
        k = [float(v) for v in self.matrix.ravel()]
        return {
            "width": self.width,
            "height": self.height,
            "distortion_model": "plumb_bob",
            "d": [0.0] * 5,
            "k": k,
            "r": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "p": [k[0], 0.0, k[2], 0.0, 0.0, k[4], k[5], 0.0, 0.0, 0.0, 1.0, 0.0],
        }

    def resized(self, width: int, height: int) -> PinholeIntrinsics:
        """The same camera with its image resampled to another size (pixel areas, not centres, align)."""
        sx, sy = width / self.width, height / self.height
        return PinholeIntrinsics(
            width, height, self.fx * sx, self.fy * sy, (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        )

    def cropped(self, left: int, top: int, width: int, height: int) -> PinholeIntrinsics:
        """The camera of a window of the image.

        Raises:
            InvalidIntrinsicsError: if the window does not lie within the image.
        """
        if left < 0 or top < 0 or left + width > self.width or top + height > self.height:
            raise InvalidIntrinsicsError(
                f"window {width}x{height} at ({left}, {top}) does not lie within {self.width}x{self.height}"
            )
        return PinholeIntrinsics(width, height, self.fx, self.fy, self.cx - left, self.cy - top)


D435_DEPTH = PinholeIntrinsics(640, 480, 382.6, 382.6, 319.5, 239.5)
"""Native depth stream of a D435 at 640x480 (focal length read off the depth quantisation of one unit)."""

D435_COLOR = PinholeIntrinsics(640, 480, 615.0, 615.0, 319.5, 239.5)
"""Colour stream of a D435 at 640x480, nominal."""
