"""Which plots a part of the report has, from what its rows hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reald2iff.bench.html_plots import Curve, Span, curves, intervals
from reald2iff.bench.html_tables import SIZES, number
from reald2iff.bench.methods import METHODS


@dataclass(frozen=True)
class _CurvePlot:
    """A plot of one list a row: where it lies, its labels."""

    key: str
    title: str
    labels: tuple[str, str]
    positions: tuple[str, ...]
    note: str


_CURVES = (
    _CurvePlot(
        "hole_rate_by_edge_distance",
        "Holes by distance to a depth edge",
        ("distance to the nearest depth edge, px", "share of holes"),
        ("0-2", "2-5", "5-10", "10-20", "beyond"),
        "A stereo camera loses depth beside objects; noise that is the same everywhere is flat here.",
    ),
    _CurvePlot(
        "residual_spectrum_db",
        "Spectrum of the residual",
        ("spatial frequency, cycles/px", "power, dB"),
        tuple(f"{k / 64:.2f}" for k in range(1, 32)),
        "A real sensor's noise is smooth: its power falls with frequency. White noise is flat.",
    ),
    _CurvePlot(
        "holes_by_edge_distance",
        "Holes by distance to a depth edge",
        ("distance to the nearest depth edge, px", "share of holes"),
        (),
        "A stereo camera loses depth beside objects; noise that is the same everywhere is flat here.",
    ),
    _CurvePlot(
        "plane_spectrum_db",
        "Spectrum of the noise on planes",
        ("band of spatial frequency, low to high", "power, dB"),
        (),
        "A real sensor's noise is smooth: its power falls with frequency. White noise is flat.",
    ),
    _CurvePlot(
        "sigma_by_disparity",
        "Noise on planes by disparity",
        ("disparity, px: near things have large ones", "sigma, px"),
        (),
        "Beside the size of the noise, how it changes from far to near.",
    ),
)


def figures(
    rows: Sequence[Mapping[str, Any]], sensor: Mapping[str, Any], level: Mapping[str, float]
) -> list[dict[str, Any]]:
    """``{"title", "svg", "legend", "note", "toggles"}`` of every plot that the rows have figures for.

    Args:
        rows: Of a part.
        sensor: Figures of the sensor itself, drawn beside those of the rows.
        level: Accuracy of the sensor drawn a second time by patch size; empty = not known.
    """
    spans: dict[str, dict[str, Span]] = {}
    for row in rows:
        for size in SIZES:
            found = row.get(f"two_sample_{size}")
            if found and number(found.get("accuracy")) is not None:
                low, high = found.get("ci95") or (found["accuracy"],) * 2
                spans.setdefault(str(row["method"]), {})[f"{size} px"] = Span(found["accuracy"], low, high)
    title = "Accuracy of the classifier, with 95 % confidence intervals"
    levels = {f"{size} px": value for size, value in level.items()}
    series = [(f"{size} px patches", f"s{index}") for index, size in enumerate(SIZES)]
    plots: list[dict[str, Any]] = []
    if spans:
        note = "Dashed: the sensor drawn a second time." if level else ""
        plots.append(
            {
                "title": title,
                "svg": intervals(title, spans, levels),
                "legend": series,
                "note": note,
                "toggles": False,
            }
        )
    plots.extend(plot for kind in _CURVES if (plot := _curve_plot(rows, sensor, kind)) is not None)
    return plots


def _curve_plot(
    rows: Sequence[Mapping[str, Any]], sensor: Mapping[str, Any], kind: _CurvePlot
) -> dict[str, Any] | None:
    """None where no row has such a list. A row's value may be a list, or a mapping from position to value."""
    found = [(str(row["method"]), row[kind.key], False) for row in rows if row.get(kind.key)]
    if not found:
        return None
    if sensor.get(kind.key):
        found.append(("sensor", sensor[kind.key], True))
    first = found[0][1]
    positions = tuple(map(str, first)) if isinstance(first, Mapping) else kind.positions
    lines = [
        Curve(
            name,
            list(values.values()) if isinstance(values, Mapping) else list(values),
            # One colour a method, whichever rows a part has.
            METHODS.index(name) if name in METHODS else place,
            reference,
        )
        for place, (name, values, reference) in enumerate(found)
    ]
    if any(len(line.values) != len(positions) for line in lines):
        return None
    legend = [(line.name, line.kind) for line in lines]
    return {
        "title": kind.title,
        "svg": curves(kind.title, positions, lines, kind.labels),
        "legend": legend,
        "note": kind.note,
        "toggles": True,
    }
