"""The tables that `reald2iff bench realism` prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from reald2iff.bench.frames import PairedFrames
from reald2iff.bench.report import print_table

TOLD_APART = {
    "method": "method",
    "accuracy_16": "two-sample 16",
    "ci95_16": "95 %",
    "auc_16": "AUC 16",
    "accuracy_64": "two-sample 64",
    "ci95_64": "95 % ",
    "auc_64": "AUC 64",
    "frechet_distance": "Frechet",
    "fingerprint_distance": "fingerprint",
}
_NOISE = {
    "method": "method",
    "hole_ratio": "hole ratio",
    "hole_ratio_error": "its error",
    "hole_iou": "hole IoU",
    "hole_edge_error": "by edges",
    "residual_spread_px": "spread px",
    "spectrum_distance_db": "spectrum dB",
    "miou": "mIoU",
    "chamfer_l2_x1000": "Chamfer",
    "f_score": "F-score",
    "ms_per_frame": "ms/frame",
    "ms_per_frame_iqr": "IQR",
}


def print_paired(rows: Sequence[dict[str, Any]], sensor: dict[str, Any], frames: PairedFrames) -> None:
    """Print what tells a method from the sensor, then how its noise and points differ."""
    views = f"{len(frames)} held-out views of {len(np.unique(frames.scene))} scenes"
    print_table(
        f"Told from the sensor: 0.5 = not at all, 1 = always; {views}",
        [told_apart(row) for row in rows],
        TOLD_APART,
    )
    print_table(
        f"Noise and points (mIoU, Chamfer and F-score reward too little noise); the sensor itself: "
        f"hole ratio {sensor['hole_ratio']:.4f}, spread {sensor['residual_spread_px']:.3f} px",
        rows,
        _NOISE,
    )


def print_unpaired(unpaired: dict[str, Any]) -> None:
    """Print a table for each source of real frames, and on standard error why one has none."""
    for source in unpaired.get("sources", ()):
        for problem in source["problems"]:
            print(f"real frames, {source['name']}: no figures: {problem}", file=sys.stderr)
        if source["rows"]:
            kind = "registered" if source["registered"] else "native"
            print_table(
                f"Told from real frames: {source['name']} ({kind}), {source['tested']} of "
                f"{source['frames']} frames tested; even a perfect model stays above 0.5",
                [told_apart(row) for row in source["rows"]],
                {key: text for key, text in TOLD_APART.items() if key != "frechet_distance"},
            )


def told_apart(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its two-sample figures as columns of their own."""
    flat = dict(row)
    for size in (16, 64):
        figures = row[f"two_sample_{size}"]
        low, high = figures["ci95"]
        flat |= {
            f"accuracy_{size}": figures["accuracy"],
            f"auc_{size}": figures["auc"],
            f"ci95_{size}": f"{low:.3f}-{high:.3f}",
        }
    return flat
