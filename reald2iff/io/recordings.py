"""Raw frames of real depth cameras: a folder with an ``index.json``, or a bag.

Bags: see `reald2iff.io.recordings_bag`. A folder of your own: put 16-bit PNG depth images into it (or NPY or
NPZ, see `reald2iff.io.depth_files`), never filtered, and describe each in ``index.json``, a list with one
entry a frame, in the order they were taken::

    [
      {
        "depth": "depth/000000.png",    the image, relative to the folder
        "source": "my_camera",          frames of one camera, stream and session share a name (the folder's)
        "fx": 382.6, "fy": 382.6,       focal lengths of the depth image, px
        "cx": 319.5, "cy": 239.5,       its principal point, px; (0, 0) is the centre of the top left pixel
        "stream": "native depth",       "depth aligned to color" or "registered" say that it was resampled
        "registered": false,            the same as a plain value, which counts more than the text (false)
        "baseline_m": 0.05,             between the infrared imagers, metres (0.05, a D435's)
        "depth_unit_m": 0.001,          metres a count of an integer image (0.001)
        "static_burst": false           taken one after the other with nothing moving (false)
      }
    ]

Values in brackets stand where a key is left out; other keys are ignored. ``depth``, ``fx``, ``fy``, ``cx``
and ``cy`` are required. Never mix native and registered frames, or two cameras, in one source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity, sanitize_depth

INDEX_NAME = "index.json"

MAX_DEPTH = 8.0
"""Beyond so many metres a D435's depth counts as invalid; 65535 mm, which it uses for saturation, too."""

SEGMENT_FRAMES = 4
"""Neighbouring frames show much the same: blocks of so many stand for one scene."""


@dataclass(frozen=True)
class RecordedFrame:
    """One raw depth image of a camera, read when asked for.

    Attributes:
        name: Of the frame within its recording, for messages.
        intrinsics: Of the depth image.
        segment: Index of the contiguous run of frames that it belongs to. A segment stands for a scene: where
            scenes must not stand on both sides of a comparison, split by it.
        static_burst: One of consecutive frames with nothing moving.
        baseline: Between the infrared imagers, metres.
        load: Reads the image, ``(H, W) float32`` metres.
    """

    name: str
    intrinsics: PinholeIntrinsics
    segment: int
    static_burst: bool
    baseline: float
    load: Callable[[], NDArray[np.float32]] = field(repr=False, compare=False)

    def depth(self) -> NDArray[np.float32]:
        """``(H, W) float32`` metres; 0 = invalid, which includes everything beyond `MAX_DEPTH`.

        Raises:
            InvalidDepthError: for an image that cannot be read or has another size than its intrinsics.
        """
        depth = self.load()
        expected = (self.intrinsics.height, self.intrinsics.width)
        if depth.shape != expected:
            raise InvalidDepthError(f"{self.name}: has shape {depth.shape}: expected {expected}")
        return sanitize_depth(depth, MAX_DEPTH)

    def disparity(self) -> NDArray[np.float32]:
        """``(H, W) float32`` px, ``fx * baseline / z``; 0 = invalid.

        Raises:
            InvalidDepthError: as `depth`.
        """
        return depth_to_disparity(self.depth(), self.intrinsics.fx, self.baseline)


@dataclass(frozen=True)
class Recording:
    """Frames of one camera and stream: a source, never to be pooled with another.

    Attributes:
        name: Of the source.
        registered: The depth was resampled into the colour camera.
        baseline: Between the infrared imagers, metres.
        frames: In the order they were taken; at least one, all with the same intrinsics.
    """

    name: str
    registered: bool
    baseline: float
    frames: tuple[RecordedFrame, ...]

    @property
    def intrinsics(self) -> PinholeIntrinsics:
        """Of every frame."""
        return self.frames[0].intrinsics

    def thinned(self, frames: int) -> Recording:
        """About ``frames`` frames at most, in whole segments spread evenly over the recording.

        At least two segments stay, and the longest static burst.
        """
        sizes = Counter(frame.segment for frame in self.frames)
        if len(self.frames) <= frames:
            return self
        segments = sorted(sizes)
        keep = max(min(2, len(segments)), round(len(segments) * frames / len(self.frames)))
        chosen = {segments[index * len(segments) // keep] for index in range(keep)}
        bursts = {frame.segment for frame in self.frames if frame.static_burst}
        chosen |= {max(bursts, key=lambda segment: sizes[segment])} if bursts else set()
        return replace(self, frames=tuple(frame for frame in self.frames if frame.segment in chosen))

    def halves(self) -> tuple[Recording, Recording]:
        """The first and the second half of the segments: one to fit, one to test on.

        Raises:
            DatasetError: for a recording of a single segment.
        """
        segments = sorted({frame.segment for frame in self.frames})
        if len(segments) < 2:
            raise DatasetError(
                f"{self.name}: {len(self.frames)} frames are one segment and cannot be halved: expected more "
                f"than {SEGMENT_FRAMES} frames, or a static burst beside others"
            )
        first = segments[len(segments) // 2]
        return (
            replace(self, frames=tuple(frame for frame in self.frames if frame.segment < first)),
            replace(self, frames=tuple(frame for frame in self.frames if frame.segment >= first)),
        )


def read_recordings(path: Path) -> list[Recording]:
    """The recordings of a folder with an ``index.json`` or of a bag, one a source.

    Images are read later, by `RecordedFrame.depth`; that they exist is checked here.

    Raises:
        DatasetError: if there is no such folder or file, the index misses a key or holds an odd value, or an
            image is missing.
        DependencyError: for a bag without the package that reads it.
    """
    # Both read into what this module defines.
    from reald2iff.io.recordings_bag import is_bag, read_bag
    from reald2iff.io.recordings_index import read_folder

    return read_bag(path) if is_bag(path) else read_folder(path)


def number_segments(static_burst: Sequence[bool]) -> list[int]:
    """Segment of each frame: a static burst is one, other runs are cut into blocks of `SEGMENT_FRAMES`."""
    segments: list[int] = []
    length = 0
    for index, burst in enumerate(static_burst):
        starts = index == 0 or burst != static_burst[index - 1] or (not burst and length == SEGMENT_FRAMES)
        segments.append((segments[-1] + 1 if segments else 0) if starts else segments[-1])
        length = 1 if starts else length + 1
    return segments
