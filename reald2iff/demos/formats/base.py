"""What every format of demonstrations offers to whoever changes its depth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics, meters_to_millimeters, sanitize_depth

MakeFrame = Callable[[str, int, NDArray[Any]], NDArray[np.float32]]
"""``(key, index, raw frame (H, W)) -> (H, W) float32`` metres: what takes a frame's place."""


@dataclass(frozen=True)
class EpisodeRef:
    """An episode of a data set.

    Attributes:
        name: Unique in the data set; its seed is drawn from it.
        steps: How many.
    """

    name: str
    steps: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class DepthStream:
    """Depth of one camera, in every episode.

    Attributes:
        source: Key of the clean depth.
        target: Key of the realistic depth; the same one if it is replaced.
        height: Rows.
        width: Columns.
        dtype: As stored: floating point metres, or ``uint16`` millimetres.
    """

    source: str
    target: str
    height: int
    width: int
    dtype: str


@dataclass(frozen=True)
class KeyRow:
    """A line of the dry run's table.

    Attributes:
        key: Within an episode, or of the whole data set.
        shape: Of the first episode, or in words.
        dtype: As stored.
    """

    key: str
    shape: str
    dtype: str


class DepthData(ABC):
    """A data set with depth in it, open for reading; it is opened anew in every worker.

    Args:
        path: File or folder.
        clean_suffix: Of keys that hold clean depth beside realistic depth.
    """

    name: ClassVar[str]

    def __init__(self, path: Path, clean_suffix: str) -> None:
        self.path = path
        self.clean_suffix = clean_suffix

    @classmethod
    @abstractmethod
    def holds(cls, path: Path) -> bool:
        """Whether there is a data set of this format."""

    @abstractmethod
    def episodes(self) -> list[EpisodeRef]:
        """All episodes, in the data set's order."""

    @abstractmethod
    def keys(self) -> list[KeyRow]:
        """Everything that the data set holds."""

    @abstractmethod
    def streams(self, wanted: Sequence[str]) -> list[DepthStream]:
        """The depth streams.

        Args:
            wanted: Keys, whole or their last part; empty = all that are named like depth.

        Raises:
            DatasetError: if there are none, or one that is wanted is missing or not depth.
        """

    @abstractmethod
    def frames(self, episode: EpisodeRef, stream: DepthStream, indices: Sequence[int]) -> list[NDArray[Any]]:
        """Some raw frames ``(H, W)`` of an episode."""

    @abstractmethod
    def intrinsics(self, episode: EpisodeRef, stream: DepthStream) -> PinholeIntrinsics | None:
        """Of the stream's camera, as the data set says; None if it does not.

        Raises:
            InvalidIntrinsicsError: if what it says cannot be, or is of another image size.
        """

    @abstractmethod
    def write_part(
        self, path: Path, episode: EpisodeRef, streams: Sequence[DepthStream], make: MakeFrame
    ) -> None:
        """Write an episode's new depth, as it is stored in the end, to a file of its own.

        The same frames give the same bytes.
        """

    @abstractmethod
    def assemble(
        self,
        out: Path,
        parts: Mapping[str, Path],
        streams: Sequence[DepthStream],
        keep_clean: bool,
        record: Mapping[str, Any],
        seeds: Mapping[str, int],
    ) -> None:
        """Write the whole data set anew: the parts' depth, everything else byte for byte.

        Args:
            out: File or folder to make; the caller gives it its final name.
            parts: Of every episode, by name.
            streams: What the parts hold.
            keep_clean: Keep the clean depth of a stream that is replaced, under its key with the suffix.
            record: JSON values: what made the depth.
            seeds: By episode.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the files."""

    def __enter__(self) -> DepthData:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def to_metres(frame: NDArray[Any], max_depth: float = np.inf) -> NDArray[np.float32]:
    """A stored frame as ``(H, W) float32`` metres, 0 = invalid: integers are millimetres."""
    if frame.dtype.kind in "iu":
        frame = frame.astype(np.float32) * np.float32(0.001)
    return sanitize_depth(frame, max_depth)


def from_metres(depth: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """``(H, W)`` metres as they are stored: floating point as it is, integers as whole millimetres.

    Raises:
        InvalidDepthError: for a type that holds no depth.
    """
    kind = np.dtype(dtype)
    if kind == np.uint16:
        return meters_to_millimeters(depth)
    if kind.kind == "f":
        return depth.astype(kind)
    raise InvalidDepthError(f"depth cannot be stored as {dtype}: expected uint16 or floating point")


def is_depth_key(key: str, clean_suffix: str) -> bool:
    """Whether a key is named like realistic or replaceable depth."""
    last = key.rsplit("/", 1)[-1].rsplit(".", 1)[-1].lower()
    if last.endswith((clean_suffix, "_mask", "_valid", "_validity", "_norm")):
        return False
    return "depth" in last or last.endswith("distance_to_image_plane")


def only_match(path: Path, key: str, known: Sequence[str]) -> str:
    """The one of the known keys that is ``key``, or ends with it after a separator.

    Raises:
        DatasetError: if there is none, or several.
    """
    matches = [name for name in known if name == key or name.endswith((f"/{key}", f".{key}"))]
    if len(matches) != 1:
        raise DatasetError(f"{path}: {len(matches)} keys match {key!r}: it holds {', '.join(known)}")
    return matches[0]


def blocks(length: int, frame_bytes: int, chunk: int = 1, budget: int = 32 << 20) -> Iterator[range]:
    """Ranges of frames that are read at once: whole chunks, within a memory budget."""
    size = max(chunk, budget // max(frame_bytes, 1) // chunk * chunk)
    for start in range(0, length, size):
        yield range(start, min(start + size, length))
