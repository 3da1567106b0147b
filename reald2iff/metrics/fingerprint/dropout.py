"""Holes inside the image: how many, how large, how often by distance to a depth edge and by disparity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.features import Statistic, spread
from reald2iff.metrics.fingerprint.view import DISPARITY_CLASSES, View
from reald2iff.metrics.holes import EDGE_DISTANCES, edge_distance

_AREAS = {
    "1": (0.0, 1.5),
    "2_8": (1.5, 8.5),
    "9_64": (8.5, 64.5),
    "65_512": (64.5, 512.5),
    "more": (512.5, np.inf),
}
"""Classes of a hole's area, native px^2."""

_FAR_FROM_EDGES = 10.0
"""Rates by disparity count pixels so far from any edge, native px."""

_MIN_PIXELS = 2000
"""A frame says something of a class of disparity if it has so many pixels of it."""

EDGE_CLASS_NAMES = ("0_2", "2_5", "5_10", "10_20", "20_up")
DISPARITY_CLASS_NAMES = ("4_8", "8_12", "12_16", "16_24", "24_40", "40_up")


@dataclass(frozen=True)
class HoleCounts:
    """Holes of one frame, right of the left border band.

    Attributes:
        everywhere: Share of the whole image without depth, the band included.
        interior: Share of the interior without depth.
        components_per_megapixel: Holes (8-connected) per million native pixels.
        area_shares: ``(5,)`` share of the holes in each class of area.
        edge_rates: ``(5,)`` share without depth by distance to an edge (`EDGE_DISTANCES`); NaN: no pixels.
        disparity_rates: ``(6,)`` the same by disparity, away from edges.
    """

    everywhere: float
    interior: float
    components_per_megapixel: float
    area_shares: NDArray[np.float64]
    edge_rates: NDArray[np.float64]
    disparity_rates: NDArray[np.float64]


def count_holes(view: View) -> HoleCounts:
    """Count the holes of a frame."""
    holes = ~view.valid & view.interior
    seen = max(int(view.interior.sum()), 1)
    components, _, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA] / view.scale**2
    shares = [((areas > low) & (areas <= high)).sum() / max(areas.size, 1) for low, high in _AREAS.values()]
    filled = fill_rows(view.disparity)
    distance = edge_distance(filled) / view.scale
    far = view.interior & (distance > _FAR_FROM_EDGES)
    return HoleCounts(
        everywhere=1 - float(view.valid.mean()),
        interior=float(holes.sum() / seen),
        components_per_megapixel=(components - 1) * 1e6 * view.scale**2 / seen,
        area_shares=np.array(shares),
        edge_rates=_rates(np.digitize(distance, EDGE_DISTANCES), view.interior, holes, 5, 1),
        # The first class, below 4 px, lies beyond what the other classes cover.
        disparity_rates=_rates(np.digitize(filled, DISPARITY_CLASSES), far, holes, 7, _MIN_PIXELS)[1:],
    )


def summarise_holes(frames: Sequence[HoleCounts]) -> dict[str, Statistic | None]:
    """Features of all frames: the median frame and its quartiles."""
    features = {
        "holes_everywhere": spread([frame.everywhere for frame in frames]),
        "holes_interior": spread([frame.interior for frame in frames]),
        "holes_per_megapixel": spread([frame.components_per_megapixel for frame in frames]),
    }
    for index, name in enumerate(_AREAS):
        features[f"holes_area_{name}"] = spread([frame.area_shares[index] for frame in frames])
    for index, name in enumerate(EDGE_CLASS_NAMES):
        features[f"holes_edge_{name}"] = spread([frame.edge_rates[index] for frame in frames])
    for index, name in enumerate(DISPARITY_CLASS_NAMES):
        features[f"holes_disparity_{name}"] = spread([frame.disparity_rates[index] for frame in frames])
    return features


def _rates(
    group: NDArray[np.intp], counted: NDArray[np.bool_], holes: NDArray[np.bool_], classes: int, at_least: int
) -> NDArray[np.float64]:
    chosen = group[counted]
    total = np.bincount(chosen, minlength=classes)
    empty = np.bincount(chosen, holes[counted], minlength=classes)
    return np.where(total >= at_least, empty / np.maximum(total, 1), np.nan)


@nb.njit(cache=True)
def fill_rows(disparity: NDArray) -> NDArray:
    """``(H, W)`` with holes filled by the smaller of the row's next valid disparities: the background's."""
    height, width = disparity.shape
    filled = disparity.copy()
    for y in range(height):
        x = 0
        before = np.float32(0)
        while x < width:
            if disparity[y, x] > 0:
                before = disparity[y, x]
                x += 1
                continue
            start = x
            while x < width and disparity[y, x] <= 0:
                x += 1
            after = disparity[y, x] if x < width else np.float32(0)
            value = min(before, after) if before > 0 and after > 0 else max(before, after)
            for k in range(start, x):
                filled[y, k] = value
    return filled
