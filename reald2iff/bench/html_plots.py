"""Plots of the report as inline SVG: they take the page's colours, light or dark, and need no script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

_WIDTH = 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 160, 20, 28, 48
_ROW = 34
_CURVE_LEFT, _CURVE_HEIGHT = 60, 290


@dataclass(frozen=True)
class Span:
    """A value with its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A line of a plot.

    Attributes:
        name: In the legend.
        values: One for each x; None or NaN = gap.
        color: Which of the page's colours.
        reference: The sensor itself: drawn strong.
    """

    name: str
    values: Sequence[float | None]
    color: int = 0
    reference: bool = False

    @property
    def kind(self) -> str:
        """Class of the page's style that colours it."""
        return "reference" if self.reference else f"c{self.color % 10}"


def intervals(
    title: str, rows: Mapping[str, Mapping[str, Span]], level: Mapping[str, float] | None = None
) -> Markup:
    """Accuracy of every method, one row each, with confidence intervals.

    Args:
        title: Read out by screen readers.
        rows: ``{method: {series: span}}``; values in [0.4, 1].
        level: Of each series: a line to compare with (the sensor redrawn).
    """
    series = list(dict.fromkeys(name for spans in rows.values() for name in spans))
    height = _TOP + _ROW * len(rows) + _BOTTOM
    low, high = 0.4, 1.0

    def x(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    bottom = height - _BOTTOM
    parts = [_open(title, _WIDTH, height)]
    for tick in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        kind = "chance" if tick == 0.5 else "grid"
        parts.append(_line(x(tick), _TOP, x(tick), bottom, kind))
        parts.append(_text(x(tick), bottom + 18, f"{tick:.1f}", "tick middle"))
    parts.append(_text(x(0.5), _TOP - 10, "chance", "tick middle"))
    parts.append(
        _text(x(0.7), height - 8, "accuracy of the classifier on scenes it has not seen", "axis middle")
    )
    for index, name in enumerate(series):
        if level and name in level:
            parts.append(_line(x(level[name]), _TOP, x(level[name]), bottom, f"level s{index}"))
    for row, (method, spans) in enumerate(rows.items()):
        middle = _TOP + _ROW * (row + 0.5)
        parts.append(_text(_LEFT - 12, middle + 4, method, "name end"))
        for index, name in enumerate(series):
            if name not in spans:
                continue
            span, y = spans[name], middle + (index - (len(series) - 1) / 2) * 11
            shown = f"{method}, {name}: {span.value:.3f} [{span.low:.3f}, {span.high:.3f}]"
            parts.append(Markup('<g class="s{}"><title>{}</title>').format(index, shown))
            parts.append(_line(x(span.low), y, x(span.high), y, "whisker"))
            parts.append(Markup('<circle cx="{}" cy="{}" r="5"/></g>').format(x(span.value), round(y, 1)))
    return Markup("").join([*parts, Markup("</svg>")])


def curves(
    title: str,
    positions: Sequence[str],
    lines: Sequence[Curve],
    labels: tuple[str, str],
    ticks: int = 12,
) -> Markup:
    """Lines over classes or sampled positions, equally spaced.

    Args:
        title: Read out by screen readers.
        positions: Labels along x.
        lines: One value for each position.
        labels: Of the two axes.
        ticks: At most so many labels along x.
    """
    values = [v for line in lines for v in map(_number, line.values) if v is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low >= 0 and low < 0.4 * high:
        low = 0.0
    marks = _nice(low, high)
    low, high = marks[0], marks[-1]
    bottom, right = _TOP + _CURVE_HEIGHT, _WIDTH - _RIGHT
    height = bottom + _BOTTOM

    def x(index: int) -> float:
        inset = 24
        step = (right - _CURVE_LEFT - 2 * inset) / max(len(positions) - 1, 1)
        return round(_CURVE_LEFT + inset + index * step, 1)

    def y(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * _CURVE_HEIGHT, 1)

    parts = [_open(title, _WIDTH, height)]
    for mark in marks:
        parts.append(_line(_CURVE_LEFT, y(mark), right, y(mark), "grid"))
        parts.append(_text(_CURVE_LEFT - 8, y(mark) + 4, f"{mark:g}", "tick end"))
    every = math.ceil(len(positions) / ticks)
    for index in range(0, len(positions), every):
        parts.append(_text(x(index), bottom + 18, positions[index], "tick middle"))
    parts.append(_text((_CURVE_LEFT + right) / 2, height - 8, labels[0], "axis middle"))
    parts.append(_text(_CURVE_LEFT - 8, _TOP - 12, labels[1], "axis"))
    # The sensor last, so that it lies on top.
    for line in sorted(lines, key=lambda line: line.reference):
        parts.append(
            Markup('<g class="curve {}" data-method="{}"><title>{}</title>').format(
                line.kind, line.name, line.name
            )
        )
        for run in _runs(line.values):
            path = " ".join(f"{x(index)},{y(value)}" for index, value in run)
            parts.append(Markup('<polyline points="{}"/>').format(path))
            if len(positions) <= ticks:
                parts.extend(
                    Markup('<circle cx="{}" cy="{}" r="3.2"/>').format(x(index), y(value))
                    for index, value in run
                )
        parts.append(Markup("</g>"))
    return Markup("").join([*parts, Markup("</svg>")])


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap, with their indices."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(map(_number, values)):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((index, value))
    return [run for run in runs if run]


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _nice(low: float, high: float) -> list[float]:
    """About five round marks that enclose the range."""
    span = max(high - low, 1e-9)
    step = 10 ** math.floor(math.log10(span / 4))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if factor * step >= span / 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(round(mark * step, 10)) for mark in range(first, max(last, first + 1) + 1)]


def _open(title: str, width: int, height: float) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        width, int(np.ceil(height)), title
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        kind, x1, round(y1, 1), x2, round(y2, 1)
    )


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, round(x, 1), round(y, 1), text)
