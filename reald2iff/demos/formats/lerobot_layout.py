"""LeRobot's data set v3.0 on disk: what lies where. Written with pyarrow alone; LeRobot itself is heavy.

::

    meta/info.json                                  version, fps, features, path templates
    meta/stats.json                                 of every feature
    meta/tasks.parquet                              task text (index) -> task_index
    meta/episodes/chunk-000/file-000.parquet        an episode a row: length, data file, stats
    data/chunk-000/file-000.parquet                 a frame a row; images inside as {bytes, path}
    videos/<key>/chunk-000/file-000.mp4
    meta/reald2iff.json                             ours: record of `enhance`, what `convert` could not place
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reald2iff.errors import DatasetError

VERSION = "v3.0"
INFO = "meta/info.json"
STATS = "meta/stats.json"
TASKS = "meta/tasks.parquet"
EPISODES = "meta/episodes"
EXTRA = "meta/reald2iff.json"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
EPISODES_PATH = EPISODES + "/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_VIDEO_COLUMNS = ("chunk_index", "file_index", "from_timestamp")
QUANTILES = (0.01, 0.10, 0.50, 0.90, 0.99)


@dataclass(frozen=True)
class LeRobotEpisode:
    """A row of the episodes' table.

    Attributes:
        index: ``episode_index``.
        length: Frames.
        data_file: Of its frames, below the data set's folder.
        videos: By feature: file below that folder, and where in it the episode begins, seconds.
    """

    index: int
    length: int
    data_file: str
    videos: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def is_lerobot(path: Path) -> bool:
    """Whether a folder looks like a LeRobot data set, of any version."""
    return (path / INFO).is_file()


def read_info(root: Path) -> dict[str, Any]:
    """``meta/info.json``.

    Raises:
        DatasetError: if it cannot be read, or is not of version 3.
    """
    try:
        info = json.loads((root / INFO).read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{root / INFO} cannot be read: {error}") from error
    version = str(info.get("codebase_version"))
    if not version.startswith("v3"):
        raise DatasetError(
            f"{root} is of LeRobot's version {version}: expected {VERSION} (LeRobot converts it)"
        )
    return dict(info)


def episode_files(root: Path) -> list[Path]:
    """Parquet files of the episodes' table, in order."""
    return sorted((root / EPISODES).glob("*/*.parquet"))


def read_episodes(root: Path, info: Mapping[str, Any]) -> list[LeRobotEpisode]:
    """All episodes, by index.

    Raises:
        DatasetError: if the table is missing or broken.
    """
    videos = [key for key, feature in info["features"].items() if feature["dtype"] == "video"]
    columns = ["episode_index", "length", "data/chunk_index", "data/file_index"]
    columns += [f"videos/{key}/{name}" for key in videos for name in _VIDEO_COLUMNS]
    try:
        tables = [pq.read_table(path, columns=columns) for path in episode_files(root)]
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{root / EPISODES} cannot be read: {error}") from error
    if not tables:
        raise DatasetError(f"{root} has no {EPISODES}: expected LeRobot's version {VERSION}")
    episodes = []
    for row in pa.concat_tables(tables).to_pylist():
        place = {"chunk_index": row["data/chunk_index"], "file_index": row["data/file_index"]}
        found = {}
        for key in videos:
            chunk, file, start = (row[f"videos/{key}/{name}"] for name in _VIDEO_COLUMNS)
            path = info["video_path"].format(video_key=key, chunk_index=chunk, file_index=file)
            found[key] = (path, start)
        data_file = info["data_path"].format(**place)
        episodes.append(LeRobotEpisode(row["episode_index"], row["length"], data_file, found))
    return sorted(episodes, key=lambda episode: episode.index)


def tasks_table(tasks: list[str]) -> pa.Table:
    """``meta/tasks.parquet``: what pandas writes of a frame indexed by the tasks' texts."""
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks)})
    described = [("task_index", "int64", "int64"), ("task", "unicode", "object")]
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy, "metadata": None}
        for name, kind, numpy in described
    ]
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2.2.0"}
    return table.replace_schema_metadata({b"pandas": json.dumps(pandas).encode()})


def read_tasks(root: Path) -> list[str]:
    """Texts by task index; empty if there is no table."""
    if not (root / TASKS).is_file():
        return []
    rows = pq.read_table(root / TASKS).to_pylist()
    names = {row["task_index"]: next(v for k, v in row.items() if k != "task_index") for row in rows}
    return [str(names[index]) for index in sorted(names)]
