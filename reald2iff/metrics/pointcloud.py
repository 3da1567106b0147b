"""mIoU, Chamfer distance and F-score between the point clouds of two depth images.

As in Stable-Sim2Real (sections 4.2 and 4.4, after DisCo), which RealD2iff follows (tables 1, 3 and 4): both
clouds are scaled to -0.5 ... 0.5; Chamfer L2 is the mean squared distance to the nearest point of the other
cloud, summed over both directions and printed times 1000; the F-score is the harmonic mean of the shares of
points that lie within 1 % of the other cloud; mIoU is the mean over views of the intersection over union of
the volumes that the clouds take up. The papers print mIoU and F-score in percent, here they are shares.

Lost from the papers' texts, and chosen here: they scale objects, and here are views of scenes, so that both
clouds are moved and scaled by the box of the sensor's (its longest side becomes 1; the distance in square
millimetres is given too); depth images have no volume, so that mIoU counts cells of a grid that hold points,
`IOU_CELLS` along a side: with errors of 4 % of a side (the papers' Chamfer distances), only cells of about
that size give the values around 0.6 that they print.

All of them reward a model that predicts the mean (less noise than the sensor itself), and clean depth scores
about as high as the sensor drawn again: never choose by them alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics, back_project

F_SCORE_SHARE = 0.01
"""Threshold of the F-score as a share of the reference cloud's longest side."""

IOU_CELLS = 32
"""Cells of the mIoU's grid along the reference cloud's longest side."""

MAX_DEPTH = 8.0
"""Metres; beyond it depth of a D435 is not used, and single far points would decide the distance."""


@dataclass(frozen=True)
class CloudDistance:
    """How far two point clouds are apart.

    Attributes:
        chamfer_l2: Square metres, both directions summed.
        chamfer_l2_x1000: With the reference's longest side scaled to 1, times 1000, as the papers print it.
        f_score: Share in [0, 1] at a threshold of 1 % of the reference's longest side.
        iou: Share in [0, 1] of the cells with points of either cloud that have points of both.
    """

    chamfer_l2: float
    chamfer_l2_x1000: float
    f_score: float
    iou: float


def cloud_of(
    depth: NDArray[np.floating], intrinsics: PinholeIntrinsics, stride: int = 1
) -> NDArray[np.float32]:
    """Points ``(M, 3)`` in metres of every ``stride``-th pixel with depth up to `MAX_DEPTH`.

    Raises:
        InvalidDepthError: if depth and intrinsics differ in size.
    """
    points = back_project(depth, intrinsics)[::stride, ::stride].reshape(-1, 3)
    with np.errstate(invalid="ignore"):
        return points[points[:, 2] <= MAX_DEPTH]


def cloud_distance(points: NDArray[np.floating], reference: NDArray[np.floating]) -> CloudDistance:
    """Chamfer L2, F-score and IoU of ``points (M, 3)`` against ``reference (K, 3)``, metres.

    Raises:
        InvalidDepthError: if either cloud is empty.
    """
    if len(points) == 0 or len(reference) == 0:
        raise InvalidDepthError(
            f"clouds of {len(points)} and {len(reference)} points: expected points in both"
        )
    forward = cKDTree(reference).query(points)[0]
    backward = cKDTree(points).query(reference)[0]
    side = float(np.ptp(reference, axis=0).max())
    chamfer = float(np.mean(forward**2) + np.mean(backward**2))
    threshold = F_SCORE_SHARE * side
    precision, recall = float(np.mean(forward <= threshold)), float(np.mean(backward <= threshold))
    together = precision + recall
    return CloudDistance(
        chamfer_l2=chamfer,
        chamfer_l2_x1000=chamfer / side**2 * 1000 if side > 0 else float("nan"),
        f_score=2 * precision * recall / together if together > 0 else 0.0,
        iou=_iou(points, reference, side),
    )


def _iou(points: NDArray[np.floating], reference: NDArray[np.floating], side: float) -> float:
    """Shared cells of a grid over the reference's box; points beyond the box have cells of their own."""
    cell = side / IOU_CELLS if side > 0 else 1.0
    corner = reference.min(axis=0)
    ours, theirs = (np.floor((cloud - corner) / cell).astype(np.int64) for cloud in (points, reference))
    lowest = np.minimum(ours.min(axis=0), theirs.min(axis=0))
    size = np.maximum(ours.max(axis=0), theirs.max(axis=0)) - lowest + 1
    mine, other = (np.unique(np.ravel_multi_index((cells - lowest).T, size)) for cells in (ours, theirs))
    shared = len(np.intersect1d(mine, other, assume_unique=True))
    return shared / (len(mine) + len(other) - shared)
