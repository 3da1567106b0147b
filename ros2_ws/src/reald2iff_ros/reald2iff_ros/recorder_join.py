"""Bring messages of several topics together by their stamps. Free of ROS."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from reald2iff.errors import NodeError

WINDOW = 2_000_000_000
"""Nanoseconds of stamps for which messages are kept when nothing asks for them."""


class TimeWentBackError(NodeError):
    """A topic's stamps fell: its source was reset or restarted."""


@dataclass(frozen=True)
class Frame:
    """What belongs to one message of the reference stream.

    Attributes:
        stamp: Of the reference, nanoseconds.
        parts: Payload by stream, the reference's too.
        missing: Streams that have no message at that stamp, or near enough.
    """

    stamp: int
    parts: dict[str, bytes]
    missing: tuple[str, ...] = ()


@dataclass
class _Buffer:
    newest: int = -1
    messages: deque[tuple[int, bytes]] = field(default_factory=deque)

    def forget_before(self, stamp: int) -> None:
        """Keep the last message that is not after ``stamp``, and those after it."""
        while len(self.messages) > 1 and self.messages[1][0] <= stamp:
            self.messages.popleft()

    def nearest(self, stamp: int, tolerance: int) -> bytes | None:
        self.forget_before(stamp)
        distances = [(abs(s - stamp), payload) for s, payload in list(self.messages)[:2]]
        if not distances:
            return None
        distance, payload = min(distances, key=lambda d: d[0])
        return payload if distance <= tolerance else None


class StampJoiner:
    """Gives, for every message of the reference stream, those of the other streams with the same stamp.

    Every stream's stamps rise, so a part is known to be missing once its stream has gone past the stamp.
    Frames come out in the order of the reference.

    Args:
        reference: The stream whose messages make frames.
        streams: The others; all of them are parts of every frame.
        tolerance: Nanoseconds; 0 = only equal stamps, otherwise the nearest message within it.
    """

    def __init__(self, reference: str, streams: Iterable[str], tolerance: int = 0) -> None:
        self._reference = reference
        self._buffers = {name: _Buffer() for name in streams if name != reference}
        self._tolerance = tolerance
        self._pending: deque[tuple[int, bytes]] = deque()
        self._newest = -1

    @property
    def pending(self) -> int:
        """Frames that wait for parts."""
        return len(self._pending)

    def add(self, stream: str, stamp: int, payload: bytes) -> list[Frame]:
        """Take a message in; returns the frames that it settles. One of an equal stamp again is ignored.

        Raises:
            TimeWentBackError: if the stream's stamps fell by more than the tolerance.
        """
        newest = self._newest if stream == self._reference else self._buffers[stream].newest
        if stamp < newest - self._tolerance:
            raise TimeWentBackError(f"the stamps of {stream} fell from {newest} to {stamp} ns")
        if stamp <= newest:
            return []
        if stream == self._reference:
            self._newest = stamp
            self._pending.append((stamp, payload))
        else:
            buffer = self._buffers[stream]
            buffer.newest = stamp
            buffer.messages.append((stamp, payload))
            oldest = self._pending[0][0] if self._pending else stamp
            buffer.forget_before(min(oldest, stamp - WINDOW))
        return self._settle(final=False)

    def flush(self) -> list[Frame]:
        """Stop waiting: all frames, with what is there."""
        return self._settle(final=True)

    def _settle(self, final: bool) -> list[Frame]:
        frames = []
        while self._pending:
            stamp, payload = self._pending[0]
            if not final and any(buffer.newest < stamp for buffer in self._buffers.values()):
                break
            self._pending.popleft()
            found = {n: b.nearest(stamp, self._tolerance) for n, b in self._buffers.items()}
            parts = {n: p for n, p in found.items() if p is not None}
            missing = tuple(n for n, p in found.items() if p is None)
            frames.append(Frame(stamp, {**parts, self._reference: payload}, missing))
        return frames
