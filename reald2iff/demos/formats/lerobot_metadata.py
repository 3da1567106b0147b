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


def target_features(features: Mapping[str, Any], streams: Sequence[DepthStream]) -> dict[str, Any]:
    """Features of the data set with realistic depth.

    A video has no code for invalid depth, so that depth from videos becomes images, TIFF in metres, with a
    mask beside them.
    """
    result = copy.deepcopy(dict(features))
    for stream in streams:
        feature = copy.deepcopy(features[stream.source])
        about = feature.setdefault("info", None) or {}
        if feature["dtype"] == "video":
            mask = f"validity.{stream.target.removeprefix('observation.images.')}"
            about = {name: value for name, value in about.items() if not name.startswith("video.")}
            about |= {"is_depth_map": True, "depth_unit": "m" if stream.dtype[0] == "f" else "mm"}
            feature |= {"dtype": "image", "info": about | {"validity_feature": mask}}
            feature |= {"shape": [stream.height, stream.width, 1], "names": ["height", "width", "channels"]}
            result[mask] = {"dtype": "bool", "shape": [stream.height, stream.width], "names": None}
            result[stream.target] = feature
        elif stream.target not in features:
            about.pop("validity_feature", None)  # the source's own
            result[stream.target] = feature
    return result


def replaced_videos(
    features: Mapping[str, Any], streams: Sequence[DepthStream], copies: Mapping[str, str]
) -> dict[str, str | None]:
    """Video features that become images, with the feature that keeps the video; None if none does."""
    kept = {origin: key for key, origin in copies.items()}
    return {
        stream.target: kept.get(stream.target)
        for stream in streams
        if features.get(stream.target, {}).get("dtype") == "video"
    }


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
    features = target_features(info["features"], streams)
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
        for key, new in replaced_videos(info["features"], streams, copies).items():
            table = _with_video(table, key, new)
        target = out / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target)


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
        else:
            table = table.append_column(column, pa.array(values))
    return table


def _with_video(table: pa.Table, key: str, new: str | None) -> pa.Table:
    """Columns of a video under another feature's name, or without them."""
    prefix = f"videos/{key}/"
    if new is None:
        return table.select([name for name in table.column_names if not name.startswith(prefix)])
    names = [name.replace(prefix, f"videos/{new}/", 1) for name in table.column_names]
    return table.rename_columns(names)
