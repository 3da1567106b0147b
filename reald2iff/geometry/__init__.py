"""Pinhole geometry and depth units. Depth is planar z in metres, ``(H, W) float32``, 0 = invalid."""

from reald2iff.geometry.depth import (
    D435_BASELINE,
    SUBPIXEL_STEPS,
    depth_to_disparity,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
    quantise_disparity,
    require_depth,
    sanitize_depth,
)
from reald2iff.geometry.intrinsics import D435_COLOR, D435_DEPTH, PinholeIntrinsics
from reald2iff.geometry.projection import back_project, project, transform_points

__all__ = [
    "D435_BASELINE",
    "D435_COLOR",
    "D435_DEPTH",
    "SUBPIXEL_STEPS",
    "PinholeIntrinsics",
    "back_project",
    "depth_to_disparity",
    "disparity_to_depth",
    "meters_to_millimeters",
    "millimeters_to_meters",
    "project",
    "quantise_disparity",
    "require_depth",
    "sanitize_depth",
    "transform_points",
]
