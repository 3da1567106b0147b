"""How far the outline of the arm at an assumed pose is from the one in the image, and how that changes.

A stereo camera draws foregrounds fatter than they are, by pixels, and not evenly: more where edges are
upright than where they are level. What is the same on opposite sides says nothing of where the arm is, and
is estimated along with the pose (`Linearised.sensor`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity
from reald2iff_sim.alignment.linearised import Linearised

Array = NDArray[np.float64]

_INSIDE, _OUTSIDE = (
    8,
    24,
)  # px of the search across the outline; beyond an edge lies a hole as wide as the jump
_FARTHEST = 8  # px: edges farther out are of something else
_SAME = 1.0  # px of disparity: as near as the arm
_BEHIND = 2.5  # px of disparity behind the arm: certainly not the arm


def silhouette_term(
    observed: NDArray[np.float32], rendered: NDArray[np.float32], intrinsics: PinholeIntrinsics
) -> Linearised:
    """Distances in pixels, outwards, from the rendered outline to where the image stops showing the arm.

    Only where the image shows the arm within the outline and something farther away beyond it: the outline of
    an occluder, or of an arm that touches the table, tells nothing.

    Args:
        observed: ``(H, W)`` metres, 0 = invalid.
        rendered: ``(H, W)`` metres at the assumed pose, 0 beside the arm.
        intrinsics: Of both.
    """
    rows, columns, normal = _outline(rendered > 0)
    offsets = np.arange(-_INSIDE, _OUTSIDE + 1)
    across = (
        np.rint(rows[:, None] + offsets * normal[:, 1:]).astype(np.intp),
        np.rint(columns[:, None] + offsets * normal[:, :1]).astype(np.intp),
    )
    arm = depth_to_disparity(rendered, intrinsics.fx)
    seen = depth_to_disparity(observed, intrinsics.fx)[across]
    difference = seen - arm[rows, columns][:, None]
    same = (seen > 0) & (np.abs(difference) < _SAME)
    width = np.cumprod(same[:, _INSIDE // 2 :], axis=1).sum(axis=1)  # px from half way inside to the edge
    edge = width - _INSIDE // 2 - 0.5
    # The first thing beyond the edge must be valid, and behind.
    beyond = (np.arange(len(offsets)) >= (width + _INSIDE // 2)[:, None]) & (seen > 0)
    first = np.argmax(beyond, axis=1)
    picked = np.arange(len(rows))
    usable = (
        beyond.any(axis=1)
        & (difference[picked, first] < -_BEHIND)
        & (width > 0)
        & (edge < _FARTHEST)
        & (rendered[across][:, _INSIDE + 2 :] == 0).all(axis=1)
        & (rendered[across][:, : _INSIDE - 1] > 0).all(axis=1)
    )
    rows, columns, normal, edge = rows[usable], columns[usable], normal[usable], edge[usable]
    z = rendered[rows, columns].astype(np.float64)
    point = np.column_stack(
        [
            (columns - intrinsics.cx) / intrinsics.fx * z,
            (rows - intrinsics.cy) / intrinsics.fy * z,
            z,
        ]
    )
    # Outward motion in the image of a point that moves by -v - w x X in the camera's frame.
    gradient = np.column_stack([normal * (intrinsics.fx, intrinsics.fy), np.zeros(len(z))]) / z[:, None]
    gradient[:, 2] = -np.einsum("ij,ij->i", gradient[:, :2], point[:, :2]) / z
    jacobian = -np.hstack([gradient, np.cross(point, gradient)])
    level, upright = normal.T
    sensor = np.column_stack(
        [np.zeros(len(z)), np.ones(len(z)), level, np.square(level) - np.square(upright)]
    )
    # The edge of a pixel of the arm is half a pixel outside its centre.
    return Linearised(edge - 0.5, jacobian, sensor, np.column_stack([rows, columns]))


def _outline(arm: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Rows, columns ``(N,)`` and outward normals ``(N, 2)`` (column, row) of pixels at the arm's rim."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    rim = arm & ~cv2.erode(arm.astype(np.uint8), cross).astype(bool)
    for axis in (0, 1):  # the search must stay within the image
        edge = np.moveaxis(rim, axis, 0)
        edge[: _OUTSIDE + 1] = edge[-_OUTSIDE - 1 :] = False
    rows, columns = np.nonzero(rim)
    soft = cv2.GaussianBlur(arm.astype(np.float32), (0, 0), 2.0)
    slope = [cv2.Sobel(soft, cv2.CV_32F, *order)[rows, columns] for order in ((1, 0), (0, 1))]
    normal = -np.column_stack(slope).astype(np.float64)
    return rows, columns, normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
