"""Plots of an ablation: every training a dot, variants side by side; or accuracy against size and steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANELS = {
    "accuracy_16": "two-sample accuracy, 16 px",
    "accuracy_64": "two-sample accuracy, 64 px",
    "spectrum_distance_db": "spectrum distance, dB",
    "hole_iou": "hole IoU",
    "residual_spread_px": "residual spread, px",
    "f_score": "F-score",
}
_SIZE_PANELS = ("accuracy_16", "accuracy_64", "spectrum_distance_db")
_REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": "--", "linewidth": 1}


def draw_study(payload: dict[str, Any], path: Path) -> Path:
    """Draw what `bench ablation` measured.

    Args:
        payload: Its JSON.
        path: Of the PNG.

    Returns:
        ``path``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    by_size = payload["study"] == "size"
    panels = [
        n for n in (_SIZE_PANELS if by_size else _PANELS) if _column(payload["reference"], n) is not None
    ]
    variants = len(payload["variants"])
    columns = 3
    rows = -(-len(panels) // columns)
    height = 3.4 if by_size else 1.3 + 0.42 * variants
    figure = Figure(figsize=(4.6 * columns, height * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    for index, (axes, name) in enumerate(zip(grid, panels, strict=False)):
        if by_size:
            _draw_scaling(axes, payload, name)
        else:
            _draw_variants(axes, payload, name, labelled=index % columns == 0)
        axes.set_title(_PANELS[name], fontsize=10)
        axes.tick_params(labelsize=9)
        axes.grid(alpha=0.3)
    if by_size:
        grid[0].legend(fontsize=8, title="parameters", title_fontsize=8)
    seeds, scenes = payload["meta"]["options"]["seeds"], payload["meta"]["scenes"]
    figure.suptitle(
        f"Study {payload['study']}: {seeds} seed(s), {scenes} validation scenes; dashed: the sensor redrawn, "
        "as near as a perfect model gets",
        fontsize=11,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def _column(row: dict[str, Any], name: str) -> float | None:
    if name.startswith("accuracy_"):
        return row["two_sample_" + name.removeprefix("accuracy_")]["accuracy"]
    return row.get(name)


def _values(rows: list[dict[str, Any]], name: str) -> list[float]:
    return [value for row in rows if (value := _column(row, name)) is not None]


def _draw_variants(axes: Axes, payload: dict[str, Any], name: str, labelled: bool) -> None:
    entries = payload["variants"]
    for position, entry in enumerate(entries):
        values = _values(entry["rows"], name)
        axes.plot(values, [position] * len(values), "o", color="C0", alpha=0.55, markeredgewidth=0)
        axes.plot([np.mean(values)], [position], "|", color="C0", markersize=18, markeredgewidth=2)
    axes.axvline(_values([payload["reference"]], name)[0], **_REFERENCE)
    axes.set_yticks(range(len(entries)), [e["variant"] for e in entries] if labelled else [""] * len(entries))
    axes.set_ylim(len(entries) - 0.5, -0.5)


def _draw_scaling(axes: Axes, payload: dict[str, Any], name: str) -> None:
    base = payload["meta"]["options"]["steps"]
    widths = sorted({entry["options"]["width_factor"] for entry in payload["variants"]})
    for color, width in enumerate(widths):
        chosen = [e for e in payload["variants"] if e["options"]["width_factor"] == width]
        steps = [base * entry["options"]["steps_factor"] for entry in chosen]
        parameters = chosen[0]["rows"][0]["parameters"]
        axes.plot(
            steps,
            [np.mean(_values(entry["rows"], name)) for entry in chosen],
            "o-",
            color=f"C{color}",
            label=f"{parameters / 1e6:.1f} M",
        )
        for step, entry in zip(steps, chosen, strict=True):
            values = _values(entry["rows"], name)
            axes.plot([step] * len(values), values, ".", color=f"C{color}", alpha=0.5)
    axes.axhline(_values([payload["reference"]], name)[0], **_REFERENCE)
    axes.set_xscale("log", base=2)
    ticks = sorted({base * entry["options"]["steps_factor"] for entry in payload["variants"]})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("optimisation steps of each stage", fontsize=9)
