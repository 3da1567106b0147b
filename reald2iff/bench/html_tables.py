"""Tables of the report: which columns, what they mean, and a bar for every figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reald2iff.bench.report import format_cell


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        key: In a row; ``"a.b"`` for ``row["a"]["b"]``.
        heading: Above the column.
        meaning: One sentence.
        span: Ends of the bar; None = from 0 to the largest value.
    """

    key: str
    heading: str
    meaning: str
    span: tuple[float, float] | None = None


@dataclass(frozen=True)
class Cell:
    """A figure as text, and its bar in shares of the cell's width.

    Attributes:
        text: Shown.
        value: What the column is sorted by; None sorts last.
        bar: Length of the bar; None = no bar.
        low: Left end of the confidence interval; None = no interval.
        high: Right end.
        note: Shown on hovering.
    """

    text: str
    value: float | None
    bar: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


SIZES = ("16", "64")
"""Sides of the classifiers' patches, px."""

_ACCURACY = "of a small network that tells {0} px patches from the sensor's: 0.5 = it cannot, 1 = always."
_CHANCE = (0.5, 1.0)

MAIN = (
    Column("two_sample_16.accuracy", "Accuracy 16", "Accuracy " + _ACCURACY.format("16x16"), _CHANCE),
    Column("two_sample_64.accuracy", "Accuracy 64", "Accuracy " + _ACCURACY.format("64x64"), _CHANCE),
    Column("two_sample_16.auc", "AUC 16", "Area under the ROC curve " + _ACCURACY.format("16x16"), _CHANCE),
    Column("two_sample_64.auc", "AUC 64", "Area under the ROC curve " + _ACCURACY.format("64x64"), _CHANCE),
    Column(
        "fingerprint_distance",
        "Fingerprint",
        "Distance of the noise fingerprints: weighted mean |log ratio| of the statistics, 0 = alike.",
    ),
    Column("hole_ratio", "Hole ratio", "Share of pixels without depth where there is clean depth."),
    Column("ms_per_frame", "ms / frame", "Median time of a frame, milliseconds."),
)
"""What every part has, in this order."""

_FURTHER = (
    Column("hole_ratio_error", "Hole ratio error", "|hole ratio - sensor's| / sensor's."),
    Column("hole_edge_error", "Edge holes error", "Mean |hole rate - sensor's| over distances to an edge."),
    Column("hole_iou", "Hole IoU", "Overlap with the sensor's holes; two draws do not reach 1.", (0, 1)),
    Column("residual_spread_px", "Spread, px", "Robust spread of disparity against clean."),
    Column("residual_wasserstein", "Wasserstein", "Distance of the residual's distribution, companded."),
    Column("spectrum_distance_db", "Spectrum, dB", "Distance of the residual's radial power spectrum."),
    Column("miou", "mIoU", "Overlap of the point clouds' voxels, as the papers define it.", (0, 1)),
    Column("chamfer_l2_x1000", "Chamfer x1000", "Chamfer L2, the longest side scaled to 1, times 1000."),
    Column("chamfer_l2_mm2", "Chamfer, mm2", "Chamfer L2 in square millimetres."),
    Column("f_score", "F-score", "At 1 % of the cloud's longest side.", (0, 1)),
    Column("frechet_distance", "Frechet", "Frechet distance on fixed features of tiles."),
    Column("ms_per_frame_p95", "ms p95", "95th percentile of a frame's time, milliseconds."),
)
_HIDDEN = {"method", "description", "source"}


def further_columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Columns beyond `MAIN` that the rows have: known ones first, then other numbers by their name."""
    present = [key for row in rows for key, value in row.items() if isinstance(value, int | float)]
    known = [column for column in _FURTHER if column.key in present]
    taken = _HIDDEN | {column.key for column in (*MAIN, *known)}
    others = [key for key in dict.fromkeys(present) if key not in taken]
    return known + [Column(key, key.replace("_", " "), "") for key in others]


def lookup(row: Mapping[str, Any], key: str) -> Any:
    """``row["a"]["b"]`` for ``"a.b"``; None where it is missing."""
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[dict[str, Any]]:
    """``{"method", "description", "source", "cells"}`` of every row."""
    spans = [_span(rows, column) for column in columns]
    return [
        {
            "method": str(row.get("method", "")),
            "description": str(row.get("description", "")),
            "source": row.get("source"),
            "cells": [_cell(row, column, span) for column, span in zip(columns, spans, strict=True)],
        }
        for row in rows
    ]


def _span(rows: Sequence[Mapping[str, Any]], column: Column) -> tuple[float, float] | None:
    if column.span is not None:
        return column.span
    values = [value for row in rows if (value := number(lookup(row, column.key))) is not None]
    return (0.0, max(values)) if values and min(values) >= 0 and max(values) > 0 else None


def _cell(row: Mapping[str, Any], column: Column, span: tuple[float, float] | None) -> Cell:
    raw = lookup(row, column.key)
    value = number(raw)
    if value is None or span is None:
        return Cell(format_cell(raw), value)
    interval = lookup(row, column.key.rpartition(".")[0]) if column.key.endswith(".accuracy") else None
    ends = interval.get("ci95") if isinstance(interval, Mapping) else None
    if not ends:
        return Cell(format_cell(raw), value, _share(value, span))
    low, high = float(ends[0]), float(ends[1])
    return Cell(
        format_cell(raw),
        value,
        _share(value, span),
        _share(low, span),
        _share(high, span),
        f"95 % confidence interval {low:.3f} to {high:.3f}",
    )


def _share(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return round(min(max((value - low) / (high - low), 0.0), 1.0), 4)
