"""The thread that records: messages and commands come through one queue, so they keep their order."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

from reald2iff.demos import NoiseRecord
from reald2iff.errors import NodeError
from reald2iff_ros.recorder_episode import EpisodeRecorder
from reald2iff_ros.recorder_held import HeldMessages
from reald2iff_ros.recorder_streams import serialized_stamp

Answer = dict[str, Any]
Command = Literal["start", "save", "discard"]

SETTLE = 0.2
"""Seconds after a save in which frames that were sent before it still come in."""

_POLL = 0.02

_HELD = 20
"""Messages of a stream that may come before the status that announces their episode."""


@dataclass(frozen=True)
class _Message:
    stream: str
    payload: bytes


@dataclass(frozen=True)
class _Request:
    command: Command
    answer: Future[Answer]
    after: int | None = None


@dataclass(frozen=True)
class _Status:
    fields: dict[str, Any]


@dataclass(frozen=True)
class _Saving:
    answer: Future[Answer]
    settled: float
    deadline: float
    counted: bool


class RecorderWorker:
    """Owns the running episode.

    Args:
        make: Makes the next episode.
        reference: Stream that makes frames.
        save_timeout: Seconds to wait for late parts.
        max_backlog: Bytes of messages that may wait.
        auto: Whether the simulation's episodes are recorded by themselves.
        noise_model: Gives the depth noise model in force.
        on_error: Told of what goes wrong with messages.
        on_automatic: Told of what `auto` did: an answer, or an error.
    """

    def __init__(
        self,
        make: Callable[[], EpisodeRecorder],
        *,
        reference: str,
        save_timeout: float,
        max_backlog: int,
        auto: bool,
        noise_model: Callable[[], NoiseRecord | None],
        on_error: Callable[[Exception], None],
        on_automatic: Callable[[Command, Future[Answer]], None],
    ) -> None:
        self._make, self._reference = make, reference
        self._save_timeout, self._max_backlog, self._auto = save_timeout, max_backlog, auto
        self._noise_model, self._on_error, self._on_automatic = noise_model, on_error, on_automatic
        self._queue: queue.SimpleQueue[_Message | _Request | _Status | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._backlog = self._overflow = 0
        self._episode: EpisodeRecorder | None = None
        self._saving: _Saving | None = None
        self._status: dict[str, Any] = {}
        self._deferred: deque[_Message | _Status] = deque()
        self._held = HeldMessages(reference, _HELD if auto else 1)
        # Stamps after and up to which the steps of the episode come; None = the simulation did not say.
        self._begun: int | None = None
        self._ended: int | None = None
        self._thread = threading.Thread(target=self._run, name="demo_recorder worker", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Bytes of messages that wait."""
        return self._backlog

    def describe(self) -> dict[str, str]:
        """For the diagnostics."""
        episode = self._episode
        return {
            "recording": str(episode is not None).lower(),
            "episode": episode.name if episode is not None else "",
            "frames": str(episode.frames if episode is not None else 0),
            "incomplete": str(episode.incomplete if episode is not None else 0),
            "backlog_mb": f"{self._backlog / 1e6:.1f}",
            "simulated_episode": " ".join(str(self._status.get(k, "")) for k in ("episode", "state")).strip(),
        }

    def message(self, stream: str, payload: bytes) -> bool:
        """Hand a serialised message over; False = the backlog is full and it is lost."""
        with self._lock:
            if self._backlog + len(payload) > self._max_backlog:
                self._overflow += 1
                return False
            self._backlog += len(payload)
        self._queue.put(_Message(stream, payload))
        return True

    def status(self, fields: dict[str, Any]) -> None:
        """Hand the state of the simulation's episode over."""
        self._queue.put(_Status(fields))

    def request(self, command: Command) -> Future[Answer]:
        """Ask for something, in its turn; the answer is there when it is done."""
        answer: Future[Answer] = Future()
        self._queue.put(_Request(command, answer))
        return answer

    def close(self) -> None:
        """End the thread; a save in work is finished, an episode that runs is discarded."""
        self._queue.put(None)
        self._thread.join()

    # The thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=_POLL if self._saving is not None else None)
            except queue.Empty:
                self._save_if_ready()
                continue
            if item is None:
                break
            self._handle(item)
            self._save_if_ready()
        while self._saving is not None:
            self._save()
        if self._episode is not None:
            self._episode.discard()

    def _handle(self, item: _Message | _Request | _Status) -> None:
        if isinstance(item, _Message):
            self._take(item)
        elif isinstance(item, _Status):
            self._follow(item)
        else:
            self._obey(item)

    def _take(self, message: _Message) -> None:
        try:
            self._record(message)
        except Exception as error:
            self._on_error(error)
            if self._episode is not None and isinstance(error, OSError):
                self._episode.spoil(f"it could not be written: {error}")
        else:
            if self._saving is not None and self._auto:  # it may be of the next episode as well
                self._deferred.append(message)
                return
        with self._lock:
            self._backlog -= len(message.payload)

    def _record(self, message: _Message) -> None:
        stamp = serialized_stamp(message.payload)
        if self._episode is None:
            self._held.add(message.stream, stamp, message.payload)
            return
        self._note_losses(self._episode)
        before = self._begun is not None and stamp <= self._begun
        after = self._ended is not None and stamp > self._ended
        if message.stream != self._reference or not (before or after):
            self._episode.add(message.stream, stamp, message.payload)

    def _note_losses(self, episode: EpisodeRecorder) -> None:
        with self._lock:
            lost, self._overflow = self._overflow, 0
        if lost:
            episode.spoil(f"{lost} messages were lost: the disk or the processor was too slow")

    def _obey(self, request: _Request) -> None:
        try:
            if request.command == "start":
                request.answer.set_result(self._start(request.after))
            elif self._saving is not None:
                raise NodeError(f"{self._running().name} is being saved")
            elif request.command == "save":
                self._running()
                self._saving = self._begin_save(request.answer)
            else:
                answer = self._running().discard()
                self._episode = None
                request.answer.set_result(answer)
        except Exception as error:
            request.answer.set_exception(error)

    def _start(self, after: int | None) -> Answer:
        if self._episode is not None:
            raise NodeError(f"{self._episode.name} is being recorded: save or discard it first")
        with self._lock:
            self._overflow = 0
        self._begun, self._ended = after, None
        self._episode = self._make()
        # A frame that has just been sent may be the episode's first observation.
        for stream, stamp, payload in self._held.take(after):
            self._episode.add(stream, stamp, payload)
        return {"episode": self._episode.name}

    def _begin_save(self, answer: Future[Answer]) -> _Saving:
        # The simulation says how many steps there are to wait for; otherwise they come within SETTLE.
        counted = self._begun is not None and self._status.get("state") == "finished"
        if counted:
            self._running().expect(self._status.get("steps", 0))
            self._ended = self._status.get("stamp")
        settled = time.monotonic() + SETTLE
        return _Saving(answer, settled, settled + self._save_timeout, counted)

    def _running(self) -> EpisodeRecorder:
        if self._episode is None:
            raise NodeError("no episode is being recorded: start one first")
        return self._episode

    def _save_if_ready(self) -> None:
        saving, episode = self._saving, self._episode
        if saving is None or episode is None:
            return
        now = time.monotonic()
        if now >= saving.settled and not saving.counted:
            episode.stop_accepting()
        if episode.full or now >= saving.deadline:
            self._save()

    def _save(self) -> None:
        saving, episode = self._saving, self._running()
        assert saving is not None
        self._saving = None
        self._note_losses(episode)
        try:
            answer = episode.commit(self._status.get("seed"), self._noise_model())
        except OSError as error:
            episode.discard()
            self._episode = None
            saving.answer.set_exception(NodeError(f"{episode.name} could not be written, discarded: {error}"))
        except Exception as error:
            saving.answer.set_exception(error)
        else:
            self._episode = None
            saving.answer.set_result(answer)
        deferred, self._deferred = self._deferred, deque()
        for item in deferred:
            self._handle(item)

    def _follow(self, item: _Status) -> None:
        if self._saving is not None:  # it belongs to the episode that is being saved no more
            self._deferred.append(item)
            return
        status = item.fields
        before, self._status = self._status, status
        state = status.get("state")
        if not self._auto or (state, status.get("episode")) == (before.get("state"), before.get("episode")):
            return
        if self._episode is not None:
            self._by_itself("save" if state == "finished" and status.get("success") else "discard")
        if state == "running" and status.get("steps", 0) == 0:  # else its beginning is lost
            self._by_itself("start", status.get("stamp"))

    def _by_itself(self, command: Command, after: int | None = None) -> None:
        answer: Future[Answer] = Future()
        answer.add_done_callback(lambda done: self._on_automatic(command, done))
        self._obey(_Request(command, answer, after))
