"""Holes: where the sensor, or a model of it, gives no depth although there is something to see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

EDGE_STEP = 1.5
"""A step of the clean disparity from one pixel to the next, px, beyond which it is a depth edge."""

EDGE_DISTANCES = (2.0, 5.0, 10.0, 20.0)
"""Limits between the classes of distance to the nearest edge, px: 0-2, 2-5, 5-10, 10-20 and beyond."""


def hole_mask(noisy: NDArray[np.floating], clean: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels ``(..., H, W)`` with clean but no noisy depth (or disparity); 0 = invalid in both."""
    return (np.asarray(noisy) <= 0) & (np.asarray(clean) > 0)


def hole_ratio(noisy: NDArray[np.floating], clean: NDArray[np.floating]) -> float:
    """Share of the pixels with clean depth that are holes; NaN where there are none."""
    seen = int((np.asarray(clean) > 0).sum())
    return float(hole_mask(noisy, clean).sum() / seen) if seen else float("nan")


def hole_ratio_error(
    noisy: NDArray[np.floating], sensor: NDArray[np.floating], clean: NDArray[np.floating]
) -> float:
    """``|ratio - sensor's ratio| / sensor's ratio``; NaN if the sensor has no holes."""
    wanted = hole_ratio(sensor, clean)
    return abs(hole_ratio(noisy, clean) - wanted) / wanted if wanted > 0 else float("nan")


def hole_iou(noisy: NDArray[np.floating], sensor: NDArray[np.floating], clean: NDArray[np.floating]) -> float:
    """Intersection over union of two sets of holes; 1 if neither has any.

    Two draws of the same sensor do not reach 1: read it beside the sensor redrawn.
    """
    ours, theirs = hole_mask(noisy, clean), hole_mask(sensor, clean)
    union = int((ours | theirs).sum())
    return float((ours & theirs).sum() / union) if union else 1.0


def edge_distance(clean_disparity: NDArray[np.floating]) -> NDArray[np.float32]:
    """Distance ``(H, W) float32`` in px of each pixel to the nearest depth edge; infinite without edges.

    A pixel is on an edge if the clean disparity ``(H, W)`` steps by more than `EDGE_STEP` to a neighbour.
    What is invalid is as if infinitely far away (disparity 0).
    """
    disparity = np.asarray(clean_disparity, dtype=np.float32)
    across = np.abs(np.diff(disparity, axis=1)) > EDGE_STEP
    down = np.abs(np.diff(disparity, axis=0)) > EDGE_STEP
    edge = np.zeros(disparity.shape, dtype=bool)
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    if not edge.any():
        return np.full(disparity.shape, np.inf, dtype=np.float32)
    return ndimage.distance_transform_edt(~edge).astype(np.float32)


def hole_rate_by_edge_distance(
    noisy: NDArray[np.floating],
    clean_disparity: NDArray[np.floating],
    distance: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """Share of holes in each class of `EDGE_DISTANCES`.

    Args:
        noisy: ``(N, H, W)`` depth or disparity, 0 = invalid.
        clean_disparity: ``(N, H, W)`` px, 0 = invalid.
        distance: ``(N, H, W)`` from `edge_distance`, if already at hand.

    Returns:
        ``(5,)``; NaN for a class without pixels.
    """
    if distance is None:
        distance = np.stack([edge_distance(frame) for frame in clean_disparity])
    seen = np.asarray(clean_disparity) > 0
    group = np.digitize(distance[seen], EDGE_DISTANCES)
    classes = len(EDGE_DISTANCES) + 1
    count = np.bincount(group, minlength=classes)
    holes = np.bincount(group, hole_mask(noisy, clean_disparity)[seen], minlength=classes)
    with np.errstate(invalid="ignore"):
        return holes / count
