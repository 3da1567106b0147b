"""Replay buffers of diffusion_policy: zarr, format 2, all episodes one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numcodecs
import numpy as np
import zarr
from numpy.typing import NDArray

from reald2iff.demos.formats.base import (
    DepthData,
    DepthStream,
    EpisodeRef,
    KeyRow,
    MakeFrame,
    blocks,
    from_metres,
    is_depth_key,
    only_match,
)
from reald2iff.demos.formats.hdf5_cameras import camera_name
from reald2iff.errors import DatasetError, InvalidIntrinsicsError
from reald2iff.geometry import PinholeIntrinsics

_ENDS = "meta/episode_ends"


class ZarrData(DepthData):
    """``data/<camera>_depth (T, H, W[, 1])`` and ``meta/episode_ends``, in a folder."""

    name = "zarr"

    def __init__(self, path: Path, clean_suffix: str) -> None:
        super().__init__(path, clean_suffix)
        self._root = zarr.open_group(str(path), mode="r")
        ends = self._root[_ENDS][:].tolist()
        self._ranges = {_name(i): (0 if i == 0 else ends[i - 1], end) for i, end in enumerate(ends)}
        if not self._ranges:
            raise DatasetError(f"{path} holds no episodes")

    @classmethod
    def holds(cls, path: Path) -> bool:
        return (path / _ENDS / ".zarray").is_file()

    def episodes(self) -> list[EpisodeRef]:
        return [EpisodeRef(name, end - start) for name, (start, end) in self._ranges.items()]

    def keys(self) -> list[KeyRow]:
        return [
            KeyRow(f"{group}/{key}", str(array.shape), str(array.dtype))
            for group in ("data", "meta")
            for key, array in sorted(self._root[group].arrays())
        ]

    def streams(self, wanted: Sequence[str]) -> list[DepthStream]:
        images = {key: array for key, array in sorted(self._root["data"].arrays()) if array.ndim >= 3}
        if wanted:
            chosen = [
                only_match(self.path, key, list(images)).removesuffix(self.clean_suffix) for key in wanted
            ]
        else:
            names = [key.removesuffix(self.clean_suffix) for key in images]
            chosen = sorted({name for name in names if is_depth_key(name, self.clean_suffix)})
        if not chosen:
            raise DatasetError(
                f"{self.path} has no array named like depth (name one with --keys); it holds "
                f"{', '.join(images) or 'no images'}"
            )
        streams = []
        for target in chosen:
            source = target + self.clean_suffix if target + self.clean_suffix in images else target
            shape = images[source].shape
            if len(shape) == 4 and shape[-1] != 1:
                raise DatasetError(f"data/{source} has shape {shape}: expected (T, H, W) or (T, H, W, 1)")
            streams.append(DepthStream(source, target, shape[1], shape[2], images[source].dtype.name))
        return streams

    def frames(self, episode: EpisodeRef, stream: DepthStream, indices: Sequence[int]) -> list[NDArray[Any]]:
        start, _ = self._ranges[episode.name]
        return [_squeezed(self._root["data"][stream.source][start + index]) for index in indices]

    def intrinsics(self, episode: EpisodeRef, stream: DepthStream) -> PinholeIntrinsics | None:
        """Of ``meta/<camera>_intrinsics``, ``(3, 3)`` or ``(E, 3, 3)``, which `convert` writes."""
        key = f"{camera_name(stream.target)}_intrinsics"
        if key not in self._root["meta"]:
            return None
        matrices = self._root["meta"][key][:]
        if matrices.shape not in ((3, 3), (len(self._ranges), 3, 3)):
            raise InvalidIntrinsicsError(
                f"{self.path}: meta/{key} has shape {matrices.shape}: expected (3, 3), or one an episode"
            )
        matrix = matrices if matrices.ndim == 2 else matrices[list(self._ranges).index(episode.name)]
        return PinholeIntrinsics.from_matrix(matrix, stream.width, stream.height)

    def write_part(
        self, path: Path, episode: EpisodeRef, streams: Sequence[DepthStream], make: MakeFrame
    ) -> None:
        start, end = self._ranges[episode.name]
        with h5py.File(path, "w") as part:
            for stream in streams:
                source = self._root["data"][stream.source]
                target = part.create_dataset(
                    stream.target, (end - start, *source.shape[1:]), source.dtype, track_times=False
                )
                for index in range(end - start):
                    frame = make(stream.source, index, _squeezed(source[start + index]))
                    target[index] = from_metres(frame, stream.dtype).reshape(source.shape[1:])

    def assemble(
        self,
        out: Path,
        parts: Mapping[str, Path],
        streams: Sequence[DepthStream],
        keep_clean: bool,
        record: Mapping[str, Any],
        seeds: Mapping[str, int],
    ) -> None:
        replaced = {self.path / "data" / stream.target for stream in streams}
        shutil.copytree(
            self.path, out, ignore=lambda folder, names: names if Path(folder) in replaced else ()
        )
        numcodecs.blosc.use_threads = False
        for stream in streams:
            if keep_clean and stream.source == stream.target:
                shutil.copytree(
                    self.path / "data" / stream.source, out / "data" / (stream.target + self.clean_suffix)
                )
            self._fill(out / "data" / stream.target, stream, parts)
        root = zarr.open_group(str(out), mode="r+")
        root.attrs.update({"enhanced_depth": dict(record), "enhanced_seeds": dict(seeds)})
        if (self.path / ".zmetadata").is_file():
            zarr.consolidate_metadata(str(out))

    def close(self) -> None:
        """Nothing stays open."""

    def _fill(self, folder: Path, stream: DepthStream, parts: Mapping[str, Path]) -> None:
        """An array like the source's, chunks written whole."""
        source = self._root["data"][stream.source]
        folder.mkdir(exist_ok=True)
        for name in (".zarray", ".zattrs"):
            if (self.path / "data" / stream.source / name).is_file():
                shutil.copyfile(self.path / "data" / stream.source / name, folder / name)
        target = zarr.open_array(str(folder), mode="r+")
        frame_bytes = int(np.prod(source.shape[1:])) * source.dtype.itemsize
        for rows in blocks(len(source), frame_bytes, source.chunks[0]):
            target[rows.start : rows.stop] = self._gather(stream.target, rows, parts)

    def _gather(self, key: str, rows: range, parts: Mapping[str, Path]) -> NDArray[Any]:
        found = []
        for name, (start, end) in self._ranges.items():
            first, last = max(start, rows.start), min(end, rows.stop)
            if first < last:
                with h5py.File(parts[name], "r") as part:
                    found.append(part[key][first - start : last - start])
        return np.concatenate(found)


def _name(index: int) -> str:
    return f"episode_{index:06d}"


def _squeezed(frame: NDArray[Any]) -> NDArray[Any]:
    return frame[..., 0] if frame.ndim == 3 else frame
