"""What a worker does: one episode of a data set, into a part of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.demos.durable import publish_file
from reald2iff.demos.enhance.cameras import stream_intrinsics
from reald2iff.demos.formats import DepthData, DepthStream, EpisodeRef, open_depth_data
from reald2iff.demos.formats.base import to_metres
from reald2iff.demos.formats.checks import check_depth
from reald2iff.demos.formats.orientation import check_upright
from reald2iff.sensors import NoiseModel
from reald2iff.sensors.resolution import SensorResolution

CHECKED_FRAMES = 4

_UNIT = 2**32
"""Marks the generator of what a camera keeps over an episode; frames are counted from 0."""


@dataclass(frozen=True)
class EnhanceJob:
    """What all episodes have in common.

    Attributes:
        input: The data set.
        parts: Folder of the parts.
        options: The noise model.
        resolution: At which the noise is made, see `reald2iff.demos.enhance.config`.
        streams: What to make.
        intrinsics: As given on the command line, see `reald2iff.demos.enhance.cameras`.
        clean_suffix: Of keys of clean depth.
        max_depth: See `reald2iff.demos.formats.checks.check_depth`.
        any_orientation: Do not ask whether images are upside down.
        seed: Of the run.
    """

    input: Path
    parts: Path
    options: NoiseModelOptions
    resolution: str
    streams: tuple[DepthStream, ...]
    intrinsics: tuple[str, ...]
    clean_suffix: str
    max_depth: float | None
    any_orientation: bool
    seed: int

    def part(self, episode: str) -> Path:
        """Where an episode's part goes."""
        return self.parts / episode_file(episode)


@dataclass(frozen=True)
class EpisodeReport:
    """An episode is done.

    Attributes:
        frames: Over all streams.
        hole_share: Share of the pixels with clean depth that have no realistic depth.
    """

    frames: int
    hole_share: float


def episode_file(episode: str) -> str:
    """File name of an episode's part; names may hold any letters."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", episode)[:80]
    return f"{safe}.{hashlib.sha256(episode.encode()).hexdigest()[:8]}.part"


def episode_seed(seed: int, episode: str) -> int:
    """Of an episode's generators: of the run's seed and its name, whatever else is done; fits 63 bits."""
    digest = hashlib.sha256(f"{seed}/{episode}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def frame_generator(episode: int, key: str, index: int) -> np.random.Generator:
    """Generator of one frame of an episode with seed ``episode``."""
    digest = hashlib.sha256(key.encode()).digest()
    return np.random.default_rng([episode, int.from_bytes(digest[:8], "big"), index])


@lru_cache(maxsize=1)
def load_model(options: NoiseModelOptions, resolution: str) -> NoiseModel:
    """The noise model, once a process, on as many threads as the process may use."""
    import os

    import cv2

    threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    if threads:
        cv2.setNumThreads(threads)
    model = options.load()
    return SensorResolution(model) if resolution == "sensor" else model


def make_episode(job: EnhanceJob, episode: EpisodeRef) -> EpisodeReport:
    """Write the part of an episode: whole or not at all, the same bytes every time.

    Raises:
        InvalidDepthError: if the episode's depth is none.
        InvalidIntrinsicsError: if its camera is not known.
        DatasetError: if it cannot be read.
    """
    model = load_model(job.options, job.resolution)
    with open_depth_data(job.input, job.clean_suffix) as data:
        maker = _FrameMaker(job, data, episode, model)
        part = job.part(episode.name)
        temporary = part.with_suffix(".tmp")
        try:
            data.write_part(temporary, episode, job.streams, maker)
            publish_file(temporary, part)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return EpisodeReport(maker.frames, maker.lost / max(maker.seen, 1))


def check_frames(
    data: DepthData,
    episode: EpisodeRef,
    stream: DepthStream,
    indices: Sequence[int],
    max_depth: float | None,
    any_orientation: bool,
) -> None:
    """Raise unless frames of an episode are upright depth that a noise model can start from.

    Raises:
        InvalidDepthError: see `check_depth` and `check_upright`.
    """
    frames = data.frames(episode, stream, indices)
    name = f"{data.path}: {episode}/{stream.source}"
    check_depth(frames, name, max_depth)
    if not any_orientation:
        check_upright(frames, name)


class _FrameMaker:
    """Makes the frames of an episode, and counts."""

    def __init__(self, job: EnhanceJob, data: DepthData, episode: EpisodeRef, model: NoiseModel) -> None:
        self._max_depth = np.inf if job.max_depth is None else np.nextafter(job.max_depth, 0)
        self._seed = episode_seed(job.seed, episode.name)
        self._cameras: Mapping[str, Any] = {
            stream.source: stream_intrinsics(data, episode, stream, job.intrinsics) for stream in job.streams
        }
        # Each camera is a unit of its own.
        self._models = {
            stream.source: model.for_sequence(
                int(frame_generator(self._seed, stream.source, _UNIT).integers(2**62))
            )
            for stream in job.streams
        }
        self.frames, self.seen, self.lost = 0, 0, 0
        for stream in job.streams:
            indices = sorted(set(np.linspace(0, episode.steps - 1, CHECKED_FRAMES).astype(int).tolist()))
            check_frames(data, episode, stream, indices, job.max_depth, job.any_orientation)

    def __call__(self, key: str, index: int, raw: NDArray[Any]) -> NDArray[np.float32]:
        clean = to_metres(raw, self._max_depth)
        generator = frame_generator(self._seed, key, index)
        depth = self._models[key].apply(clean, self._cameras[key], generator)
        self.frames += 1
        self.seen += int((clean > 0).sum())
        self.lost += int(((clean > 0) & (depth <= 0)).sum())
        return depth
