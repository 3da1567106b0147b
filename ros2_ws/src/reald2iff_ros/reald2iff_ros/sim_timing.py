"""Where the time of a simulation goes."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

_WINDOW = 200


class StageTimes:
    """Wall-clock time by stage. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total: Counter[str] = Counter()
        self._recent: dict[str, deque[float]] = {}
        self._ends: deque[float] = deque(maxlen=_WINDOW)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            with self._lock:
                self._total[name] += seconds  # type: ignore[assignment]  # a Counter sums floats as well
                self._recent.setdefault(name, deque(maxlen=_WINDOW)).append(seconds)

    def step(self) -> None:
        """Count a control step."""
        with self._lock:
            self._ends.append(time.perf_counter())

    def values(self) -> dict[str, str]:
        """``step_rate_hz`` and, by stage, ``<stage>_ms`` (mean of the last ones) and ``<stage>_s`` (sum)."""
        with self._lock:
            values = {}
            if len(self._ends) > 1 and self._ends[-1] > self._ends[0]:
                rate = (len(self._ends) - 1) / (self._ends[-1] - self._ends[0])
                values["step_rate_hz"] = f"{rate:.2f}"
            for name, recent in self._recent.items():
                values[f"{name}_ms"] = f"{1e3 * sum(recent) / len(recent):.2f}"
                values[f"{name}_s"] = f"{self._total[name]:.3f}"
            return values
