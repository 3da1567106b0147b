"""Demonstrations in HDF5: robomimic's layout, and MimicGen's and Isaac Lab's, which follow it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
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
from reald2iff.demos.formats.hdf5_cameras import camera_intrinsics
from reald2iff.demos.formats.hdf5_copy import copy_attributes, copy_except, create_like
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics

NEXT = "next_obs/"
_RAY_LENGTH = "distance_to_camera"


class Hdf5Data(DepthData):
    """``data/demo_k/obs/<camera>_depth (N, H, W[, 1])``; ``next_obs`` follows ``obs``."""

    name = "HDF5"

    def __init__(self, path: Path, clean_suffix: str) -> None:
        super().__init__(path, clean_suffix)
        self._file = open_demos(path)
        self._names = demo_names(self._file["data"])
        if not self._names:
            raise DatasetError(f"{path} holds no episodes")

    @classmethod
    def holds(cls, path: Path) -> bool:
        return path.is_file() and bool(h5py.is_hdf5(path))

    def episodes(self) -> list[EpisodeRef]:
        return [EpisodeRef(name, self._steps(self._demo(name))) for name in self._names]

    def keys(self) -> list[KeyRow]:
        rows: list[KeyRow] = []

        def visit(key: str, node: h5py.HLObject) -> None:
            if isinstance(node, h5py.Dataset):
                rows.append(KeyRow(key, str(node.shape), str(node.dtype)))

        self._demo(self._names[0]).visititems(visit)
        return rows

    def streams(self, wanted: Sequence[str]) -> list[DepthStream]:
        demo = self._demo(self._names[0])
        depth = {
            row.key: demo[row.key]
            for row in self.keys()
            if demo[row.key].ndim >= 3 and row.key[:5] != NEXT[:5]
        }
        if wanted:
            chosen = [self._wanted(key, list(depth)) for key in wanted]
        else:
            cleaned = {
                key.removesuffix(self.clean_suffix) for key in depth if key.endswith(self.clean_suffix)
            }
            chosen = [key for key in depth if is_depth_key(key, self.clean_suffix)]
            chosen += sorted(
                key for key in cleaned if is_depth_key(key, self.clean_suffix) and key not in depth
            )
        if not chosen:
            rays = [key for key in depth if key.endswith(_RAY_LENGTH)]
            hint = f"; {rays[0]} is the length of rays: expected depth along the optical axis" if rays else ""
            raise DatasetError(
                f"{self.path} has no key named like depth (name one with --keys); it holds "
                f"{', '.join(depth) or 'no images'}{hint}"
            )
        return [self._stream(key, depth) for key in chosen]

    def _wanted(self, key: str, known: Sequence[str]) -> str:
        match = only_match(self.path, key, known)
        if match.endswith(_RAY_LENGTH):
            raise DatasetError(
                f"{match} is the length of rays: expected depth along the optical axis "
                "(distance_to_image_plane)"
            )
        return match.removesuffix(self.clean_suffix)

    def _stream(self, target: str, depth: Mapping[str, h5py.Dataset]) -> DepthStream:
        source = target + self.clean_suffix if target + self.clean_suffix in depth else target
        shape = depth[source].shape
        if len(shape) == 4 and shape[-1] != 1:
            raise DatasetError(f"{source} has shape {shape}: expected (N, H, W) or (N, H, W, 1)")
        return DepthStream(source, target, shape[1], shape[2], depth[source].dtype.name)

    def frames(self, episode: EpisodeRef, stream: DepthStream, indices: Sequence[int]) -> list[NDArray[Any]]:
        dataset = self._dataset(episode.name, stream.source, stream)
        return [_squeezed(dataset[index]) for index in indices]

    def intrinsics(self, episode: EpisodeRef, stream: DepthStream) -> PinholeIntrinsics | None:
        demo = self._demo(episode.name)
        found = camera_intrinsics(demo, stream.target, stream.width, stream.height)
        return found or camera_intrinsics(demo, stream.source, stream.width, stream.height)

    def write_part(
        self, path: Path, episode: EpisodeRef, streams: Sequence[DepthStream], make: MakeFrame
    ) -> None:
        demo = self._demo(episode.name)
        with h5py.File(path, "w") as part:
            for stream in streams:
                source = self._dataset(episode.name, stream.source, stream)
                target = create_like(part, stream.target, source)
                following = demo.get(_next_key(stream.source))
                if following is None and _next_key(stream.target) in demo:
                    raise DatasetError(
                        f"{self.path}: {episode}/{_next_key(stream.target)} has no clean depth beside it as "
                        f"{stream.target} has: remove it (it is obs a step later)"
                    )
                if following is None:
                    _fill(target, source, stream, make)
                    continue
                made = _fill(target, source, stream, make, keep=True)
                _fill_next(create_like(part, _next_key(stream.target), following), following, source, made)
                last = len(source)
                frame = make(stream.source, last, _squeezed(following[last - 1]))
                target = part[_next_key(stream.target)]
                target[last - 1] = from_metres(frame, stream.dtype).reshape(target.shape[1:])

    def assemble(
        self,
        out: Path,
        parts: Mapping[str, Path],
        streams: Sequence[DepthStream],
        keep_clean: bool,
        record: Mapping[str, Any],
        seeds: Mapping[str, int],
    ) -> None:
        with h5py.File(out, "w") as target:
            copy_attributes(self._file, target)
            for name in self._file:
                if name != "data":
                    self._file.copy(name, target, name=name)
            data = target.create_group("data")
            copy_attributes(self._file["data"], data, leave_out=("enhanced_depth",))
            data.attrs["enhanced_depth"] = json.dumps(record, sort_keys=True)
            for name in self._names:
                demo = self._demo(name)
                with h5py.File(parts[name], "r") as part:
                    replaced = _datasets(part)
                    if keep_clean:
                        replaced |= {
                            key + self.clean_suffix: demo[key]
                            for key in replaced
                            if key in demo and key + self.clean_suffix not in demo
                        }
                    copy_except(demo, data.create_group(name), replaced)
                noise = {"seed": seeds[name], **record["model"]}
                data[name].attrs["noise_model"] = json.dumps(noise, sort_keys=True)

    def close(self) -> None:
        self._file.close()

    def _demo(self, name: str) -> h5py.Group:
        try:
            return self._file["data"][name]
        except (KeyError, OSError) as error:
            raise DatasetError(f"{self.path}: {name} cannot be opened: {error}") from error

    def _steps(self, demo: h5py.Group) -> int:
        if "num_samples" in demo.attrs:
            return int(demo.attrs["num_samples"])
        return len(demo["actions"])

    def _dataset(self, name: str, key: str, stream: DepthStream) -> h5py.Dataset:
        dataset = self._demo(name).get(key)
        if dataset is None:
            raise DatasetError(f"{self.path}: {name} has no {key}, which the first episode has")
        if dataset.shape[1:3] != (stream.height, stream.width) or dataset.dtype.name != stream.dtype:
            raise DatasetError(
                f"{self.path}: {name}/{key} is {dataset.dtype} {dataset.shape}: expected {stream.dtype} "
                f"frames of {stream.height}x{stream.width} like the first episode's"
            )
        return dataset


def _fill(
    target: h5py.Dataset, source: h5py.Dataset, stream: DepthStream, make: MakeFrame, keep: bool = False
) -> NDArray[Any]:
    made = []
    chunk = source.chunks[0] if source.chunks else 1
    for indices in blocks(len(source), source[0].nbytes if len(source) else 1, chunk):
        raw = source[indices.start : indices.stop]
        block = [make(stream.source, i, _squeezed(frame)) for i, frame in zip(indices, raw, strict=True)]
        stored = np.stack([from_metres(frame, stream.dtype) for frame in block]).reshape(raw.shape)
        target[indices.start : indices.stop] = stored
        if keep:
            made.append(stored)
    return np.concatenate(made) if made else np.empty(0)


def _fill_next(
    target: h5py.Dataset, following: h5py.Dataset, source: h5py.Dataset, made: NDArray[Any]
) -> None:
    """``next_obs`` is ``obs`` a step later: the same frame is the same picture in both."""
    if not np.array_equal(following[:-1], source[1:], equal_nan=source.dtype.kind == "f"):
        raise DatasetError(
            f"{following.name} is not {source.name} shifted by one step: remove one of them, they disagree"
        )
    target[: len(made) - 1] = made[1:]


def _next_key(key: str) -> str:
    return NEXT + key.removeprefix("obs/")


def _squeezed(frame: NDArray[Any]) -> NDArray[Any]:
    return frame[..., 0] if frame.ndim == 3 else frame


def _datasets(part: h5py.File) -> dict[str, h5py.Dataset | None]:
    found: dict[str, h5py.Dataset | None] = {}
    part.visititems(lambda key, node: found.update({key: node}) if isinstance(node, h5py.Dataset) else None)
    return found
