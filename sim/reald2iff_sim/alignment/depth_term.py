"""How far the depth of the arm at an assumed pose is from the image, and how that changes with the pose.

Disparity of a plane is linear in the pixel, so that a rendered image alone tells the plane at each pixel and
with it the derivative of its disparity with respect to the camera's six degrees of freedom.

A stereo camera smooths what it sees, by its matching window and its filters: round links look farther away by
1 to 2 mm. How much of that happens is estimated along with the pose (`Linearised.sensor`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, depth_to_disparity
from reald2iff_sim.alignment.linearised import Linearised

Array = NDArray[np.float64]

_BEND = 0.15  # px of disparity: a surface that bends by more from pixel to pixel is an edge
_SMOOTHING = 4.0  # px, standard deviation of the smoothing that a sensor of property 1 does


def depth_term(
    observed: NDArray[np.float32],
    rendered: NDArray[np.float32],
    intrinsics: PinholeIntrinsics,
    margin: int,
    stride: int = 1,
) -> Linearised:
    """Differences of disparity where arm is rendered and the image is valid.

    Args:
        observed: ``(H, W)`` metres, 0 = invalid.
        rendered: ``(H, W)`` metres at the assumed pose, 0 beside the arm.
        intrinsics: Of both.
        margin: Pixels beside an edge of the rendered arm that are left out: there the camera's depth is a
            mixture.
        stride: Both images hold every ``stride``-th pixel; the result is in whole pixels.
    """
    disparity = depth_to_disparity(rendered, intrinsics.fx).astype(np.float64) * stride
    smooth = _smooth(disparity / stride)
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    inner = cv2.erode(smooth.astype(np.uint8), kernel, borderValue=0).astype(bool)
    rows, columns = np.nonzero(inner & (observed > 0))
    du, dv = _slopes(disparity)
    du, dv = du[rows, columns], dv[rows, columns]
    ray = np.column_stack(
        [
            (columns - intrinsics.cx) / intrinsics.fx,
            (rows - intrinsics.cy) / intrinsics.fy,
            np.ones(len(rows)),
        ]
    )
    here = disparity[rows, columns]
    plane = np.column_stack([intrinsics.fx * du, intrinsics.fy * dv, here])
    plane[:, 2] -= np.einsum("ij,ij->i", plane[:, :2], ray[:, :2])
    scale = intrinsics.fx * D435_BASELINE * stride
    jacobian = np.hstack([(here / scale)[:, None] * plane, np.cross(ray, plane)])
    sensor = np.zeros((len(rows), 4))
    sensor[:, 0] = _smoothing(disparity, smooth, _SMOOTHING / stride)[rows, columns]
    residual = scale / observed[rows, columns].astype(np.float64) - here
    return Linearised(residual, jacobian, sensor, np.column_stack([rows, columns]) * stride)


def _smooth(disparity: Array) -> NDArray[np.bool_]:
    """Pixels of one smooth surface with their neighbours, ``(H, W)``; never on the border."""
    smooth = disparity > 0
    for axis in (0, 1):
        before, after = np.roll(disparity, 1, axis), np.roll(disparity, -1, axis)
        smooth &= (before > 0) & (after > 0) & (np.abs(before + after - 2 * disparity) < _BEND)
    smooth[[0, -1], :] = smooth[:, [0, -1]] = False
    return smooth


def _slopes(disparity: Array) -> tuple[Array, Array]:
    """Change per column and per row, 0 on the border."""
    du, dv = np.zeros_like(disparity), np.zeros_like(disparity)
    du[:, 1:-1] = (disparity[:, 2:] - disparity[:, :-2]) / 2
    dv[1:-1] = (disparity[2:] - disparity[:-2]) / 2
    return du, dv


def _smoothing(disparity: Array, surface: NDArray[np.bool_], sigma: float) -> Array:
    """What smoothing within ``surface`` adds to ``disparity``: nothing on planes, up to their rim."""
    rows, columns = np.mgrid[: disparity.shape[0], : disparity.shape[1]].astype(np.float64)
    weight = surface.astype(np.float64)
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-6)

    def mean(values: Array) -> Array:
        return np.asarray(cv2.GaussianBlur(weight * values, (0, 0), sigma)) / total

    du, dv = _slopes(disparity)
    # At a rim the mean is taken to one side, where a slanted plane has another value.
    slanted = mean(du) * (mean(columns) - columns) + mean(dv) * (mean(rows) - rows)
    return mean(disparity) - disparity - slanted
