"""Pictures for people: depth, differences and maps with titles, units and colour bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PanelKind = Literal["color", "depth", "difference", "validity", "map"]

_COLORMAPS: dict[PanelKind, str] = {
    "depth": "turbo",
    "difference": "RdBu_r",
    "validity": "gray",
    "map": "magma",
}
_HOLE = "black"
_MISSING_DIFFERENCE = "0.25"
_PANEL_WIDTH = 4.2


@dataclass(frozen=True)
class Panel:
    """One labelled image.

    Attributes:
        title: Shown above the image.
        image: ``color``: ``(H, W, 3) uint8``; ``depth``: ``(H, W)``, 0 or not finite = invalid, drawn black;
            ``difference``: ``(H, W)`` signed, NaN = not defined, drawn dark grey; ``validity``: ``(H, W)``
            bool; ``map``: ``(H, W)``, NaN = not defined.
        kind: How the values are coloured.
        unit: Of the values, written at the colour bar, e.g. ``"m"``.
        range: Values at the ends of the colour bar; None = from the image (the 1st to the 99th percentile of
            depths, a symmetric range that holds 98 % of differences, the extremes of a map).

    Raises:
        InvalidParameterError: if the image does not have the shape of its kind.
    """

    title: str
    image: NDArray[Any]
    kind: PanelKind = "depth"
    unit: str = ""
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        wanted = "(H, W, 3)" if self.kind == "color" else "(H, W)"
        shape = self.image.shape
        if len(shape) != (3 if self.kind == "color" else 2) or (self.kind == "color" and shape[2] != 3):
            raise InvalidParameterError(
                f"panel {self.title!r} ({self.kind}) has shape {shape}: expected {wanted}"
            )


def color_range(panel: Panel) -> tuple[float, float]:
    """Values at the ends of a panel's colour bar."""
    if panel.range is not None:
        return panel.range
    values = np.asarray(panel.image, dtype=np.float64)
    values = (
        values[np.isfinite(values) & (values > 0)] if panel.kind == "depth" else values[np.isfinite(values)]
    )
    if panel.kind == "validity" or values.size == 0:
        return 0.0, 1.0
    if panel.kind == "difference":
        # Differences are mostly zero where a model only makes holes: an empty range would not draw.
        half = max(float(np.percentile(np.abs(values), 98)), 1e-6)
        return -half, half
    low, high = np.percentile(values, (1, 99)) if panel.kind == "depth" else (values.min(), values.max())
    return float(low), float(max(high, low + 1e-6))


def _draw(figure: Figure, axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])
    if panel.kind == "color":
        axes.imshow(panel.image, interpolation="nearest")
        return
    import matplotlib

    colors = matplotlib.colormaps[_COLORMAPS[panel.kind]].with_extremes(
        bad=_MISSING_DIFFERENCE if panel.kind == "difference" else _HOLE
    )
    values = np.asarray(panel.image, dtype=np.float64)
    missing = ~np.isfinite(values) | ((values <= 0) if panel.kind == "depth" else False)
    low, high = color_range(panel)
    drawn = axes.imshow(
        np.ma.masked_array(values, missing), cmap=colors, vmin=low, vmax=high, interpolation="nearest"
    )
    if panel.kind == "validity":
        return
    inside = values[~missing]
    below, above = bool((inside < low).any()), bool((inside > high).any())
    extend = "both" if below and above else "min" if below else "max" if above else "neither"
    bar = figure.colorbar(drawn, ax=axes, fraction=0.035, pad=0.02, extend=extend)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(panel.unit, fontsize=9)


def depth_panels(
    panels: Sequence[Panel] | Sequence[Sequence[Panel]], path: Path | str, title: str | None = None
) -> Path:
    """Draw panels side by side (or rows of panels) into a PNG.

    Args:
        panels: One row of panels, or several rows.
        path: Of the picture; its folder is made.
        title: Above all panels.

    Returns:
        ``path``.

    Raises:
        InvalidParameterError: if there is nothing to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows: list[list[Panel]] = []
    for entry in panels:
        if not isinstance(entry, Panel):
            rows.append(list(entry))
        elif rows:
            rows[0].append(entry)
        else:
            rows.append([entry])
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        raise InvalidParameterError("no panels to draw: expected at least one")
    first = rows[0][0].image
    height = _PANEL_WIDTH * 0.82 * first.shape[0] / first.shape[1] + 0.35
    figure = Figure(
        figsize=(_PANEL_WIDTH * columns, height * len(rows) + (0.4 if title else 0.0)), layout="constrained"
    )
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, axes_row in zip(rows, grid, strict=True):
        for axes in axes_row[len(row) :]:
            axes.set_visible(False)
        for axes, panel in zip(axes_row, row, strict=False):
            _draw(figure, axes, panel)
    if title:
        figure.suptitle(title, fontsize=13)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=100)
    return target
