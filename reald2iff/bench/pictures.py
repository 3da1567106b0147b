"""One view by every method, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import PairedFrames
from reald2iff.bench.slider import Slide
from reald2iff.geometry import disparity_to_depth
from reald2iff.metrics.holes import hole_ratio
from reald2iff.metrics.residual import residual
from reald2iff.pictures import Panel, color_range, depth_panels

_COLUMNS = 5
_RESIDUAL_RANGE = (-0.5, 0.5)


def typical_frames(frames: PairedFrames, count: int) -> list[int]:
    """Views for pictures, of different scenes: first that of median hole ratio, then by and by the others.

    Args:
        frames: Test views.
        count: At most so many, spread evenly over the hole ratios.
    """
    ratios = np.array([hole_ratio(s, c) for s, c in zip(frames.sensor, frames.clean, strict=True)])
    order = np.argsort(ratios, kind="stable")
    ranks = [len(order) // 2, *np.linspace(0, len(order) - 1, count + 1).astype(int)[1:-1]]
    chosen: list[int] = []
    for rank in ranks:
        taken = {int(frames.scene[index]) for index in chosen}
        free = [int(index) for index in order[rank:] if int(frames.scene[index]) not in taken]
        chosen += free[:1]
    return chosen[:count]


def paired_slides(
    frames: PairedFrames, indices: Sequence[int], shown: Mapping[str, NDArray[np.float32]]
) -> list[Slide]:
    """Views for the report's slider.

    Args:
        frames: Test views.
        indices: Those to show.
        shown: Their disparity ``(S, H, W)``, px, by method.
    """
    return [
        Slide(
            f"scene {int(frames.scene[index])}, view {index}",
            frames.clean[index],
            {"sensor": frames.sensor[index], **{name: images[at] for name, images in shown.items()}},
        )
        for at, index in enumerate(indices)
    ]


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
