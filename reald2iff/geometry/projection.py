"""Between pixels with depth and points in the camera's optical frame (z forward, x right, y down)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry.depth import sanitize_depth
from reald2iff.geometry.intrinsics import PinholeIntrinsics


def back_project(depth: NDArray[np.floating], intrinsics: PinholeIntrinsics) -> NDArray[np.float32]:
    """Points of a depth image.

    Args:
        depth: ``(H, W)`` metres along the optical axis, 0 = invalid.
        intrinsics: Of the same size.

    Returns:
        ``(H, W, 3) float32`` metres in the optical frame; invalid pixels give NaN.

    Raises:
        InvalidDepthError: if the sizes differ.
    """
    if depth.shape != (intrinsics.height, intrinsics.width):
        raise InvalidDepthError(
            f"depth has shape {depth.shape}: expected {(intrinsics.height, intrinsics.width)} "
            "of the intrinsics"
        )
    z = sanitize_depth(depth)
    z = np.where(z > 0, z, np.float32(np.nan))
    u = (np.arange(intrinsics.width, dtype=np.float32) - intrinsics.cx) / intrinsics.fx
    v = (np.arange(intrinsics.height, dtype=np.float32) - intrinsics.cy) / intrinsics.fy
    return np.stack([u[None, :] * z, v[:, None] * z, z], axis=-1).astype(np.float32)


def project(
    points: NDArray[np.floating], intrinsics: PinholeIntrinsics
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels and depth of points.

    Args:
        points: ``(..., 3)`` metres in the optical frame.
        intrinsics: Of the camera.

    Returns:
        Pixels ``(..., 2)`` (column, row) and depth ``(...)`` in metres. Points that are not in front of the
        camera give NaN pixels.
    """
    xyz = np.asarray(points, dtype=np.float64)
    z = xyz[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(z > 0, 1.0 / z, np.nan)
        u = xyz[..., 0] * inverse * intrinsics.fx + intrinsics.cx
        v = xyz[..., 1] * inverse * intrinsics.fy + intrinsics.cy
    return np.stack([u, v], axis=-1), z


def transform_points(transform: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points ``(..., 3)`` given in the child frame, in the parent frame of ``T_parent_child (4, 4)``."""
    matrix = np.asarray(transform, dtype=np.float64)
    return np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
