"""Bags with the depth of a RealSense camera.

Made by the RealSense Viewer or SDK (``.bag``; ``.db3`` of newer ones): one native, unfiltered depth stream,
``/device_0/sensor_0/Depth_0``. Or made of the topics of the camera's ROS driver (``.bag`` of ROS 1; ``.db3``,
``.mcap`` or the folder of a ROS 2 bag), with their camera_info: ``.../depth/image_rect_raw`` is native,
``.../aligned_depth_to_color/image_raw`` registered; the driver's own filters must have been off.

Of 30 frames a second few say anything new: one in a quarter of a second is taken, fewer of long recordings.
Where the camera stood still for `BURST_FRAMES` frames, the calmest such run is taken too, as a static burst.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, DependencyError, InvalidIntrinsicsError
from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, depth_to_disparity, sanitize_depth
from reald2iff.io.recordings import INDEX_NAME, MAX_DEPTH, RecordedFrame, Recording, number_segments

BURST_FRAMES = 8
BAG_SUFFIXES = (".bag", ".db3", ".mcap")

_METADATA = "metadata.yaml"

_COMPRESSED = "(/compressedDepth)?"
_SDK_TOPIC = re.compile(r"(?P<stream>/device_\d+/sensor_\d+/Depth_\d+)/image/data" + _COMPRESSED)
_DRIVER_TOPIC = re.compile(
    r"(?P<stream>/\S*(depth|aligned_depth_to_color|depth_registered))/image(_rect)?(_raw)?" + _COMPRESSED
)
_REGISTERED = ("aligned_depth_to_color", "depth_registered")
_OPTION_TOPIC = re.compile(r"/device_\d+/sensor_\d+/option/(?P<name>[^/]+)/value")
_INFO_TOPICS = ("/info/camera_info", "/image/camera_info", "/camera_info")
_ENCODINGS = ("mono16", "16UC1")
_PNG_SIGNATURE = b"\x89PNG"
_SPACING = 0.25
"""Seconds between frames that are taken."""
_MAX_FRAMES = 120
_STILL = 0.15
"""Median change of disparity over a burst, px; twice what a D435 on a tripod shows."""
_STILL_SHARE = 0.97
"""So many pixels change by less than 1 px."""
_MILLIMETRE = 0.001

_Image = NDArray[np.uint16]


@dataclass(frozen=True)
class _Stream:
    """A depth stream of a bag."""

    name: str
    topic: str
    images: int
    registered: bool
    intrinsics: PinholeIntrinsics
    baseline: float
    depth_unit: float

    def metres(self, image: _Image) -> NDArray[np.float32]:
        return _metres(image, self.depth_unit)


def is_bag(path: Path) -> bool:
    """Whether a path is one of a bag: by its suffix, or the metadata in the folder of a ROS 2 bag."""
    if path.is_dir():
        return (path / _METADATA).is_file() and not (path / INDEX_NAME).is_file()
    return path.suffix.lower() in BAG_SUFFIXES


def read_bag(path: Path) -> list[Recording]:
    """The depth streams of a bag, named as its file (and their topics, if there are several).

    Raises:
        DatasetError: for a file that is missing, no bag, or without depth images and their camera_info.
        DependencyError: without the package `rosbags`.
    """
    if not path.exists():
        raise DatasetError(f"{path}: no such file")
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise DependencyError(
            f"{path}: reading it needs rosbags: pip install 'reald2iff-ros[ros]'"
        ) from error
    try:
        with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
            streams = _streams(path, reader)
            return [
                _recording(path, stream, path.stem + (stream.name if len(streams) > 1 else ""), reader)
                for stream in streams
            ]
    except AnyReaderError as error:
        raise DatasetError(f"{path}: cannot be read as a bag ({error})") from error


def _recording(path: Path, stream: _Stream, name: str, reader: Any) -> Recording:
    chosen = _choose(path, reader, stream)
    start = chosen[0][0]
    segments = number_segments([still for _, still, _ in chosen])
    frames = tuple(
        RecordedFrame(
            f"{path.name} at {(stamp - start) * 1e-9:.2f} s",
            stream.intrinsics,
            segment,
            still,
            stream.baseline,
            partial(_metres, image, stream.depth_unit),
        )
        for (stamp, still, image), segment in zip(chosen, segments, strict=True)
    )
    return Recording(name, stream.registered, stream.baseline, frames)


def _streams(path: Path, reader: Any) -> list[_Stream]:
    found: dict[str, str] = {}
    for connection in reader.connections:
        match = _SDK_TOPIC.fullmatch(connection.topic) or _DRIVER_TOPIC.fullmatch(connection.topic)
        if match and connection.msgcount and connection.msgtype.endswith("Image"):
            # A stream may be there raw and compressed: once is enough.
            found.setdefault(match["stream"], connection.topic)
    if not found:
        topics = ", ".join(sorted({c.topic for c in reader.connections})[:6]) or "nothing"
        raise DatasetError(
            f"{path}: holds {topics}: expected depth images under /device_0/sensor_0/Depth_0/image/data (the "
            "RealSense SDK) or .../depth/image_rect_raw (its ROS driver)"
        )
    return [_describe(path, reader, name, topic) for name, topic in found.items()]


def _describe(path: Path, reader: Any, name: str, topic: str) -> _Stream:
    info = next(_messages(reader, [name + suffix for suffix in _INFO_TOPICS], "CameraInfo"), None)
    if info is None:
        raise DatasetError(f"{path}: holds no camera_info of {topic}")
    try:
        # ROS 1 spells the matrix in capitals.
        matrix = info.K if hasattr(info, "K") else info.k
        intrinsics = PinholeIntrinsics.from_matrix(matrix, info.width, info.height)
    except InvalidIntrinsicsError as error:
        raise DatasetError(f"{path}: camera_info of {topic}: {error}") from error
    options = {
        match["name"].replace("_", " "): c.topic
        for c in reader.connections
        if (match := _OPTION_TOPIC.fullmatch(c.topic))
    }
    return _Stream(
        name,
        topic,
        sum(c.msgcount for c in reader.connections if c.topic == topic),
        name.endswith(_REGISTERED),
        intrinsics,
        _option(path, reader, options.get("Stereo Baseline"), D435_BASELINE / _MILLIMETRE) * _MILLIMETRE,
        _option(path, reader, options.get("Depth Units"), _MILLIMETRE),
    )


def _option(path: Path, reader: Any, topic: str | None, default: float) -> float:
    message = next(_messages(reader, [topic], ""), None) if topic is not None else None
    if message is None:
        return default
    try:
        value = float(message.data)
    except ValueError:
        value = np.nan
    if not 0 < value < np.inf:
        raise DatasetError(f"{path}: {topic} = {message.data!r}: expected a number above 0")
    return value


def _messages(reader: Any, topics: Iterable[str], kind: str) -> Any:
    connections = [c for c in reader.connections if c.topic in topics and c.msgtype.endswith(kind)]
    if connections:
        for connection, _, raw in reader.messages(connections=connections):
            yield reader.deserialize(raw, connection.msgtype)


def _choose(path: Path, reader: Any, stream: _Stream) -> list[tuple[int, bool, _Image]]:
    """Stamp (ns), whether of the burst, and image of the frames that are taken."""
    rate = stream.images / max(reader.duration * 1e-9, 1e-3)
    step = max(1, round(rate * _SPACING), -(-stream.images // _MAX_FRAMES))
    taken: dict[int, tuple[int, _Image]] = {}
    still: list[tuple[int, int, Any]] = []
    calmest = _STILL
    recent: deque[tuple[int, int, Any]] = deque(maxlen=BURST_FRAMES)
    connections = [c for c in reader.connections if c.topic == stream.topic]
    for index, (connection, stamp, raw) in enumerate(reader.messages(connections=connections)):
        recent.append((index, stamp, partial(_decode, path, reader, connection, raw, stream)))
        last = index == stream.images - 1
        if index % step and not last:
            continue
        image = recent[-1][2]()
        if index % step == 0:
            taken[index] = stamp, image
        if len(recent) == BURST_FRAMES:
            change = _change(stream, recent[0][2](), image)
            if change < calmest:
                calmest, still = change, list(recent)
    burst = {index: (stamp, decode()) for index, stamp, decode in still}
    together = taken | burst
    return [(stamp, index in burst, image) for index, (stamp, image) in sorted(together.items())]


def _change(stream: _Stream, first: _Image, last: _Image) -> float:
    """Median change of disparity between two frames, px; infinite where too little is valid in both."""
    before, after = (
        depth_to_disparity(
            sanitize_depth(stream.metres(image), MAX_DEPTH), stream.intrinsics.fx, stream.baseline
        )
        for image in (first, last)
    )
    both = (before > 0) & (after > 0)
    if both.mean() < 0.1:
        return np.inf
    # Where most of the view is a wall the median says little of motion: edges do.
    change = np.abs(before - after)[both]
    return float(np.median(change)) if np.quantile(change, _STILL_SHARE) < 1 else np.inf


def _decode(path: Path, reader: Any, connection: Any, raw: Any, stream: _Stream) -> _Image:
    message = reader.deserialize(raw, connection.msgtype)
    size = (stream.intrinsics.height, stream.intrinsics.width)
    if hasattr(message, "format"):
        return _decode_png(path, bytes(message.data), size)
    if message.encoding not in _ENCODINGS:
        raise DatasetError(
            f"{path}: {stream.topic} is {message.encoding!r}: expected {', '.join(_ENCODINGS)}"
        )
    kind = np.dtype(">u2" if message.is_bigendian else "<u2")
    data = np.asarray(message.data, dtype=np.uint8).ravel()
    length = message.step * message.height
    if (message.height, message.width) != size or data.size < length or message.step < 2 * message.width:
        raise DatasetError(
            f"{path}: {stream.topic} holds {message.width}x{message.height} px in {data.size} bytes: "
            f"expected {size[1]}x{size[0]} of its camera_info, 16 bits each"
        )
    rows = data[:length].reshape(message.height, message.step)[:, : 2 * message.width]
    return np.ascontiguousarray(rows).view(kind).astype(np.uint16)


def _decode_png(path: Path, data: bytes, size: tuple[int, int]) -> _Image:
    import cv2

    # image_transport puts a header of its own before the PNG.
    start = data.find(_PNG_SIGNATURE)
    image = cv2.imdecode(np.frombuffer(data[start:], np.uint8), cv2.IMREAD_UNCHANGED) if start >= 0 else None
    if image is None or image.dtype != np.uint16 or image.shape != size:
        raise DatasetError(
            f"{path}: holds a compressed depth image that is no 16-bit PNG of {size[1]}x{size[0]}"
        )
    return np.asarray(image)


def _metres(image: _Image, depth_unit: float) -> NDArray[np.float32]:
    return image.astype(np.float32) * np.float32(depth_unit)
