"""Depth images as coloured points in the robot frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.inspect.content import Calibration
from reald2iff.geometry import back_project, project, transform_points

_UNSEEN = (160, 160, 160)


def cloud(depth: NDArray[np.float32], calibration: Calibration, points: int) -> NDArray[np.float32]:
    """Points of a depth image in the robot frame, thinned on a regular grid.

    Args:
        depth: ``(H, W)`` metres, 0 = invalid.
        calibration: With extrinsics.
        points: At most.

    Returns:
        ``(K, 3)`` metres.
    """
    assert calibration.extrinsics is not None
    stride = int(np.ceil(np.sqrt(depth.size / points)))
    grid = back_project(depth, calibration.intrinsics)[stride // 2 :: stride, stride // 2 :: stride]
    return transform_points(calibration.extrinsics, grid[np.isfinite(grid[..., 2])]).astype(np.float32)


def paint_points(
    points: NDArray[np.float32], color: NDArray[np.uint8] | None, calibration: Calibration | None
) -> NDArray[np.uint8]:
    """Colours of points as a colour camera sees them, hidden ones too; grey where it does not look.

    Args:
        points: ``(K, 3)`` metres in the robot frame.
        color: ``(H, W, 3)``, None = no image.
        calibration: Of the colour camera.

    Returns:
        ``(K, 3)``.
    """
    colors = np.tile(np.array(_UNSEEN, np.uint8), (len(points), 1))
    if color is None or calibration is None or calibration.extrinsics is None:
        return colors
    optical = transform_points(np.linalg.inv(calibration.extrinsics), points)
    pixels, _ = project(optical, calibration.intrinsics)
    columns, rows = np.rint(np.nan_to_num(pixels, nan=-1)).T
    seen = (columns >= 0) & (rows >= 0) & (columns < color.shape[1]) & (rows < color.shape[0])
    colors[seen] = color[rows[seen].astype(int), columns[seen].astype(int)]
    return colors
