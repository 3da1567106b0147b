"""The episode that is being recorded: frames into HDF5, messages into MCAP."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reald2iff.demos import DemoWriter, NoiseRecord
from reald2iff.demos.mcap_log import McapLog
from reald2iff.errors import NodeError, RealD2iffError
from reald2iff_ros.diagnostics import FrameStatistics
from reald2iff_ros.recorder_build import build_episode
from reald2iff_ros.recorder_decode import InvalidFrameError, Step, decode_step
from reald2iff_ros.recorder_join import WINDOW, Frame, StampJoiner, TimeWentBackError
from reald2iff_ros.recorder_settings import RecorderSettings
from reald2iff_ros.recorder_streams import logged_streams

_CAMERA_MOVED = 1e-6
"""Metres, or entries of the rotation: more than a pose changes by being sent."""


class RefusedEpisodeError(NodeError):
    """An episode that cannot be saved as it is; the message says why."""


class EpisodeRecorder:
    """One episode, from start to save or discard. Use it from one thread.

    Attributes:
        name: ``demo_k``.
        lead_in: Frames before the first complete one, whose other parts had come before the start.
        incomplete: Frames after it that lack a part or could not be decoded; they are left out.
        missing: Lacking parts by stream.
    """

    def __init__(
        self,
        writer: DemoWriter,
        settings: RecorderSettings,
        topic_names: Mapping[str, str],
        statistics: FrameStatistics,
        on_error: Callable[[Exception], None],
    ) -> None:
        """Args:
        writer: Where the episode goes.
        settings: Of the node.
        topic_names: Absolute topic by stream, for the log.
        statistics: Counts frames.
        on_error: Told of every frame that cannot be decoded; counts it.
        """
        self._writer, self._settings, self._topics = writer, settings, topic_names
        self._statistics, self._on_error = statistics, on_error
        self._required = settings.streams
        self._logged = logged_streams(self._required)
        self.name = writer.next_name
        self._log = McapLog(writer.path.with_name(f"{self.name}.mcap")) if settings.record_mcap else None
        self._images = writer.begin()
        self._before_first: deque[tuple[str, int, bytes]] = deque()
        self._joiner = self._new_joiner()
        self._references = 0
        self._limit: int | None = None
        self._steps: list[Step] = []
        self._broken = ""
        self._seen: set[str] = set()
        self.lead_in = self.incomplete = 0
        self.missing: Counter[str] = Counter()

    @property
    def frames(self) -> int:
        """Steps so far."""
        return len(self._steps)

    @property
    def pending(self) -> int:
        """Frames that wait for parts."""
        return self._joiner.pending

    def add(self, stream: str, stamp: int, payload: bytes) -> None:
        """Take a message in."""
        self._seen.add(stream)
        reference = stream == self._settings.reference_stream
        if reference:
            if self._limit is not None and self._references >= self._limit:
                return
            self._references += 1
            self._statistics.received()
        if self._log is not None:
            self._log_message(stream, stamp, payload)
        if stream not in self._required:
            return
        try:
            frames = self._joiner.add(stream, stamp, payload)
        except TimeWentBackError as error:
            if self._steps:
                self.spoil(str(error))
                return
            # The simulation was reset before the episode began.
            self._joiner = self._new_joiner()
            self._before_first.clear()
            frames = self._joiner.add(stream, stamp, payload)
        for frame in frames:
            self._take(frame)

    def spoil(self, reason: str) -> None:
        """Make `commit` refuse the episode; the first reason counts."""
        self._broken = self._broken or reason

    @property
    def full(self) -> bool:
        """Whether no frame is accepted any more, and none waits."""
        return self._limit is not None and self._references >= self._limit and self.pending == 0

    def stop_accepting(self) -> None:
        """Accept no more frames than have come."""
        self._limit = self._references

    def expect(self, steps: int) -> None:
        """Accept ``steps`` frames altogether; `commit` counts those that do not come as incomplete."""
        self._limit = steps
        if self._references > steps:
            self.spoil(f"{self._references} steps came: expected {steps}, the others are of another episode")

    def commit(self, seed: int | None, noise_model: NoiseRecord | None) -> dict[str, Any]:
        """Save the episode; returns what to answer, once both files are durable.

        Raises:
            RefusedEpisodeError: if it is empty or inconsistent; it can still be discarded.
            DatasetError: the same, found by the file format.
        """
        for frame in self._joiner.flush():
            self._take(frame)
        if self._limit is not None and (lost := self._limit - self._references) > 0:
            self.incomplete += lost
            self.missing[self._settings.reference_stream] += lost
            self._limit = self._references
        self._check()
        episode = build_episode(self._steps, seed, noise_model)
        log = self._log.finish() if self._log is not None else None
        self._log = None
        try:
            self._writer.commit(episode)
        except BaseException:
            if log is not None:
                log.unlink(missing_ok=True)
            raise
        return {
            "episode": self.name,
            "frames": len(episode),
            "success": bool(episode.success),
            "seed": seed,
            "file": str(self._writer.path.resolve()),
            "mcap": None if log is None else str(log.resolve()),
            "duration": (int(episode.stamps[-1]) - int(episode.stamps[0])) / 1e9,
            "lead_in": self.lead_in,
            "incomplete": self.incomplete,
            "missing": dict(self.missing),
        }

    def discard(self) -> dict[str, Any]:
        """Drop the episode; returns what to answer."""
        self._writer.discard()
        if self._log is not None:
            self._log.discard()
            self._log = None
        return {"episode": self.name, "frames": self.frames}

    def _new_joiner(self) -> StampJoiner:
        return StampJoiner(self._settings.reference_stream, self._required, self._settings.tolerance)

    def _check(self) -> None:
        if self._broken:
            raise RefusedEpisodeError(f"{self.name} is inconsistent: {self._broken}")
        if not self._steps:
            silent = [self._topics[name] for name in self._required if name not in self._seen]
            why = f"no message came on {', '.join(silent)}" if silent else "no frame had all its parts"
            raise RefusedEpisodeError(f"{self.name} is empty: {why}")
        total = len(self._steps) + self.incomplete
        if self.incomplete > self._settings.max_missing_ratio * total:
            lacks = ", ".join(f"{self._topics.get(n, n)} {count}" for n, count in self.missing.items())
            raise RefusedEpisodeError(
                f"{self.name} is inconsistent: {self.incomplete} of {total} frames lack a part ({lacks}): "
                f"expected at most {self._settings.max_missing_ratio:.0%} (parameter max_missing_ratio)"
            )

    def _take(self, frame: Frame) -> None:
        if frame.missing:
            for name in frame.missing:
                self._statistics.dropped(f"missing_{name}")
            if not self._steps:
                self.lead_in += 1
                return
            self.incomplete += 1
            self.missing.update(frame.missing)
            return
        started = time.monotonic()
        try:
            step = decode_step(frame.stamp, frame.parts, self._required)
            self._check_cameras(step)
            self._images.append(step.images)
        except RealD2iffError as error:
            self._on_error(error)
            self.incomplete += 1
            self.missing[getattr(error, "kind", None) or type(error).__name__] += 1
            return
        step.images = {}  # they are on disk
        self._steps.append(step)
        if len(self._steps) == 1:
            self._begin_log(frame.stamp)
        self._statistics.published(time.monotonic() - started)

    def _check_cameras(self, step: Step) -> None:
        if not self._steps:
            return
        for name, camera in step.cameras.items():
            first = self._steps[0].cameras[name]
            if not np.array_equal(first.intrinsics, camera.intrinsics):
                self.spoil(f"the intrinsics of {name} changed")
            if first.extrinsics is not None and camera.extrinsics is not None:
                moved = float(np.abs(first.extrinsics - camera.extrinsics).max())
                if moved > _CAMERA_MOVED:
                    self.spoil(f"{name} moved by {moved:.3g}: expected a fixed camera")
        if step.signals.keys() != self._steps[0].signals.keys():
            raise InvalidFrameError("signals", "task_state names other signals than before")

    def _log_message(self, stream: str, stamp: int, payload: bytes) -> None:
        if self._steps:
            self._write_log(stream, stamp, payload)
            return
        # What comes before the first step, perhaps minutes, is not of the episode; its own parts are.
        self._before_first.append((stream, stamp, payload))
        if not self.pending:
            while self._before_first[0][1] < stamp - WINDOW:
                self._before_first.popleft()

    def _begin_log(self, first: int) -> None:
        for stream, stamp, payload in self._before_first:
            if stamp >= first - self._settings.tolerance:
                self._write_log(stream, stamp, payload)
        self._before_first.clear()

    def _write_log(self, stream: str, stamp: int, payload: bytes) -> None:
        if self._log is not None:
            self._log.write(self._topics[stream], self._logged[stream].message_type, payload, stamp)
