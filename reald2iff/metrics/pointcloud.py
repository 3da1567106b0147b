"""Chamfer distance and F-score between the point clouds of two depth images.

As in Stable-Sim2Real (section 4.2, after DisCo), which RealD2iff follows: Chamfer L2 is the mean squared
distance to the nearest point of the other cloud, summed over both directions; the F-score is the harmonic
mean of the shares of points that lie within a threshold of the other cloud. Both papers first scale the
reference to a box of side 1, take 1 % of it as the threshold and report Chamfer L2 times 1000; what they
scale by is lost where scenes replace objects, so that the distance in square millimetres is given too.

Both reward a model that predicts the mean (less noise than the sensor itself): never choose by them alone.
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

MAX_DEPTH = 8.0
"""Metres; beyond it depth of a D435 is not used, and single far points would decide the distance."""


@dataclass(frozen=True)
class CloudDistance:
    """How far two point clouds are apart.

    Attributes:
        chamfer_l2: Square metres, both directions summed.
        chamfer_l2_x1000: With the reference's longest side scaled to 1, times 1000, as the papers print it.
        f_score: Share in [0, 1] at a threshold of 1 % of the reference's longest side.
    """

    chamfer_l2: float
    chamfer_l2_x1000: float
    f_score: float


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
    """Chamfer L2 and F-score of ``points (M, 3)`` against ``reference (K, 3)``, metres.

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
    )
