"""The ``index.json`` of a folder of raw frames (its format: `reald2iff.io.recordings`)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidIntrinsicsError
from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics
from reald2iff.io.depth_files import read_depth
from reald2iff.io.recordings import INDEX_NAME, RecordedFrame, Recording, number_segments

_MILLIMETRE = 0.001
_REGISTERED = re.compile(r"(?<!not )\b(registered|aligned (to|with) (the )?(colou?r|rgb))\b", re.IGNORECASE)
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_folder(folder: Path) -> list[Recording]:
    """The recordings that ``index.json`` in ``folder`` lists, in the order of their first frames.

    Raises:
        DatasetError: as `reald2iff.io.recordings.read_recordings`.
    """
    by_source: dict[str, list[_Entry]] = {}
    for entry in _read_index(folder):
        by_source.setdefault(entry.source, []).append(entry)
    return [_recording(folder / INDEX_NAME, name, members) for name, members in by_source.items()]


@dataclass(frozen=True)
class _Entry:
    path: Path
    source: str
    registered: bool
    intrinsics: PinholeIntrinsics
    baseline: float
    depth_unit: float
    static_burst: bool


def _read_index(folder: Path) -> list[_Entry]:
    index = folder / INDEX_NAME
    if not folder.exists():
        raise DatasetError(f"{folder}: no such folder: expected one with an {INDEX_NAME}, or a bag")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: expected a folder with an {INDEX_NAME}, or a bag")
    if not index.is_file():
        raise DatasetError(
            f"{folder}: has no {INDEX_NAME}: expected one that lists its depth images "
            "(see reald2iff.io.recordings)"
        )
    try:
        content = json.loads(index.read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{index}: cannot be read as JSON ({error})") from error
    if not isinstance(content, list):
        raise DatasetError(f"{index}: holds a {type(content).__name__}: expected a list, one entry a frame")
    if not content:
        raise DatasetError(f"{index}: lists no frames: expected at least one")
    return [_parse_entry(index, number, values) for number, values in enumerate(content)]


def _parse_entry(index: Path, number: int, values: Any) -> _Entry:
    where = f"{index}: entry {number}"
    if not isinstance(values, dict):
        raise DatasetError(f"{where} is {values!r}: expected an object with depth, fx, fy, cx and cy")
    missing = [key for key in ("depth", "fx", "fy", "cx", "cy") if key not in values]
    if missing:
        raise DatasetError(f"{where} lacks {', '.join(missing)}: it has {', '.join(values) or 'nothing'}")
    stream = _text(where, values, "stream", "native depth")
    path = index.parent / _text(where, values, "depth", "")
    if not path.is_file():
        raise DatasetError(f"{where}: depth = {values['depth']!r}: no such file in {index.parent}")
    fx, fy, cx, cy = (_number(where, values, key, math.nan) for key in ("fx", "fy", "cx", "cy"))
    width, height = _image_size(path)
    try:
        intrinsics = PinholeIntrinsics(width, height, fx, fy, cx, cy)
    except InvalidIntrinsicsError as error:
        raise DatasetError(f"{where}: {error}") from error
    if not (0 <= cx < width and 0 <= cy < height):
        raise DatasetError(
            f"{where}: principal point ({cx:g}, {cy:g}) lies outside its image of {width}x{height} px"
        )
    return _Entry(
        path,
        _text(where, values, "source", index.parent.resolve().name),
        _flag(where, values, "registered", _REGISTERED.search(stream) is not None),
        intrinsics,
        _positive(where, values, "baseline_m", D435_BASELINE),
        _positive(where, values, "depth_unit_m", _MILLIMETRE),
        _flag(where, values, "static_burst", False),
    )


def _recording(index: Path, name: str, entries: Sequence[_Entry]) -> Recording:
    first = entries[0]
    for entry in entries:
        for what in ("registered", "intrinsics", "baseline"):
            if getattr(entry, what) != getattr(first, what):
                raise DatasetError(
                    f"{index}: source {name!r} has {what} {getattr(first, what)} in {first.path.name} and "
                    f"{getattr(entry, what)} in {entry.path.name}: expected one camera and stream a source"
                )
    frames = tuple(
        RecordedFrame(
            str(entry.path.relative_to(index.parent)),
            entry.intrinsics,
            segment,
            entry.static_burst,
            entry.baseline,
            partial(_load, entry.path, entry.depth_unit),
        )
        for entry, segment in zip(entries, number_segments([e.static_burst for e in entries]), strict=True)
    )
    return Recording(name, first.registered, first.baseline, frames)


def _load(path: Path, depth_unit: float) -> NDArray[np.float32]:
    image = read_depth(path)
    if image.format.dtype != "uint16":
        return image.depth
    return image.depth * np.float32(depth_unit / _MILLIMETRE)


def _image_size(path: Path) -> tuple[int, int]:
    """Width and height; of a PNG from its header, so that a long recording opens at once."""
    with path.open("rb") as file:
        header = file.read(24)
    if header.startswith(_PNG_SIGNATURE) and len(header) == 24:
        return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")
    height, width = read_depth(path).depth.shape
    return width, height


def _text(where: str, values: dict[str, Any], key: str, default: str) -> str:
    value = values.get(key, default)
    if not isinstance(value, str) or not value:
        raise DatasetError(f"{where}: {key} = {value!r}: expected text")
    return value


def _flag(where: str, values: dict[str, Any], key: str, default: bool) -> bool:
    value = values.get(key, default)
    if not isinstance(value, bool):
        raise DatasetError(f"{where}: {key} = {value!r}: expected true or false")
    return value


def _number(where: str, values: dict[str, Any], key: str, default: float) -> float:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DatasetError(f"{where}: {key} = {value!r}: expected a number")
    return float(value)


def _positive(where: str, values: dict[str, Any], key: str, default: float) -> float:
    value = _number(where, values, key, default)
    if not 0 < value < 1:
        raise DatasetError(f"{where}: {key} = {value:g}: expected metres between 0 and 1")
    return value
