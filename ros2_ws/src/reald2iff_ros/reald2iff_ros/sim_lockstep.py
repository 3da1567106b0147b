"""Holds the simulation back until the depth of its newest frame has come back from the realism node."""

from __future__ import annotations

import threading
import time


class LockstepGate:
    """A meeting point of the stepping thread, which waits, and the subscription, which reports replies."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._expected: int | None = None

    def expect(self, stamp: int) -> None:
        """Close the gate until the reply with this stamp (ns); call it before publishing."""
        with self._changed:
            self._expected = stamp

    def arrived(self, stamp: int) -> None:
        """Report a reply; one of another frame changes nothing."""
        with self._changed:
            if stamp == self._expected:
                self._expected = None
                self._changed.notify_all()

    def cancel(self) -> None:
        """Open the gate without a reply, e.g. because the episode is reset."""
        with self._changed:
            self._expected = None
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until the gate opens; False if ``timeout`` seconds passed before. It is open afterwards."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._expected is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._expected = None
                    return False
                self._changed.wait(left)
        return True
