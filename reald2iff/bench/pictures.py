"""One view by every method, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import PairedFrames
from reald2iff.geometry import disparity_to_depth
from reald2iff.metrics.residual import residual
from reald2iff.pictures import Panel, color_range, depth_panels

_COLUMNS = 5
_RESIDUAL_RANGE = (-0.5, 0.5)


def draw_methods(
    frames: PairedFrames, index: int, generated: Mapping[str, NDArray[np.float32]], path: Path
) -> Path:
    """Depth of the sensor and of every method, the disparity residual below each.

    Args:
        frames: Test views.
        index: The one to draw.
        generated: Disparity ``(H, W)``, px, by method.
        path: Of the PNG.

    Returns:
        ``path``.
    """
    images = {"sensor (reference)": frames.sensor[index], **generated}
    fx, clean = frames.intrinsics(index).fx, frames.clean[index]
    shared = color_range(Panel("clean", frames.clean_depth(index), "depth"))
    rows: list[list[Panel]] = []
    names = list(images)
    for start in range(0, len(names), _COLUMNS):
        chosen = names[start : start + _COLUMNS]
        rows.append(
            [
                Panel(name, disparity_to_depth(images[name], fx, frames.baseline), "depth", "m", shared)
                for name in chosen
            ]
        )
        rows.append(
            [
                Panel(f"{name}: residual", residual(images[name], clean), "difference", "px", _RESIDUAL_RANGE)
                for name in chosen
            ]
        )
    return depth_panels(rows, path, f"One held-out view, scene {int(frames.scene[index])}; holes are black")
