"""Depth units: metres, millimetres, disparity; what counts as invalid (REP-117, REP-118)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError

D435_BASELINE = 0.050
"""Distance between the infrared imagers of a D435, metres."""

SUBPIXEL_STEPS = 32
"""A D435 quantises disparity to 1/32 px."""

_MAX_MILLIMETERS = 65535


def require_depth(depth: Any, name: str = "depth") -> NDArray[np.float32]:
    """Check that ``depth`` is ``(H, W)`` floating point metres and return it as float32.

    Raises:
        InvalidDepthError: for another type, dimension or an empty image.
    """
    array = np.asarray(depth)
    if array.ndim != 2 or array.size == 0:
        raise InvalidDepthError(f"{name} has shape {array.shape}: expected (height, width)")
    if array.dtype.kind != "f":
        raise InvalidDepthError(
            f"{name} has type {array.dtype}: expected floating point metres "
            "(16-bit millimetres go through millimeters_to_meters)"
        )
    return np.ascontiguousarray(array, dtype=np.float32)


def sanitize_depth(depth: NDArray[np.floating], max_depth: float = np.inf) -> NDArray[np.float32]:
    """``depth`` with NaN, infinities, negative values and those beyond ``max_depth`` metres set to 0."""
    clean = np.asarray(depth, dtype=np.float32)
    with np.errstate(invalid="ignore"):
        valid = (clean > 0) & (clean < np.inf) & (clean <= max_depth)
    return np.where(valid, clean, np.float32(0))


def millimeters_to_meters(depth: NDArray[np.uint16]) -> NDArray[np.float32]:
    """16UC1 millimetres to float32 metres; 0 stays 0."""
    return np.asarray(depth).astype(np.float32) * np.float32(0.001)


def meters_to_millimeters(depth: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Metres to 16UC1 millimetres, rounded to nearest; what is invalid or does not fit becomes 0."""
    scaled = np.rint(np.asarray(depth, dtype=np.float32) * np.float32(1000))
    with np.errstate(invalid="ignore"):
        valid = (scaled > 0) & (scaled <= _MAX_MILLIMETERS)
    return np.where(valid, scaled, 0).astype(np.uint16)


def depth_to_disparity(
    depth: NDArray[np.floating], fx: float, baseline: float = D435_BASELINE
) -> NDArray[np.float32]:
    """Disparity ``fx * baseline / z`` in pixels; invalid depth gives 0."""
    valid_depth = sanitize_depth(depth)
    valid = valid_depth > 0
    disparity = np.zeros_like(valid_depth)
    np.divide(np.float32(fx * baseline), valid_depth, out=disparity, where=valid)
    return np.where(np.isfinite(disparity), disparity, np.float32(0))


def disparity_to_depth(
    disparity: NDArray[np.floating], fx: float, baseline: float = D435_BASELINE
) -> NDArray[np.float32]:
    """Depth ``fx * baseline / d`` in metres; disparity that is not positive and finite gives 0."""
    return depth_to_disparity(disparity, fx, baseline)


def quantise_disparity(disparity: NDArray[np.floating], steps: int = SUBPIXEL_STEPS) -> NDArray[np.float32]:
    """Disparity rounded to 1/``steps`` px; 0 (invalid) stays 0."""
    return (np.rint(np.asarray(disparity, dtype=np.float32) * steps) / np.float32(steps)).astype(np.float32)
