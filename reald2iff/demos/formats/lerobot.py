"""LeRobot data sets v3.0 with depth in their parquet files, as images or as arrays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reald2iff.demos.formats import lerobot_layout as layout
from reald2iff.demos.formats.base import (
    DepthData,
    DepthStream,
    EpisodeRef,
    KeyRow,
    MakeFrame,
    from_metres,
    is_depth_key,
    only_match,
)
from reald2iff.demos.formats.json_files import read_json, write_json
from reald2iff.demos.formats.lerobot_columns import (
    array_column,
    column_array,
    decode_image,
    encode_image,
    image_column,
    image_statistics,
)
from reald2iff.demos.formats.lerobot_frames import episode_frames, read_column, says_depth
from reald2iff.demos.formats.lerobot_metadata import (
    STATISTICS_KEY,
    episode_name,
    replaced_videos,
    target_features,
    write_metadata,
)
from reald2iff.errors import DatasetError, InvalidIntrinsicsError
from reald2iff.geometry import PinholeIntrinsics


class LeRobotData(DepthData):
    """Depth features: ``dtype`` image (16-bit PNG in mm, TIFF), an array ``(H, W[, 1])``, or video.

    Realistic depth is stored as the clean one was, except that of videos, which cannot hold it: see
    `reald2iff.demos.formats.lerobot_metadata.target_features`.
    """

    name = "LeRobot v3"

    def __init__(self, path: Path, clean_suffix: str) -> None:
        super().__init__(path, clean_suffix)
        self.info = layout.read_info(path)
        self._episodes = layout.read_episodes(path, self.info)

    @classmethod
    def holds(cls, path: Path) -> bool:
        return layout.is_lerobot(path)

    def episodes(self) -> list[EpisodeRef]:
        return [EpisodeRef(episode_name(episode.index), episode.length) for episode in self._episodes]

    def keys(self) -> list[KeyRow]:
        return [
            KeyRow(key, str(tuple(feature["shape"])), feature["dtype"])
            for key, feature in self.info["features"].items()
        ]

    def streams(self, wanted: Sequence[str]) -> list[DepthStream]:
        features = self.info["features"]
        if wanted:
            chosen = [
                only_match(self.path, key, list(features)).removesuffix(self.clean_suffix) for key in wanted
            ]
        else:
            named = [key.removesuffix(self.clean_suffix) for key in features if self._is_depth(key)]
            chosen = sorted(set(named), key=named.index)
        if not chosen:
            raise DatasetError(
                f"{self.path} has no feature that says it is depth or is named like it (name one with "
                f"--keys); it holds {', '.join(features)}"
            )
        return [self._stream(key) for key in chosen]

    def _is_depth(self, key: str) -> bool:
        feature = self.info["features"][key]
        if feature["dtype"] not in ("image", "video", "float32", "float64", "float16", "uint16"):
            return False
        return says_depth(feature) or is_depth_key(key.removesuffix(self.clean_suffix), self.clean_suffix)

    def _stream(self, target: str) -> DepthStream:
        features = self.info["features"]
        source = target + self.clean_suffix if target + self.clean_suffix in features else target
        first = episode_frames(self.path, self.info, self._episodes[0], source)[0]
        if first.ndim != 2:
            raise DatasetError(f"{source} has frames of shape {first.shape}: expected one channel of depth")
        return DepthStream(source, target, first.shape[0], first.shape[1], first.dtype.name)

    def frames(self, episode: EpisodeRef, stream: DepthStream, indices: Sequence[int]) -> list[NDArray[Any]]:
        frames = self._frames(episode, stream.source)
        return [frames[index] for index in indices]

    def intrinsics(self, episode: EpisodeRef, stream: DepthStream) -> PinholeIntrinsics | None:
        """Of a column ``calibration.<camera>.intrinsics`` that `convert` writes, or the feature's info."""
        camera = calibration_key(self.info["features"], stream.target)
        if camera is not None:
            matrices = column_array(read_column(self.path, self._episode(episode), camera), (3, 3))
            if not np.allclose(matrices, matrices[0]):
                raise InvalidIntrinsicsError(f"{camera} changes within {episode}: expected one camera matrix")
            return PinholeIntrinsics.from_matrix(matrices[0], stream.width, stream.height)
        about = self.info["features"].get(stream.target, {}).get("info") or {}
        matrix = about.get("intrinsics") or about.get("camera_intrinsics")
        return None if matrix is None else PinholeIntrinsics.from_matrix(matrix, stream.width, stream.height)

    def write_part(
        self, path: Path, episode: EpisodeRef, streams: Sequence[DepthStream], make: MakeFrame
    ) -> None:
        columns, found = {}, {}
        features = target_features(self.info["features"], streams)
        for stream in streams:
            source = self._frames(episode, stream.source)
            frames = [
                from_metres(make(stream.source, index, frame), stream.dtype)
                for index, frame in enumerate(source)
            ]
            found[stream.target] = image_statistics(frames)
            feature = features[stream.target]
            if feature["dtype"] == "image":
                kind = self._image_kind(episode, stream)
                columns[stream.target] = image_column([encode_image(frame, kind) for frame in frames])
            else:
                columns[stream.target] = array_column(np.stack(frames).reshape(-1, *feature["shape"]))
            mask = (feature.get("info") or {}).get("validity_feature", "")
            if mask in features:
                shape = tuple(features[mask]["shape"])
                columns[mask] = array_column((np.stack(frames) > 0).reshape(-1, *shape))
        table = pa.table(columns).replace_schema_metadata({STATISTICS_KEY: json.dumps(found).encode()})
        pq.write_table(table, path)

    def assemble(
        self,
        out: Path,
        parts: Mapping[str, Path],
        streams: Sequence[DepthStream],
        keep_clean: bool,
        record: Mapping[str, Any],
        seeds: Mapping[str, int],
    ) -> None:
        changed = {episode.data_file for episode in self._episodes}
        changed |= {layout.INFO, layout.STATS, layout.EXTRA}
        changed |= {str(path.relative_to(self.path)) for path in layout.episode_files(self.path)}
        copies = {
            stream.target + self.clean_suffix: stream.source
            for stream in streams
            if keep_clean and stream.source == stream.target
        }
        videos = replaced_videos(self.info["features"], streams, copies)
        for file in sorted(path for path in self.path.rglob("*") if path.is_file()):
            relative = file.relative_to(self.path)
            key = relative.parts[1] if relative.parts[0] == "videos" else ""
            if str(relative) in changed or (key in videos and videos[key] is None):
                continue
            target = (
                out / relative
                if key not in videos
                else out.joinpath("videos", str(videos[key]), *relative.parts[2:])
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        columns = {key: origin for key, origin in copies.items() if origin not in videos}
        for data_file in sorted({episode.data_file for episode in self._episodes}):
            self._rewrite(out, data_file, parts, columns)
        write_metadata(self.path, out, self.info, parts, streams, copies)
        extra = read_json(self.path / layout.EXTRA)
        extra |= {"enhanced_depth": dict(record), "enhanced_seeds": dict(seeds)}
        write_json(out / layout.EXTRA, extra)

    def close(self) -> None:
        """Nothing stays open."""

    def _rewrite(
        self, out: Path, data_file: str, parts: Mapping[str, Path], copies: Mapping[str, str]
    ) -> None:
        """Write a data file anew, row group by row group; the values of all other columns are the same."""
        with pq.ParquetFile(self.path / data_file) as source:
            (out / data_file).parent.mkdir(parents=True, exist_ok=True)
            compression = source.metadata.row_group(0).column(0).compression.lower()
            writer = None
            for number in range(source.num_row_groups):
                table = source.read_row_group(number)
                new = {key: table.column(origin) for key, origin in copies.items()}
                new |= _replacements(table, parts)
                for key, column in new.items():
                    if key in table.column_names:
                        place = table.column_names.index(key)
                        field = table.schema.field(place)
                        table = table.set_column(place, field, column.cast(field.type))
                    else:
                        table = table.append_column(key, column)
                if writer is None:
                    writer = pq.ParquetWriter(out / data_file, table.schema, compression=compression)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
            if writer is not None:
                writer.close()

    def _episode(self, episode: EpisodeRef) -> layout.LeRobotEpisode:
        return next(e for e in self._episodes if episode_name(e.index) == episode.name)

    def _frames(self, episode: EpisodeRef, key: str) -> Sequence[NDArray[Any]]:
        return episode_frames(self.path, self.info, self._episode(episode), key)

    def _image_kind(self, episode: EpisodeRef, stream: DepthStream) -> str:
        if self.info["features"][stream.source]["dtype"] != "image":
            return "TIFF"
        column = read_column(self.path, self._episode(episode), stream.source)
        return decode_image(column[0].as_py()["bytes"])[1]


def calibration_key(features: Mapping[str, Any], depth_key: str) -> str | None:
    """The feature with the intrinsics of a depth feature's camera; the feature's info may name it."""
    about = features.get(depth_key, {}).get("info") or {}
    key = about.get("intrinsics_feature")
    return str(key) if key in features else None


def _runs(values: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Starts and ends of runs of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    yield from zip([0, *edges], [*edges, len(values)], strict=True)


def _replacements(table: pa.Table, parts: Mapping[str, Path]) -> dict[str, pa.ChunkedArray]:
    index = table.column("episode_index").to_numpy()
    frame = table.column("frame_index").to_numpy()
    pieces = []
    for start, end in _runs(index):
        part = pq.read_table(parts[episode_name(int(index[start]))])
        pieces.append(part.slice(int(frame[start]), end - start).replace_schema_metadata(None))
    joined = pa.concat_tables(pieces)
    return {name: joined.column(name) for name in joined.column_names}
