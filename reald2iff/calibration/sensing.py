"""What a twin makes of rendered views; work that a change of parameters leaves as it was is kept."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.calibration.views import read_view
from reald2iff.errors import SimulationError
from reald2iff.geometry import (
    PinholeIntrinsics,
    depth_to_disparity,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
    sanitize_depth,
)
from reald2iff.io.recordings import MAX_DEPTH
from reald2iff.pairs.source import RenderedView
from reald2iff.sensors import D435Twin
from reald2iff.sensors.registration import Registration, register_depth


@dataclass(frozen=True)
class Output:
    """The stream that a recording holds.

    Attributes:
        intrinsics: Of its images, used where depth is registered to them.
        registration: Geometry between the depth and the colour camera; None = native depth.
    """

    intrinsics: PinholeIntrinsics
    registration: Registration | None = None


@dataclass(frozen=True)
class Task:
    """What is sensed for one fingerprint.

    Attributes:
        views: Files of the rendered views.
        burst: Frames that the first view is sensed in with nothing moving; 0 or 1 = no burst.
        output: The stream to make.
        seed: Of every draw; the same for every twin, so that twins differ by their parameters alone.
    """

    views: tuple[Path, ...]
    burst: int
    output: Output
    seed: int


class ViewSensor:
    """One view as changing twins see it; of every stage, the last result is kept."""

    def __init__(self, view: RenderedView, index: int, task: Task) -> None:
        self._view = view
        self._index = index
        self._task = task
        self._captures: dict[int, tuple[Any, Any]] = {}
        self._matches: dict[int, tuple[Any, Any]] = {}

    def sense(self, twin: D435Twin, frame: int) -> NDArray[np.float32]:
        """Disparity ``(H, W) float32`` px of the output stream, as published.

        Args:
            twin: The sensor.
            frame: Of a static scene: other frames differ by what changes from frame to frame.
        """
        static = replace(twin, static_seed=self._task.seed * 10**6 + self._index)
        exposure = (
            static.pattern,
            static.infrared,
            static.materials,
            static.baseline,
            static.projector_offset,
        )
        if frame not in self._captures or self._captures[frame][0] != exposure:
            rng = np.random.default_rng([self._task.seed, self._index, frame])
            self._captures[frame] = exposure, static.expose(self._view.stereo, self._view.intrinsics, rng)
        capture = self._captures[frame][1]
        matching = (*exposure, static.matcher, static.stereo)
        if frame not in self._matches or self._matches[frame][0] != matching:
            self._matches[frame] = matching, static.match_capture(capture)
        return self._published(static.finish(self._matches[frame][1], capture), twin.baseline)

    def _published(self, disparity: NDArray[np.float32], baseline: float) -> NDArray[np.float32]:
        native = self._view.intrinsics
        depth = disparity_to_depth(disparity, native.fx, baseline)
        depth = millimeters_to_meters(meters_to_millimeters(depth))
        fx, output = native.fx, self._task.output
        if output.registration is not None:
            depth = register_depth(depth, native, output.intrinsics, output.registration.translation)
            fx = output.intrinsics.fx
        return depth_to_disparity(sanitize_depth(depth, MAX_DEPTH), fx, baseline)


@dataclass(frozen=True)
class SensedFrames:
    """Disparity of the views, ``(H, W) float32`` px each, and consecutive frames of the first of them."""

    frames: list[NDArray[np.float32]]
    burst: list[NDArray[np.float32]]


class _Group:
    """Some of the views, sensed one after the other."""

    def __init__(self, task: Task, indices: Sequence[int]) -> None:
        self._sensors = {i: ViewSensor(read_view(task.views[i]), i, task) for i in indices}
        self._burst = task.burst

    def sense(self, twin: D435Twin) -> dict[tuple[int, int], NDArray[np.float32]]:
        return {
            (i, frame): sensor.sense(twin, frame)
            for i, sensor in self._sensors.items()
            for frame in range(max(self._burst, 1) if i == 0 else 1)
        }


_group: _Group | None = None


def _start(task: Task, indices: Sequence[int]) -> None:
    import cv2

    global _group
    cv2.setNumThreads(1)
    _group = _Group(task, indices)


def _sense(twin: D435Twin) -> dict[tuple[int, int], NDArray[np.float32]]:
    if _group is None:
        raise SimulationError("sensing outside a worker process")
    return _group.sense(twin)


class SensingPool:
    """Senses all views of a task, with ``jobs`` processes that keep their views; a context manager."""

    def __init__(self, task: Task, jobs: int) -> None:
        shares = [list(range(len(task.views)))[job::jobs] for job in range(min(jobs, len(task.views)))]
        self._own = _Group(task, shares[0]) if len(shares) == 1 else None
        # One process an executor: a view must come back to the process that kept its infrared images.
        self._pools = [
            ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start, (task, share))
            for share in (shares if self._own is None else [])
        ]

    def __enter__(self) -> SensingPool:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def sense(self, twin: D435Twin) -> SensedFrames:
        """What the twin makes of the views.

        Raises:
            SimulationError: if a worker process dies.
        """
        images: dict[tuple[int, int], NDArray[np.float32]] = {}
        if self._own is not None:
            images = self._own.sense(twin)
        futures: list[Future[Any]] = [pool.submit(_sense, twin) for pool in self._pools]
        try:
            for future in futures:
                images.update(future.result())
        except BrokenProcessPool as error:
            raise SimulationError(
                "a process that senses views died, perhaps for want of memory: try fewer --jobs"
            ) from error
        first = [images[key] for key in sorted(images) if key[0] == 0]
        return SensedFrames(
            frames=[images[key] for key in sorted(images) if key[1] == 0],
            burst=first if len(first) > 1 else [],
        )
