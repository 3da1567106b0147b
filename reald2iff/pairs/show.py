"""`reald2iff pairs show`: some pairs of a data set side by side, as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import disparity_to_depth
from reald2iff.pairs.dataset import PairArrays, load_pairs
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS, decode_disparity
from reald2iff.pictures import Panel, depth_panels

_RESIDUAL_RANGE = (-1.0, 1.0)


@dataclass(frozen=True)
class ShowConfig:
    """Options of `reald2iff pairs show`."""

    folder: Path
    """Data set made by `reald2iff pairs generate`; it may still be growing."""
    out: Path = Path("pairs.png")
    """Picture to write."""
    split: Literal["train", "val", "test"] = "test"
    """val and test also show the second draw of noise and materials."""
    count: int = 8
    """Views."""
    seed: int = 0
    """Draws the views."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidParameterError(f"count = {self.count}: expected at least 1")


def show(config: ShowConfig) -> int:
    """Draw random views: clean depth, sensor depth, their difference in disparity; returns the exit status.

    Raises:
        DatasetError: if the folder holds no such split.
    """
    pairs = load_pairs(config.folder, config.split)
    count = min(config.count, len(pairs.scene))
    chosen = np.sort(np.random.default_rng(config.seed).choice(len(pairs.scene), count, replace=False))
    title = f"{config.folder.resolve().name}: {count} of {len(pairs.scene)} {config.split} views"
    path = depth_panels([_row(pairs, int(view)) for view in chosen], config.out, title)
    Console(stderr=True).print(f"wrote {path}")
    return 0


def _row(pairs: PairArrays, view: int) -> list[Panel]:
    focal_baseline = float(pairs.focal_baseline[view])
    clean = decode_disparity(pairs.clean_disparity[view], CLEAN_STEPS)
    clean_depth = disparity_to_depth(clean, focal_baseline, 1.0)
    seen = clean_depth[clean_depth > 0]
    # One range for the row, so that equal colours are equal depths.
    depths = tuple(np.percentile(seen, (1, 99))) if seen.size else (0.0, 1.0)
    name = f"{pairs.kind[view]}, scene {pairs.scene[view]}"
    row = [Panel(f"clean ({name})", clean_depth, "depth", "m", depths)]
    sensed = [("sensor", pairs.sensor_disparity)]
    if pairs.redrawn is not None:
        sensed.append(("sensor redrawn", pairs.redrawn))
    for label, images in sensed:
        disparity = decode_disparity(images[view], SENSOR_STEPS)
        holes = np.mean(disparity[clean > 0] == 0) if seen.size else 0.0
        depth = disparity_to_depth(disparity, focal_baseline, 1.0)
        row.append(Panel(f"{label} ({holes:.1%} holes)", depth, "depth", "m", depths))
        residual = np.where((disparity > 0) & (clean > 0), disparity - clean, np.nan)
        row.append(Panel(f"{label} - clean", residual, "difference", "px of disparity", _RESIDUAL_RANGE))
    return row
