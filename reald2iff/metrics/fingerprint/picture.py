"""One picture of fingerprints: what a person looks at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, D435_DEPTH
from reald2iff.metrics.fingerprint.catalogue import FEATURES
from reald2iff.metrics.fingerprint.sides import Side
from reald2iff.metrics.fingerprint.surface_noise import SPECTRUM_LIMITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ("#1f6feb", "#e8710a", "#188038", "#a142f4", "#c5221f", "#5f6368")
_JUMPS = ("4_8", "8_16", "16_40")
_SIDES = ("left", "right", "top", "bottom")
_DISPARITIES = {"4_8": 6.0, "8_12": 10.0, "12_16": 14.0, "16_24": 20.0, "24_40": 32.0}
_EDGE_DISTANCES = {"0_2": "0-2", "2_5": "2-5", "5_10": "5-10", "10_20": "10-20", "20_up": "> 20"}
_AREAS = {"1": "1", "2_8": "2-8", "9_64": "9-64", "65_512": "65-512", "more": "> 512"}
_OVER_TIME = {
    "temporal_share": "noise that\nchanges",
    "temporal_correlation": "likeness of\nneighbours",
    "hole_persistence": "holes that\nstay",
}
_LARGEST_SHARES = 10


def draw_fingerprints(sides: Sequence[Side], shares: Mapping[str, float], path: Path) -> Path:
    """Draw fingerprints over each other: medians as bars and points, quartiles as thin lines.

    Args:
        sides: At least one; each gets a colour.
        shares: What each feature adds to the distance of the first two, for a panel of the largest ones;
            empty = a panel of the features over time instead.
        path: Of the PNG; its folder is made.

    Returns:
        ``path``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(17, 8.8), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 4)
    _draw_bands(figure.add_subplot(grid[0, :2]), sides)
    _bars(figure.add_subplot(grid[0, 2]), sides, {f"holes_edge_{k}": v for k, v in _EDGE_DISTANCES.items()})
    figure.axes[-1].set(title="Holes near depth edges", xlabel="distance to the edge, px", ylabel="rate")
    _bars(figure.add_subplot(grid[0, 3]), sides, {f"holes_area_{k}": v for k, v in _AREAS.items()})
    figure.axes[-1].set(title="Sizes of holes", xlabel="area, px", ylabel="share of all holes")
    _draw_sigma(figure.add_subplot(grid[1, 0]), sides)
    _draw_spectrum(figure.add_subplot(grid[1, 1]), sides)
    _draw_far_holes(figure.add_subplot(grid[1, 2]), sides)
    last = figure.add_subplot(grid[1, 3])
    if shares:
        _draw_shares(last, shares)
    else:
        _bars(last, sides, _OVER_TIME)
        last.set(title="Over time, nothing moving", ylabel="share, correlation")
        if not any(name in side.fingerprint for side in sides for name in _OVER_TIME):
            last.text(0.5, 0.5, "no static burst recorded", ha="center", transform=last.transAxes)
    figure.legend(
        handles=[Patch(color=_color(index), label=_describe(side)) for index, side in enumerate(sides)],
        loc="outside upper center",
        ncols=min(len(sides), 3),
        fontsize=12,
        frameon=False,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    return path


def _describe(side: Side) -> str:
    floor = "" if side.floor is None else f", noise floor {side.floor:.2f}"
    return f"{side.name} ({side.stream}, {side.fingerprint.frames} frames{floor})"


def _color(index: int) -> str:
    return _COLORS[index % len(_COLORS)]


def _values(side: Side, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Medians ``(N,)``, and how far the quartiles lie below and above ``(2, N)``; NaN where absent."""
    found = [side.fingerprint.features.get(name) for name in names]
    values = np.array([[np.nan] * 3 if s is None else [s.median, s.q25, s.q75] for s in found])
    return values[:, 0], np.abs(values[:, 1:].T - values[:, 0])


def _bars(axes: Axes, sides: Sequence[Side], labels: Mapping[str, str]) -> None:
    width = 0.8 / len(sides)
    places = np.arange(len(labels))
    for index, side in enumerate(sides):
        median, spread = _values(side, list(labels))
        axes.bar(
            places + (index - (len(sides) - 1) / 2) * width,
            median,
            width * 0.92,
            color=_color(index),
            yerr=spread,
            error_kw={"elinewidth": 1, "ecolor": "0.25"},
        )
    axes.set_xticks(places, list(labels.values()), fontsize=9)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def _draw_bands(axes: Axes, sides: Sequence[Side]) -> None:
    labels = {f"band_{side}_{jump}": jump.replace("_", "-") for side in _SIDES for jump in _JUMPS}
    _bars(axes, sides, labels)
    for index, side in enumerate(_SIDES):
        middle = index * len(_JUMPS) + (len(_JUMPS) - 1) / 2
        name = {"top": "above", "bottom": "below"}.get(side, f"{side} of")
        axes.text(
            middle,
            0.97,
            f"{name} the foreground",
            ha="center",
            va="top",
            transform=axes.get_xaxis_transform(),
        )
        if index:
            axes.axvline(index * len(_JUMPS) - 0.5, color="0.7", linewidth=1)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.1)
    axes.set(title="Bands without depth at edges", xlabel="jump of disparity, px", ylabel="width, px")


def _curve(axes: Axes, sides: Sequence[Side], names: Sequence[str], x: NDArray[np.float64]) -> None:
    for index, side in enumerate(sides):
        median, spread = _values(side, names)
        axes.plot(x, median, "o-", color=_color(index), markersize=4)
        axes.fill_between(x, median - spread[0], median + spread[1], color=_color(index), alpha=0.15)
    axes.grid(alpha=0.3)


def _distance_axis(axes: Axes) -> None:
    """Ticks in disparity, with the distance at which a D435 has it."""
    places = list(_DISPARITIES.values())
    metres = [D435_DEPTH.fx * D435_BASELINE / place for place in places]
    axes.set_xticks(
        places, [f"{name.replace('_', '-')}\n{z:.1f} m" for name, z in zip(_DISPARITIES, metres, strict=True)]
    )
    axes.tick_params(axis="x", labelsize=9)
    axes.set_xlabel("disparity, px (and a native D435's distance)")


def _draw_sigma(axes: Axes, sides: Sequence[Side]) -> None:
    names = [f"plane_sigma_disparity_{name}" for name in _DISPARITIES]
    _curve(axes, sides, names, np.array(list(_DISPARITIES.values())))
    _distance_axis(axes)
    axes.set_ylim(bottom=0)
    axes.set(title="Noise on planes", ylabel="sigma, px of disparity")


def _draw_far_holes(axes: Axes, sides: Sequence[Side]) -> None:
    names = [f"holes_disparity_{name}" for name in _DISPARITIES]
    _curve(axes, sides, names, np.array(list(_DISPARITIES.values())))
    _distance_axis(axes)
    axes.set_yscale("symlog", linthresh=1e-3)
    axes.set_ylim(bottom=0)
    axes.set(title="Holes far from edges", ylabel="rate")


def _draw_spectrum(axes: Axes, sides: Sequence[Side]) -> None:
    frequency = np.sqrt(SPECTRUM_LIMITS[1:] * SPECTRUM_LIMITS[:-1])
    _curve(axes, sides, [f"spectrum_{band + 1}" for band in range(len(frequency))], frequency)
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = (0.04, 0.06, 0.1, 0.15, 0.25)
    axes.set_xticks(ticks, [f"{1 / tick:.0f}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(title="Spectrum of the noise on planes", xlabel="wavelength, px", ylabel="power, px²")


def _draw_shares(axes: Axes, shares: Mapping[str, float]) -> None:
    labels = {feature.name: f"{feature.group}: {feature.label}" for feature in FEATURES}
    largest = sorted(shares, key=lambda name: shares[name], reverse=True)[:_LARGEST_SHARES]
    axes.barh(range(len(largest)), [shares[name] for name in largest], color="0.82")
    # Written over the bars: beside them the words would take the place of the other panels.
    for place, name in enumerate(largest):
        axes.text(0.01, place, labels[name], va="center", fontsize=8, transform=axes.get_yaxis_transform())
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.set(title=f"Distance {sum(shares.values()):.2f}: what adds most", xlabel="part of the distance")
