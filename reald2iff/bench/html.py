"""`reald2iff bench realism --html`: one self-contained page with tables, plots and a before/after slider.

Nothing is loaded from elsewhere: style, script and images are part of the file, so that it can be mailed,
archived and opened without a network. Every text is escaped.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reald2iff.bench.html_figures import figures
from reald2iff.bench.html_tables import MAIN, SIZES, Column, further_columns, lookup, number, table
from reald2iff.bench.report import format_cell
from reald2iff.bench.slider import Slide, slide_data

_TEMPLATES = Path(__file__).with_name("templates")
_REFERENCES = ("identity", "twin_redrawn")
_PRODUCT = "coarse_fine"


@dataclass
class _Section:
    """A part of the report: the paired one, or a source of the unpaired one."""

    anchor: str
    title: str
    lead: str
    rows: Sequence[Mapping[str, Any]]
    facts: list[tuple[str, str]] = field(default_factory=list)
    problems: Sequence[str] = ()
    refused: Sequence[Mapping[str, str]] = ()
    self_check: Mapping[str, Any] = field(default_factory=dict)
    sensor: Mapping[str, Any] = field(default_factory=dict)
    level: Mapping[str, float] = field(default_factory=dict)


def write_html(path: Path | str, payload: Mapping[str, Any], slides: Sequence[Slide] = ()) -> Path:
    """Write the report, whole or not at all.

    Args:
        path: Of the page; its folder is made.
        payload: What ``--json`` writes: ``paired``, ``unpaired``, ``meta``. A part without rows is left out
            or says why it is empty.
        slides: Frames of the slider; none, no slider.

    Returns:
        ``path``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = [*_paired(payload.get("paired") or {}), *_unpaired(payload.get("unpaired") or {})]
    page = environment.get_template("realism.html").render(
        style=Markup((_TEMPLATES / "realism.css").read_text(encoding="utf-8")),
        script=Markup((_TEMPLATES / "realism.js").read_text(encoding="utf-8")),
        sections=[_context(section) for section in sections],
        slides=[slide_data(slide) for slide in slides],
        meta=_meta(payload.get("meta") or {}),
    )
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(target)
    return target


def _paired(part: Mapping[str, Any]) -> list[_Section]:
    rows = part.get("rows") or []
    if not rows:
        return []
    check = part.get("self_check") or {}
    redrawn = check.get("twin_redrawn") or {}
    return [
        _Section(
            "paired",
            "Held-out scenes of the D435 twin",
            "The same clean depth goes through every method, on scenes that nothing was trained on. The "
            "classifier sees the clean depth beside the patch. A perfect model of this sensor would be where "
            "the sensor drawn a second time is.",
            rows,
            self_check=check,
            sensor=part.get("sensor") or {},
            level={
                size: value
                for size in SIZES
                if (value := number(lookup(redrawn, f"two_sample_{size}.accuracy"))) is not None
            },
        )
    ]


def _unpaired(part: Mapping[str, Any]) -> list[_Section]:
    sections = []
    for place, source in enumerate(part.get("sources") or []):
        kind = "registered into the colour camera" if source.get("registered") else "native depth"
        facts = [
            (label, format_cell(source[key]))
            for key, label in (
                ("frames", "frames"),
                ("segments", "segments (stand for scenes)"),
                ("tested", "frames tested"),
                ("not_used", "frames not used, beyond the limit"),
                ("unknown_share", "share of pixels with unknown clean side, left out"),
                ("profile", "camera profile of the twin"),
                ("fingerprint_floor", "fingerprint distance of the recording's halves"),
            )
            if source.get(key) is not None
        ]
        if "held_out" in source:
            held = (
                "the half of the segments that no method was fitted to"
                if source["held_out"]
                else ("every segment in turn: too few to keep any from the fit")
            )
            facts.append(("tested on", held))
        sections.append(
            _Section(
                f"real-{place}",
                f"Real frames: {source.get('name', '')}",
                f"Real frames ({kind}) against the same frames cleaned by the denoiser and noised again by "
                "each method. The classifier sees the patch alone. The denoiser cannot be perfect, so even a "
                "perfect sensor model stays above 0.5.",
                source.get("rows") or [],
                facts,
                source.get("problems") or (),
                source.get("refused") or (),
                source.get("self_check") or {},
                source.get("sensor") or {},
            )
        )
    return sections


def _context(section: _Section) -> dict[str, Any]:
    rows = section.rows
    further = further_columns(rows)
    return {
        "section": section,
        "cards": _cards(rows),
        "tables": [
            {"columns": columns, "rows": table(rows, columns), "title": title}
            for columns, title in ((_present(MAIN, rows), "Told from the sensor"), (further, "Other figures"))
            if columns and rows
        ],
        "check": _check_rows(section.self_check),
        "plots": figures(rows, section.sensor, section.level),
    }


def _present(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    return [column for column in columns if any(lookup(row, column.key) is not None for row in rows)]


def _cards(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The product, the best of the others and the worst that is no reference: what a reader wants first."""

    def both(row: Mapping[str, Any]) -> float:
        return sum(number(lookup(row, f"two_sample_{size}.accuracy")) or 1.0 for size in SIZES)

    chosen: list[tuple[str, Mapping[str, Any]]] = []
    product = next((row for row in rows if row.get("method") == _PRODUCT), None)
    if product is not None:
        chosen.append(("the two-stage model", product))
    others = [row for row in rows if row is not product and row.get("method") not in _REFERENCES]
    if others:
        chosen.append(("best of the others", min(others, key=both)))
    redrawn = next((row for row in rows if row.get("method") == "twin_redrawn"), None)
    if redrawn is not None:
        chosen.append(("the sensor drawn again", redrawn))
    return [
        {"label": label, "method": str(row.get("method", ""))}
        | {f"a{size}": format_cell(lookup(row, f"two_sample_{size}.accuracy")) for size in SIZES}
        for label, row in chosen
    ]


def _check_rows(check: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (str(name), [format_cell(lookup(found, f"two_sample_{size}.accuracy")) for size in SIZES])
        for name, found in check.items()
    ]


def _meta(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything known of the run, nested values as JSON."""
    found = {"command": shlex.join(["reald2iff", *sys.argv[1:]])} | dict(meta)
    return [
        (key.replace("_", " "), value if isinstance(value, str) else json.dumps(value, default=str, indent=1))
        for key, value in found.items()
    ]
