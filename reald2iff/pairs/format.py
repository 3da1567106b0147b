"""Pair data sets on disk: shards of views in compressed numpy archives and an index beside them.

A folder holds ``index.json`` and ``shard_00000.npz``, ``shard_00001.npz``, ... A shard is written whole or
not at all, and equal arrays give equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError

FORMAT_VERSION = 2
INDEX_NAME = "index.json"

CLEAN_STEPS = 512
"""Clean disparity is stored in 1/512 px: well below the sensor's noise, and 128 px fit 16 bits."""

SENSOR_STEPS = 32
"""Sensor disparity is stored in 1/32 px, the sensor's own quantisation: lossless."""

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
_SHARES = (0.85, 0.05, 0.10)

_SPLIT_SALT = "reald2iff pairs"


@dataclass(frozen=True)
class Shard:
    """Some views of one split.

    Attributes:
        clean_disparity: ``(N, H, W) uint16`` in 1/`CLEAN_STEPS` px, 0 = invalid.
        sensor_disparity: ``(N, H, W) uint16`` in 1/`SENSOR_STEPS` px, 0 = invalid.
        sensor_disparity_redrawn: The same views sensed again with other noise and materials, laid out like
            ``sensor_disparity``; None for training views.
        scene: ``(N,) int64`` index of the scene.
        focal_baseline: ``(N,) float32`` metres times px: depth = focal_baseline / disparity.
        kind: ``(N,)`` strings of up to 16 letters, the sort of scene.
        strength: ``(N,) float32`` how bad the sensor's noise was set, 1 = as fitted.
        density: ``(N,) float32`` its preset, see `reald2iff.sensors.setting.PRESETS`.
    """

    clean_disparity: NDArray[np.uint16]
    sensor_disparity: NDArray[np.uint16]
    sensor_disparity_redrawn: NDArray[np.uint16] | None
    scene: NDArray[np.int64]
    focal_baseline: NDArray[np.float32]
    kind: NDArray[np.str_]
    strength: NDArray[np.float32]
    density: NDArray[np.float32]


_IMAGES = ("clean_disparity", "sensor_disparity", "sensor_disparity_redrawn")
_DTYPES = {
    "scene": "int64",
    "kind": "<U16",
    **dict.fromkeys(("focal_baseline", "strength", "density"), "float32"),
    **dict.fromkeys(_IMAGES, "uint16"),
}


def split_of(scene: int) -> Split:
    """The split of a scene, by a hash of its index: about 85 % train, 5 % val, 10 % test in any data set."""
    digest = hashlib.sha256(f"{_SPLIT_SALT} {scene}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if position < _SHARES[0] else "val" if position < _SHARES[0] + _SHARES[1] else "test"


def encode_disparity(disparity: NDArray[np.floating], steps: int) -> NDArray[np.uint16]:
    """Pixels to 1/``steps`` px in 16 bits; what is not positive or does not fit becomes 0 (invalid)."""
    scaled = np.rint(np.asarray(disparity, dtype=np.float32) * np.float32(steps))
    with np.errstate(invalid="ignore"):
        valid = (scaled > 0) & (scaled <= np.iinfo(np.uint16).max)
    return np.where(valid, scaled, 0).astype(np.uint16)


def decode_disparity(disparity: NDArray[np.uint16], steps: int) -> NDArray[np.float32]:
    """From 1/``steps`` px to pixels; 0 stays 0."""
    return disparity.astype(np.float32) / np.float32(steps)


def shard_name(index: int) -> str:
    """File name of a shard."""
    return f"shard_{index:05d}.npz"


def write_shard(path: Path, shard: Shard) -> None:
    """Write a shard durably: it exists under its name only when it is whole."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
        for name in _DTYPES:
            array = getattr(shard, name)
            if array is None:
                continue
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            # ZipInfo's own default time stamp keeps equal shards equal in bytes.
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, member.getvalue(), compresslevel=3)
    write_atomically(path, archive.getvalue())


def read_shard(path: Path) -> Shard:
    """Read and check a shard.

    Raises:
        DatasetError: if it is missing, damaged or not laid out as `Shard` says.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays: dict[str, Any] = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: no such shard") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DatasetError(f"{path}: damaged shard ({error})") from error
    arrays.setdefault("sensor_disparity_redrawn", None)
    if set(arrays) != set(_DTYPES):
        raise DatasetError(f"{path}: holds {sorted(arrays)}: expected {sorted(_DTYPES)}")
    shape = arrays["clean_disparity"].shape
    for name, array in arrays.items():
        if array is None:
            continue
        expected = shape if name in _IMAGES else shape[:1]
        if array.dtype != np.dtype(_DTYPES[name]):
            raise DatasetError(f"{path}: {name} has type {array.dtype}: expected {_DTYPES[name]}")
        if array.shape != expected or len(shape) != 3:
            raise DatasetError(f"{path}: {name} has shape {array.shape}: expected {expected}, views first")
    return Shard(**arrays)


def write_index(folder: Path, index: dict[str, Any]) -> None:
    """Write ``index.json`` durably."""
    write_atomically(folder / INDEX_NAME, (json.dumps(index, indent=1, sort_keys=True) + "\n").encode())


def read_index(folder: Path) -> dict[str, Any]:
    """Read ``index.json``.

    Raises:
        DatasetError: if it is missing, not JSON, or of another format version.
    """
    path = folder / INDEX_NAME
    try:
        index = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise DatasetError(
            f"{folder}: no {INDEX_NAME}: expected a folder made by 'reald2iff pairs generate'"
        ) from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    if not isinstance(index, dict) or index.get("format_version") != FORMAT_VERSION:
        found = index.get("format_version") if isinstance(index, dict) else None
        raise DatasetError(f"{path}: format version {found}: expected {FORMAT_VERSION}")
    return index


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that its name never stands for half of it, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
