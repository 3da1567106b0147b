"""How far the depth of the arm at an assumed pose is from the image, and how that changes with the pose.

Disparity of a plane is linear in the pixel, so that a rendered image alone tells the plane at each pixel and
with it the derivative of its disparity with respect to the camera's six degrees of freedom.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, depth_to_disparity
from reald2iff_sim.alignment.linearised import Linearised

Array = NDArray[np.float64]

_BEND = 0.15  # px of disparity: a surface that bends by more from pixel to pixel is an edge


def depth_term(
    observed: NDArray[np.float32], rendered: NDArray[np.float32], intrinsics: PinholeIntrinsics, margin: int
) -> Linearised:
    """Differences of disparity where arm is rendered and the image is valid.

    Args:
        observed: ``(H, W)`` metres, 0 = invalid.
        rendered: ``(H, W)`` metres at the assumed pose, 0 beside the arm.
        intrinsics: Of both.
        margin: Pixels beside an edge of the rendered arm that are left out: there the camera's depth is a
            mixture.
    """
    scale = intrinsics.fx * D435_BASELINE
    inverse = depth_to_disparity(rendered, intrinsics.fx).astype(np.float64) / scale
    smooth = _smooth(inverse * scale, margin)
    rows, columns = np.nonzero(smooth & (observed > 0))
    du = (inverse[rows, columns + 1] - inverse[rows, columns - 1]) / 2
    dv = (inverse[rows + 1, columns] - inverse[rows - 1, columns]) / 2
    ray = np.column_stack(
        [
            (columns - intrinsics.cx) / intrinsics.fx,
            (rows - intrinsics.cy) / intrinsics.fy,
            np.ones(len(rows)),
        ]
    )
    here = inverse[rows, columns]
    plane = np.column_stack([intrinsics.fx * du, intrinsics.fy * dv, here])
    plane[:, 2] -= np.einsum("ij,ij->i", plane[:, :2], ray[:, :2])
    jacobian = scale * np.hstack([here[:, None] * plane, np.cross(ray, plane)])
    residual = scale / observed[rows, columns].astype(np.float64) - scale * here
    return Linearised(residual, jacobian, np.column_stack([rows, columns]))


def _smooth(disparity: Array, margin: int) -> NDArray[np.bool_]:
    """Pixels of one smooth surface with everything within ``margin``, ``(H, W)``; never on the border."""
    smooth = disparity > 0
    for axis in (0, 1):
        before, after = np.roll(disparity, 1, axis), np.roll(disparity, -1, axis)
        smooth &= (before > 0) & (after > 0) & (np.abs(before + after - 2 * disparity) < _BEND)
    smooth[[0, -1], :] = smooth[:, [0, -1]] = False
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    return cv2.erode(smooth.astype(np.uint8), kernel, borderValue=0).astype(bool)
