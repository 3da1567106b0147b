"""Writes a LeRobot data set v3.0, episode by episode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reald2iff.demos.formats import lerobot_layout as layout
from reald2iff.demos.formats.json_files import write_json
from reald2iff.demos.formats.lerobot_columns import (
    array_column,
    encode_image,
    image_column,
    image_statistics,
    merged_statistics,
    statistics,
)

DEFAULT_FEATURES = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
"""What every data set has."""

UNCOUNTED = ("validity.",)
"""Features without statistics: they would be one of each pixel."""

_CHUNK = 1000
_DATA_FILE_MB = 100


class LeRobotWriter:
    """Writes data files of about 100 MB, an episode a row group, and the tables about them.

    Args:
        out: Folder to make.
        features: As in ``meta/info.json``, the default ones included.
        fps: Steps per second.
    """

    def __init__(self, out: Path, features: dict[str, dict[str, Any]], fps: int) -> None:
        self._out = out
        self._features = features
        self._fps = fps
        self._episodes: list[dict[str, Any]] = []
        self._stats: list[dict[str, Any]] = []
        self._frames = 0
        self._file = 0
        self._parquet: pq.ParquetWriter | None = None

    def add(self, columns: dict[str, Any], task: str) -> None:
        """Add an episode.

        Args:
            columns: By feature, without the default ones: a list of ``(image, file type)`` for pictures,
                an array ``(N, ...)`` for the rest.
            task: What it does, in words.
        """
        length, number = len(columns["action"]), len(self._episodes)
        frame = np.arange(length, dtype=np.int64)
        columns |= {
            "timestamp": (frame / self._fps).astype(np.float32),
            "frame_index": frame,
            "episode_index": np.full(length, number, np.int64),
            "index": self._frames + frame,
            "task_index": np.zeros(length, np.int64),
        }
        arrays, stats = {}, {}
        for key, feature in self._features.items():
            values = columns[key]
            if isinstance(values, list):
                arrays[key] = image_column([encode_image(image, kind) for image, kind in values])
                stats[key] = image_statistics([image for image, _ in values])
            else:
                if feature["shape"] == [1]:  # LeRobot's spelling of a column of numbers
                    values = values.reshape(-1)
                arrays[key] = array_column(values)
                if not key.startswith(UNCOUNTED):
                    stats[key] = statistics(values)
        self._write(pa.table(arrays))
        chunk, file = divmod(self._file, _CHUNK)
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": [task],
            "length": length,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + length,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        row |= {f"stats/{key}/{name}": value for key, found in stats.items() for name, value in found.items()}
        self._episodes.append(row)
        self._stats.append(stats)
        self._frames += length

    def finish(self, task: str, robot: str, extra: dict[str, Any]) -> None:
        """Write the tables; ``extra`` is for ``meta/reald2iff.json``."""
        assert self._parquet is not None
        self._parquet.close()
        path = self._out / layout.EPISODES_PATH.format(chunk_index=0, file_index=0)
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(self._episodes), path)
        pq.write_table(layout.tasks_table([task]), self._out / layout.TASKS)
        merged = {key: merged_statistics([one[key] for one in self._stats]) for key in self._stats[0]}
        write_json(self._out / layout.STATS, merged)
        write_json(self._out / layout.EXTRA, extra)
        info = {
            "codebase_version": layout.VERSION,
            "robot_type": robot,
            "total_episodes": len(self._episodes),
            "total_frames": self._frames,
            "total_tasks": 1,
            "chunks_size": _CHUNK,
            "data_files_size_in_mb": _DATA_FILE_MB,
            "video_files_size_in_mb": 200,
            "fps": self._fps,
            "splits": {"train": f"0:{len(self._episodes)}"},
            "data_path": layout.DATA_PATH,
            "video_path": None,
            "features": self._features,
        }
        write_json(self._out / layout.INFO, info)

    def _write(self, table: pa.Table) -> None:
        path = self._path()
        if self._parquet is not None and path.stat().st_size > _DATA_FILE_MB << 20:
            self._parquet.close()
            self._parquet = None
            self._file += 1
            path = self._path()
        if self._parquet is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._parquet = pq.ParquetWriter(path, table.schema, compression="snappy")
        self._parquet.write_table(table)

    def _path(self) -> Path:
        chunk, file = divmod(self._file, _CHUNK)
        return self._out / layout.DATA_PATH.format(chunk_index=chunk, file_index=file)
