"""What a fit changed, for people: a table of features and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from reald2iff.calibration.fit import FitResult, RecordedSample
from reald2iff.metrics.fingerprint import Fingerprint, distance_shares
from reald2iff.metrics.fingerprint.catalogue import FEATURES

_ROWS = 12

_CURVES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "rate of holes by distance to a depth edge",
        "px",
        "holes_edge_",
        ("0_2", "2_5", "5_10", "10_20", "20_up"),
    ),
    (
        "noise on planes by disparity, px",
        "px of disparity",
        "plane_sigma_disparity_",
        ("4_8", "8_12", "12_16", "16_24", "24_40", "40_up"),
    ),
    (
        "band left of a foreground, px",
        "jump, px of disparity",
        "band_left_",
        ("2_4", "4_8", "8_16", "16_40"),
    ),
    ("power spectrum on planes, px$^2$", "frequency band", "spectrum_", ("1", "2", "3", "4", "5", "6", "7")),
)
"""Title, axis, prefix of the features and their endings."""


def fit_table(result: FitResult) -> Table:
    """The features that lay furthest apart, before and after."""
    real = result.profile.fingerprint
    table = Table(title="features furthest from the camera's")
    for heading in ("feature", "camera", "before", "after"):
        table.add_column(heading, justify="left" if heading == "feature" else "right")
    if real is None:
        return table
    before, after = (distance_shares(real, f) for f in (result.before_fingerprint, result.after_fingerprint))
    labels = {feature.name: f"{feature.group}: {feature.label}" for feature in FEATURES}
    worst = sorted(after, key=lambda name: -max(before.get(name, 0), after[name]))[:_ROWS]
    for name in worst:
        values = (real, result.before_fingerprint, result.after_fingerprint)
        table.add_row(labels[name], *(f"{f[name].median:.3g}" if name in f else "-" for f in values))
    return table


def draw_fit(result: FitResult, sample: RecordedSample, path: Path) -> Path:
    """A frame of the camera, a view by the twin before and after the fit, and the curves of all three.

    Returns:
        ``path``, a PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A frame from the middle, and the view whose distances are most like its.
    real = sample.disparities[len(sample.disparities) // 2]
    index = int(np.argmin([_gap(real, frame) for frame in result.after.frames]))
    images = (
        (f"camera ({sample.recording.name})", real),
        ("twin before, on a rendered view", result.before.frames[index]),
        ("twin after, on the same view", result.after.frames[index]),
    )
    figure = Figure(figsize=(15, 7.6), layout="constrained")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(2, 1, height_ratios=(1.15, 1))
    top, bottom = halves
    valid = np.concatenate([image[image > 0] for _, image in images])
    low, high = np.percentile(valid, (1, 99))
    axes = top.subplots(1, 3)
    for ax, (title, image) in zip(axes, images, strict=True):
        ax.set_title(title, fontsize=11)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_facecolor("black")
        drawn = ax.imshow(
            np.ma.masked_less_equal(image, 0), cmap="turbo", vmin=low, vmax=high, interpolation="nearest"
        )
    top.colorbar(drawn, ax=axes, fraction=0.02, pad=0.01, label="disparity, px (black: none)")
    for ax, (title, axis, prefix, endings) in zip(bottom.subplots(1, 4), _CURVES, strict=True):
        for name, print_, style in (
            ("camera", sample.fitted, "k-o"),
            ("before", result.before_fingerprint, "C1--s"),
            ("after", result.after_fingerprint, "C0-^"),
        ):
            ax.plot(range(len(endings)), _curve(print_, prefix, endings), style, label=name, markersize=4)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(axis, fontsize=9)
        ax.set_xticks(range(len(endings)), [e.replace("_up", "+").replace("_", "-") for e in endings])
        ax.tick_params(labelsize=8)
        ax.grid(alpha=0.3)
        if prefix == "spectrum_":
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=0)
        ax.legend(fontsize=8)
    figures = result.profile.fit
    if figures is not None:
        figure.suptitle(
            f"{result.profile.name}: fingerprint distance {figures.before:.3f} before, {figures.after:.3f} "
            f"after, {figures.held_out:.3f} to the held-out half, floor {figures.floor:.3f}",
            fontsize=13,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    return path


def _curve(found: Fingerprint, prefix: str, endings: tuple[str, ...]) -> list[float]:
    return [found[prefix + e].median if prefix + e in found else np.nan for e in endings]


def _gap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """How differently two images use disparity: the difference of their deciles, in octaves."""
    deciles = [np.log2(np.percentile(image[image > 0], np.arange(10, 100, 10))) for image in (a, b)]
    return float(np.abs(deciles[0] - deciles[1]).mean())
