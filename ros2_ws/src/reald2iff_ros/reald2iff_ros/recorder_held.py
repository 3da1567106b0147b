"""Messages that came before the episode they belong to was announced. Free of ROS."""

from __future__ import annotations

from collections import defaultdict, deque

from reald2iff_ros.recorder_join import WINDOW


class HeldMessages:
    """The newest messages of every stream, for an episode that begins next.

    Topics do not keep their order among each other, so an episode's first steps may come before the news that
    it has begun.

    Args:
        reference: Stream that makes frames.
        depth: Messages of a stream that are held.
    """

    def __init__(self, reference: str, depth: int) -> None:
        self._reference, self._depth = reference, depth
        self._held: defaultdict[str, deque[tuple[int, bytes]]] = defaultdict(lambda: deque(maxlen=depth))

    def add(self, stream: str, stamp: int, payload: bytes) -> None:
        """Hold a message; one whose stamp fell shows that its source began anew, so what was held is void."""
        held = self._held[stream]
        if held and stamp < held[-1][0]:
            held.clear()
        held.append((stamp, payload))

    def take(self, after: int | None) -> list[tuple[str, int, bytes]]:
        """What belongs to an episode that begins now, by rising stamps; nothing is held any more.

        Args:
            after: Nanoseconds; the episode's steps come later. None = it begins with what comes next, so of
                the past only the newest observations may be a part of it.

        Returns:
            Stream, stamp and payload. No messages of the reference up to ``after``, nothing far from it.
        """
        taken = []
        for stream, held in self._held.items():
            if after is None:
                chosen = list(held)[-1:] if stream != self._reference else []
            else:
                first = after + 1 if stream == self._reference else after - WINDOW
                chosen = [message for message in held if first <= message[0] <= after + WINDOW]
            taken += [(stream, stamp, payload) for stamp, payload in chosen]
        self._held.clear()
        return sorted(taken, key=lambda message: message[1])
