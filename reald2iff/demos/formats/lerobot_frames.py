"""Frames of a LeRobot data set, however they are stored: images and arrays in parquet, videos.

Depth in videos is 12 bit, on a logarithmic scale that the feature's info describes. It has no code for
invalid depth: code 0 stands for the smallest distance, which LeRobot gives invalid pixels too. It counts as
invalid here.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from reald2iff.demos.formats.lerobot_columns import column_array, decode_image
from reald2iff.demos.formats.lerobot_layout import LeRobotEpisode
from reald2iff.errors import DatasetError, DependencyError

_CODES = 4095
_DEPTH_DEFAULTS = {"depth_min": 0.01, "depth_max": 10.0, "shift": 3.5, "use_log": True}


def says_depth(feature: Mapping[str, Any]) -> bool:
    """Whether a feature's info says that it is depth."""
    about = feature.get("info") or {}
    return bool(about.get("is_depth_map") or about.get("video.is_depth_map"))


def episode_frames(
    root: Path, info: Mapping[str, Any], episode: LeRobotEpisode, key: str
) -> Sequence[NDArray[Any]]:
    """All frames of one feature in an episode: ``(H, W)``, or ``(H, W, 3)``, in their own type.

    Raises:
        DatasetError: if they cannot be read, or are not as many as the episode has steps.
        DependencyError: for a video without ffmpeg.
    """
    feature = info["features"][key]
    if feature["dtype"] == "video":
        return _video_frames(root, info, episode, key)
    return _ColumnFrames(read_column(root, episode, key), feature)


def read_column(root: Path, episode: LeRobotEpisode, key: str) -> pa.ChunkedArray:
    """A column of an episode's data.

    Raises:
        DatasetError: if it cannot be read.
    """
    path = root / episode.data_file
    try:
        table = pq.read_table(path, columns=[key], filters=[("episode_index", "=", episode.index)])
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{path}: {key} cannot be read: {error}") from error
    return table.column(key)


class _ColumnFrames(Sequence[NDArray[Any]]):
    """Frames in a column, decoded when they are asked for."""

    def __init__(self, column: pa.ChunkedArray, feature: Mapping[str, Any]) -> None:
        self._column = column
        self._feature = feature

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[Any] | Sequence[NDArray[Any]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if self._feature["dtype"] == "image":
            return np.squeeze(decode_image(self._column[index].as_py()["bytes"])[0])
        return np.squeeze(column_array(self._column.slice(index, 1), self._feature["shape"])[0])


def _video_frames(
    root: Path, info: Mapping[str, Any], episode: LeRobotEpisode, key: str
) -> list[NDArray[Any]]:
    feature = info["features"][key]
    file, start = episode.videos[key]
    height, width = feature["shape"][:2] if feature["shape"][-1] in (1, 3) else feature["shape"][1:]
    about = {name.removeprefix("video."): value for name, value in (feature.get("info") or {}).items()}
    if not says_depth(feature):
        raw = _decode(root / file, start, episode.length, info["fps"], "rgb24", height * width * 3)
        return list(raw.reshape(-1, height, width, 3))
    stored = str(about.get("pix_fmt", ""))
    if not stored.startswith(("gray12", "gray16")):
        raise DatasetError(
            f"{root / file}: depth as {stored or 'video of an unknown pixel format'}: 8 bits hold 256 depths "
            "at most; expected gray12le or gray16le"
        )
    raw = _decode(root / file, start, episode.length, info["fps"], stored, height * width * 2)
    codes = raw.view("<u2").reshape(-1, height, width)
    if stored.startswith("gray16"):
        return list(codes.astype(np.uint16))  # millimetres as they are
    table = dequantised({**_DEPTH_DEFAULTS, **about})
    return list(table[codes])


def dequantised(about: Mapping[str, Any]) -> NDArray[np.float32]:
    """Metres of each of LeRobot's 4096 depth codes, ``(4096,) float32``; 0 = invalid for code 0.

    Args:
        about: ``depth_min``, ``depth_max``, ``shift`` in metres and ``use_log``.
    """
    share = np.arange(_CODES + 1) / _CODES
    low, high, shift = (float(about[name]) for name in ("depth_min", "depth_max", "shift"))
    if about["use_log"]:
        start, end = math.log(low + shift), math.log(high + shift)
        metres = np.exp(start + share * (end - start)) - shift
    else:
        metres = low + share * (high - low)
    metres[0] = 0
    return metres.astype(np.float32)


def _decode(
    path: Path, start: float, frames: int, fps: float, pixel_format: str, frame_bytes: int
) -> NDArray[np.uint8]:
    """``frames * frame_bytes`` bytes of a video, from ``start`` seconds on."""
    command = [_ffmpeg(), "-v", "error", "-ss", f"{max(0.0, start - 0.5 / fps):.6f}", "-i", str(path)]
    command += [
        "-frames:v",
        str(frames),
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixel_format,
    ]
    process = subprocess.run([*command, "-"], capture_output=True, check=False)
    if process.returncode or len(process.stdout) != frames * frame_bytes:
        complaint = process.stderr.decode(errors="replace").strip()
        raise DatasetError(
            f"{path}: {len(process.stdout) // frame_bytes} frames from {start:g} s on, expected {frames}"
            + (f" ({complaint})" if complaint else "")
        )
    return np.frombuffer(process.stdout, np.uint8)


def _ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise DependencyError("videos need ffmpeg: pip install 'reald2iff-ros[formats]'") from error
    return str(imageio_ffmpeg.get_ffmpeg_exe())
