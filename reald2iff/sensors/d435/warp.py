"""One depth image seen from elsewhere on the baseline, for callers that can render only one view."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity, disparity_to_depth
from reald2iff.sensors.base import StereoViews

_CONNECTED = 1.5
"""Neighbouring pixels whose native disparities differ by less than this (px) lie on one surface."""


@nb.njit(cache=True)
def upsample(disparity: NDArray, scale: int) -> NDArray:
    """Disparity at ``scale`` times the resolution, still in pixels of the input.

    Linear between neighbours of one surface (a plane is linear in disparity), nearest across its edges.
    """
    height, width = disparity.shape
    fine = np.empty((height * scale, width * scale), np.float32)
    for y in range(height * scale):
        v = (y + 0.5) / scale - 0.5
        near_y = y // scale
        other_y = min(max(near_y + (1 if v > near_y else -1), 0), height - 1)
        wy = abs(v - near_y)
        for x in range(width * scale):
            u = (x + 0.5) / scale - 0.5
            near_x = x // scale
            other_x = min(max(near_x + (1 if u > near_x else -1), 0), width - 1)
            wx = abs(u - near_x)
            here = disparity[near_y, near_x]
            value = here
            if here > 0:
                beside = disparity[near_y, other_x]
                if beside > 0 and abs(beside - here) < _CONNECTED:
                    value += wx * (beside - here)
                below = disparity[other_y, near_x]
                if below > 0 and abs(below - here) < _CONNECTED:
                    value += wy * (below - here)
            fine[y, x] = value
    return fine


@nb.njit(cache=True)
def warp_rows(disparity: NDArray, ratio: float, connected: float) -> NDArray:
    """Disparity image seen from a place ``ratio`` baselines to the right; its values stay as they are.

    The nearest surface wins; what the first view did not see continues the farther neighbour.

    Args:
        disparity: ``(H, W)`` px, 0 = infinitely far.
        ratio: Displacement of the new view in baselines.
        connected: Largest step (px) between neighbouring pixels of one surface.

    Returns:
        ``(H, W) float32`` px.
    """
    height, width = disparity.shape
    warped = np.full((height, width), np.float32(-1))
    for y in range(height):
        row = warped[y]
        for x in range(width):
            d0 = disparity[y, x]
            x0 = x - ratio * d0
            d1 = disparity[y, min(x + 1, width - 1)]
            x1 = x + 1 - ratio * d1
            if x == width - 1 or abs(d1 - d0) >= connected or x1 <= x0:
                # An edge: the pixel covers the column its centre falls on.
                column = int(np.floor(x0 + 0.5))
                if 0 <= column < width and d0 > row[column]:
                    row[column] = d0
                continue
            for column in range(max(int(np.ceil(x0)), 0), min(int(np.floor(x1)), width - 1) + 1):
                value = d0 + (d1 - d0) * (column - x0) / (x1 - x0)
                if value > row[column]:
                    row[column] = np.float32(value)
        x = 0
        before = np.float32(-1)
        while x < width:
            if row[x] >= 0:
                before = row[x]
                x += 1
                continue
            start = x
            while x < width and row[x] < 0:
                x += 1
            after = row[x] if x < width else before
            filling = max(min(before, after) if before >= 0 else after, np.float32(0))
            for k in range(start, x):
                row[k] = filling
    return warped


def views_from_depth(
    depth: NDArray[np.float32],
    intrinsics: PinholeIntrinsics,
    baseline: float,
    projector_offset: float,
    supersampling: int,
) -> StereoViews:
    """Stereo views made of a single depth image.

    Args:
        depth: ``(H, W)`` metres from the left imager, 0 = nothing there.
        intrinsics: Of ``depth``.
        baseline: Metres from the left to the right imager.
        projector_offset: Metres from the left imager to the projector.
        supersampling: Resolution of the views relative to ``depth``.
    """
    s = supersampling
    fine = intrinsics.resized(intrinsics.width * s, intrinsics.height * s)
    focal = fine.fx
    left = upsample(depth_to_disparity(depth, intrinsics.fx, baseline), s) * np.float32(s)
    right = warp_rows(left, 1.0, _CONNECTED * s)
    projector = warp_rows(left, projector_offset / baseline, _CONNECTED * s)
    return StereoViews(
        left=disparity_to_depth(left, focal, baseline),
        right=disparity_to_depth(right, focal, baseline),
        projector=disparity_to_depth(projector, focal, baseline),
        projector_intrinsics=fine,
        supersampling=s,
    )
