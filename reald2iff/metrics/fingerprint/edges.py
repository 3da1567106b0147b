"""Bands without depth at depth edges, by the side of the foreground that they lie on and the edge's jump.

Along a scan line, consecutive flat pixels whose disparities differ by a jump are the two sides of an edge.
What lies between them is the band (holes) and the ramp (valid pixels on neither side).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.features import Statistic, spread
from reald2iff.metrics.fingerprint.view import View

JUMP_CLASSES = ((2.0, 4.0), (4.0, 8.0), (8.0, 16.0), (16.0, 40.0))
"""Classes of the jump of disparity, px."""

SIDES = ("left", "right", "top", "bottom")

_HALF_WINDOW = 2
_FLAT_RANGE = 0.6
"""A pixel is flat if its window along the scan line is valid and spans less than this disparity, px."""
_MAX_GAP = 70
_MIN_JUMP = 2.0
_MIN_TRANSITIONS = 50
_MIN_OF_FRAME = 30


def find_transitions(view: View) -> dict[str, NDArray[np.float32]]:
    """Edges of a frame by the side of the foreground that they lie on (`SIDES`).

    Returns:
        ``(N, 3)`` each: jump (px of disparity, positive), width of the band and of the ramp (native px).
    """
    result = {}
    for names, disparity in (
        (("left", "right"), view.disparity),
        (("top", "bottom"), np.ascontiguousarray(view.disparity.T)),
    ):
        flat = _FLAT_RANGE if view.scale <= 1 else _FLAT_RANGE / view.scale
        found = _transitions(disparity, flat, _HALF_WINDOW, round(_MAX_GAP * view.scale), _MIN_JUMP)
        found[:, 1:] /= view.scale
        # Where disparity rises along the scan, the near surface begins: the band is on its left (or top).
        rising = found[:, 0] > 0
        found[:, 0] = np.abs(found[:, 0])
        result[names[0]], result[names[1]] = found[rising], found[~rising]
    return result


def summarise_edges(frames: Sequence[Mapping[str, NDArray[np.float32]]]) -> dict[str, Statistic | None]:
    """Features of the edges of all frames."""
    features: dict[str, Statistic | None] = {}
    for side in SIDES:
        per_frame = [frame[side] for frame in frames]
        pool = np.concatenate(per_frame)
        for low, high in JUMP_CLASSES:
            chosen = pool[(pool[:, 0] >= low) & (pool[:, 0] < high)]
            features[f"band_{side}_{low:.0f}_{high:.0f}"] = spread(chosen[:, 1], _MIN_TRANSITIONS)
        enough = [found for found in per_frame if len(found) > _MIN_OF_FRAME]
        features[f"ramp_{side}"] = spread([np.median(found[:, 2]) for found in enough])
        features[f"no_band_{side}"] = spread([np.mean(found[:, 1] == 0) for found in enough])
    return features


@nb.njit(cache=True)
def _transitions(disparity: NDArray, flat: float, half: int, max_gap: int, min_jump: float) -> NDArray:
    height, width = disparity.shape
    # Each ends with a flat window of its own, so that no more fit.
    found = np.empty((height * (width // 2 + 1), 3), np.float32)
    count = 0
    for y in range(height):
        last = -1
        for x in range(half, width - half):
            lowest = highest = disparity[y, x]
            for k in range(x - half, x + half + 1):
                lowest = min(lowest, disparity[y, k])
                highest = max(highest, disparity[y, k])
            if lowest <= 0 or highest - lowest >= flat:
                continue
            if last >= 0 and x - last - 1 <= max_gap:
                start = disparity[y, last]
                jump = disparity[y, x] - start
                if abs(jump) > min_jump:
                    band = ramp = 0
                    for k in range(last + 1, x):
                        if disparity[y, k] <= 0:
                            band += 1
                        elif 0.1 < (disparity[y, k] - start) / jump < 0.9:
                            ramp += 1
                    found[count, 0] = jump
                    found[count, 1] = band
                    found[count, 2] = ramp
                    count += 1
            last = x
    return found[:count].copy()
