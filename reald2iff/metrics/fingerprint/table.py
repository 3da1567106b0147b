"""The table of a fingerprint, alone or beside another."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from reald2iff.metrics.fingerprint.catalogue import FEATURES
from reald2iff.metrics.fingerprint.features import Statistic
from reald2iff.metrics.fingerprint.sides import Side

_WIDTH = 130
_ALIKE = 1e-3
_SHARE_WORTH_MARKING = 0.05


def print_source(console: Console, source: Side, other: Side | None, shares: Mapping[str, float]) -> None:
    """Print what was measured, the other side's values beside it, and where the distance comes from.

    Args:
        console: Where to.
        source: Whose table it is.
        other: Shown beside it.
        shares: What each feature adds to the distance; their sum is the distance.
    """
    if not console.is_terminal:
        # A log or pipe has no width of its own; the default of 80 columns would break every row.
        console = Console(file=console.file, width=_WIDTH)
    title = f"{source.name}: {source.stream}, {source.fingerprint.frames} frames"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("median \\[quartiles]")
    table.add_column(source.name, justify="right")
    if other is not None:
        table.add_column(other.name, justify="right")
        table.add_column("of distance", justify="right")
    group = None
    for feature in FEATURES:
        ours = source.fingerprint.features.get(feature.name)
        theirs = other.fingerprint.features.get(feature.name) if other is not None else None
        # The bands of the spectrum make a curve for the picture, not a table to read.
        if (ours is None and theirs is None) or feature.name.startswith("spectrum_"):
            continue
        if feature.group != group:
            group = feature.group
            table.add_section()
            table.add_row(f"[bold]{group}")
        cells = [f"  {feature.label}", _cell(ours)]
        if other is not None:
            cells += [_cell(theirs), _share(shares, feature.name, feature.weight)]
        table.add_row(*cells)
    console.print(table)


def verdict(source: Side, other: Side | None, distance: float | None) -> str:
    """The distance with the noise floor beside it, in words."""
    if source.floor is None:
        floor = "no noise floor: too few frames to halve"
    else:
        floor = f"noise floor {source.floor:.2f} (first half of {source.name} against its second)"
    if other is None or distance is None:
        return floor
    return f"distance of {source.name} to {other.name}: {distance:.2f}; {floor}"


def _share(shares: Mapping[str, float], name: str, weight: float) -> str:
    if weight == 0:
        return ""
    total = sum(shares.values())
    if name not in shares or total < _ALIKE:
        return "-"
    text = f"{shares[name] / total:.0%}"
    return f"[bold]{text}" if shares[name] / total >= _SHARE_WORTH_MARKING else text


def _cell(statistic: Statistic | None) -> str:
    if statistic is None:
        return "-"
    if math.isnan(statistic.q25):
        return _number(statistic.median)
    # rich takes an unescaped bracket for markup.
    return f"{_number(statistic.median)} \\[{_number(statistic.q25, 2)}, {_number(statistic.q75, 2)}]"


def _number(value: float, digits: int = 3) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 0.001 else f"{value:.0e}"
