"""Reading a pair data set as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError
from reald2iff.pairs.format import SPLITS, Split, read_index, read_shard


@dataclass(frozen=True)
class PairArrays:
    """All views of one split; 16-bit integers as on disk, to be scaled a batch at a time.

    Attributes:
        clean_disparity: ``(N, H, W) uint16`` in 1/512 px, 0 = invalid.
        sensor_disparity: ``(N, H, W) uint16`` in 1/32 px, 0 = invalid.
        redrawn: ``sensor_disparity`` of a second draw of noise and materials; None in the training split.
        scene: ``(N,) int64``; views of one scene are neighbours.
        focal_baseline: ``(N,) float32`` metres times px: depth = focal_baseline / disparity.
        kind: ``(N,)`` strings, the sort of scene.
        strength: ``(N,) float32`` how bad the sensor's noise was set, 1 = as fitted.
        density: ``(N,) float32`` its preset, see `reald2iff.sensors.setting.PRESETS`.
    """

    clean_disparity: NDArray[np.uint16]
    sensor_disparity: NDArray[np.uint16]
    redrawn: NDArray[np.uint16] | None
    scene: NDArray[np.int64]
    focal_baseline: NDArray[np.float32]
    kind: NDArray[np.str_]
    strength: NDArray[np.float32]
    density: NDArray[np.float32]


_STORED_AS = {
    "clean_disparity": "clean_disparity",
    "sensor_disparity": "sensor_disparity",
    "redrawn": "sensor_disparity_redrawn",
    "scene": "scene",
    "focal_baseline": "focal_baseline",
    "kind": "kind",
    "strength": "strength",
    "density": "density",
}
"""Names of the arrays in a `Shard`."""


def holds(folder: Path | str, split: Split) -> bool:
    """Whether a data set has any view of a split yet.

    Raises:
        DatasetError: for a folder without an index.
    """
    return bool(_present(Path(folder), split))


def _present(folder: Path, split: Split) -> list[dict[str, Any]]:
    """Shards of a split that are made."""
    entries = read_index(folder)["shards"]
    return [e for e in entries if e["split"] == split and e["views"] and (folder / e["name"]).exists()]


def load_pairs(folder: Path | str, split: Split, limit: int | None = None) -> PairArrays:
    """Load the views of a split; shards that are not made yet are left out, so a growing set can be read.

    Args:
        folder: Made by `reald2iff pairs generate`.
        split: ``"train"``, ``"val"`` or ``"test"``.
        limit: At most this many views, the first ones.

    Raises:
        DatasetError: for a folder without an index, another split, a damaged shard, or none at all.
    """
    folder = Path(folder)
    if split not in SPLITS:
        raise DatasetError(f"split {split!r}: expected one of {', '.join(SPLITS)}")
    present = _present(folder, split)
    total = sum(entry["views"] for entry in present)
    total = total if limit is None else min(total, limit)
    if total == 0:
        raise DatasetError(f"{folder}: no {split} shard yet: let 'reald2iff pairs generate' run on")
    arrays: dict[str, NDArray | None] = {}
    filled = 0
    for entry in present:
        if filled == total:
            break
        shard = read_shard(folder / entry["name"])
        count = min(len(shard.scene), total - filled)
        # One shard at a time into arrays of the final size: the peak stays near what is returned.
        for name, stored in _STORED_AS.items():
            part = getattr(shard, stored)
            if name not in arrays:
                arrays[name] = None if part is None else np.empty((total, *part.shape[1:]), part.dtype)
            target = arrays[name]
            if target is not None:
                target[filled : filled + count] = part[:count]
        filled += count
    return PairArrays(**arrays)  # type: ignore[arg-type]
