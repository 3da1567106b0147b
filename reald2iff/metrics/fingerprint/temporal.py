"""How depth changes from frame to frame where nothing moves: from a burst of a static scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.fingerprint.features import Statistic, pooled, spread
from reald2iff.metrics.fingerprint.patches import cut_patches
from reald2iff.metrics.fingerprint.view import View

_MIN_FRAMES = 2
_MAX_MOTION = 1.0
"""Pixels whose disparity spans more than this are edges that flicker, not surfaces, px."""

_MIN_VALID = 0.97
_CLIP = 1.0


def measure_burst(views: Sequence[View]) -> dict[str, Statistic | None]:
    """Features of consecutive frames of a static scene.

    Raises:
        InvalidParameterError: for fewer than 2 frames, or frames of different sizes.
    """
    shapes = {view.disparity.shape for view in views}
    if len(views) < _MIN_FRAMES or len(shapes) != 1:
        raise InvalidParameterError(
            f"a burst of {len(views)} frames of sizes {sorted(shapes)}: expected at least {_MIN_FRAMES} "
            "of one size"
        )
    disparity = np.stack([view.disparity for view in views])
    valid = disparity > 0
    held = disparity[:, valid.all(axis=0)]
    steady = held[:, np.ptp(held, axis=0) < _MAX_MOTION]
    changes = [float((now ^ after).mean()) for now, after in pairwise(valid)]
    stays = [float((~now & ~after).sum() / (~now).sum()) for now, after in pairwise(valid) if not now.all()]
    return {
        "temporal_std": spread(steady.std(axis=0, ddof=1)) if steady.size else None,
        "flicker": pooled(float(np.mean(changes)), len(changes)),
        "hole_persistence": pooled(float(np.mean(stays)), len(stays)) if stays else None,
        **_plane_changes(views[0], disparity),
    }


def _plane_changes(first: View, disparity: NDArray[np.float32]) -> dict[str, Statistic | None]:
    """What of the noise on planes changes with time, and how alike consecutive frames are."""
    patches = cut_patches(first)
    side = patches.residual.shape[-1]
    ramp = np.arange(side) / side - 0.5
    x, y = np.broadcast_to(ramp, (side, side)), np.broadcast_to(ramp[:, None], (side, side))
    plane = np.stack([x.ravel(), y.ravel(), np.ones(side * side)], axis=1)
    project = np.linalg.pinv(plane)
    shares, likeness = [], []
    for row, column in patches.origins:
        window = disparity[:, row : row + side, column : column + side].reshape(len(disparity), -1)
        valid = window > 0
        if valid.mean() <= _MIN_VALID:
            continue
        level = np.array([np.median(values[inside]) for values, inside in zip(window, valid, strict=True)])
        filled = np.where(valid, window, level[:, None])
        residual = np.where(valid, np.clip(filled - (filled @ project.T) @ plane.T, -_CLIP, _CLIP), 0)
        total = residual.std()
        if total <= 0:
            continue
        shares.append(np.sqrt(residual.var(axis=0, ddof=1).mean()) / total)
        power = (residual**2).mean(axis=1)
        products = (residual[1:] * residual[:-1]).mean(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            likeness.append(np.mean(products / np.sqrt(power[1:] * power[:-1])))
    return {"temporal_share": spread(shares), "temporal_correlation": spread(likeness)}
