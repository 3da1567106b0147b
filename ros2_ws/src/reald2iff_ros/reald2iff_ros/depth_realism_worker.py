"""A thread that works on the newest item only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class NewestWorker(Generic[T]):
    """Runs ``handle(item)`` in a thread of its own, with room for one waiting item.

    An item that is still waiting when the next one comes is replaced by it: the newest wins.

    Args:
        handle: Called for one item at a time. It must not raise.
        name: Of the thread.
    """

    def __init__(self, handle: Callable[[T], None], name: str) -> None:
        self._handle = handle
        self._condition = threading.Condition()
        self._item: T | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: T) -> T | None:
        """Hand over an item without waiting; returns the one it replaced, if any."""
        with self._condition:
            replaced, self._item = self._item, item
            self._condition.notify()
            return replaced

    def stop(self) -> None:
        """Finish the running item, forget the waiting one, end the thread."""
        with self._condition:
            self._stopping = True
            self._item = None
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._item is None and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                item, self._item = self._item, None
            if item is not None:
                self._handle(item)
