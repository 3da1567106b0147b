"""``meta`` of a LeRobot data set whose depth was replaced."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reald2iff.demos.formats import lerobot_layout as layout
from reald2iff.demos.formats.base import DepthStream
from reald2iff.demos.formats.json_files import read_json, write_json
from reald2iff.demos.formats.lerobot_columns import merged_statistics

STATISTICS_KEY = b"reald2iff_statistics"
"""Of a part's schema metadata: statistics of its depth, JSON."""


def episode_name(index: int) -> str:
    """What an episode is called here: LeRobot has numbers only."""
    return f"episode_{index:06d}"


def write_metadata(
    root: Path,
    out: Path,
    info: Mapping[str, Any],
    parts: Mapping[str, Path],
    streams: Sequence[DepthStream],
    copies: Mapping[str, str],
) -> None:
    """Write ``meta`` of a data set whose depth was replaced: features and statistics.

    Args:
        root: Of the data set as it was.
        out: Of the new one.
        info: Of the old one.
        parts: New depth by episode, with its statistics in the schema's metadata.
        streams: What was replaced.
        copies: Features that were added, with the one each is a copy of.
    """
    features = copy.deepcopy(dict(info["features"]))
    for stream in streams:
        features.setdefault(stream.target, info["features"][stream.source])
    for key, origin in copies.items():
        features[key] = copy.deepcopy(info["features"][origin])
        (features[key].get("info") or {}).pop("validity_feature", None)  # that of the other one
    write_json(out / layout.INFO, {**info, "features": features})
    found = {name: _statistics(part) for name, part in parts.items()}
    stats = read_json(root / layout.STATS)
    stats |= {key: stats[origin] for key, origin in copies.items() if origin in stats}
    for stream in streams:
        stats[stream.target] = merged_statistics([one[stream.target] for one in found.values()])
    write_json(out / layout.STATS, stats)
    for path in layout.episode_files(root):
        table = pq.read_table(path)
        names = [episode_name(index) for index in table.column("episode_index").to_pylist()]
        for key, origin in copies.items():
            table = _with_columns(table, {f"stats/{key}/": f"stats/{origin}/"})
        for stream in streams:
            rows = [found[name][stream.target] for name in names]
            table = _with_statistics(table, stream.target, rows)
        pq.write_table(table, out / path.relative_to(root))


def _statistics(part: Path) -> dict[str, Any]:
    return dict(json.loads(pq.read_schema(part).metadata[STATISTICS_KEY]))


def _with_columns(table: pa.Table, renamed: Mapping[str, str]) -> pa.Table:
    for new, old in renamed.items():
        for name in [name for name in table.column_names if name.startswith(old)]:
            table = table.append_column(new + name.removeprefix(old), table.column(name))
    return table


def _with_statistics(table: pa.Table, key: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    for name in rows[0]:
        column = f"stats/{key}/{name}"
        values = [row[name] for row in rows]
        if column in table.column_names:
            place = table.column_names.index(column)
            field = table.schema.field(place)
            table = table.set_column(place, field, pa.array(values, field.type))
    return table
