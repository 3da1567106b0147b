"""What a node tells `/diagnostics` of its frames: rate, latency, drops by reason, invalid pixels, last error.

`FrameStatistics` counts (thread-safe, no ROS); `NodeDiagnostics` publishes it at a period. The key names are
fixed, so that programs read them: see `FrameStatistics.values`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from reald2iff_ros.qos import PUBLISH
from reald2iff_ros.topics import DIAGNOSTICS

WINDOW = 300
"""Frames over which latency, rate and the invalid ratio are taken."""


class FrameStatistics:
    """Counters and ring buffers of a node that handles frames. Every method may be called from any thread."""

    def __init__(self, window: int = WINDOW) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._published = 0
        self._dropped: Counter[str] = Counter()
        self._latency: deque[float] = deque(maxlen=window)
        self._invalid: deque[float] = deque(maxlen=window)
        self._times: deque[float] = deque(maxlen=window)
        self._last_error = ""

    def received(self) -> None:
        """Count a frame that came in."""
        with self._lock:
            self._received += 1

    def published(self, latency: float | None = None, invalid_ratio: float | None = None) -> None:
        """Count a frame that went out.

        Args:
            latency: Seconds from its arrival to its publication.
            invalid_ratio: Share of its pixels without depth, in [0, 1].
        """
        with self._lock:
            self._published += 1
            self._times.append(time.monotonic())
            if latency is not None:
                self._latency.append(latency)
            if invalid_ratio is not None:
                self._invalid.append(invalid_ratio)

    def dropped(self, reason: str) -> int:
        """Count a frame that was not published; returns how often for this reason so far."""
        with self._lock:
            self._dropped[reason] += 1
            return self._dropped[reason]

    def error(self, text: str) -> None:
        """Remember the last error."""
        with self._lock:
            self._last_error = text

    def values(self) -> dict[str, str]:
        """Machine-readable figures.

        Keys: ``received``, ``published``, ``dropped``, ``dropped.<reason>``, ``rate_hz``, ``latency_p50_ms``,
        ``latency_p95_ms``, ``invalid_ratio``, ``last_error``. Figures without a sample yet are left out.
        """
        with self._lock:
            values = {
                "received": str(self._received),
                "published": str(self._published),
                "dropped": str(self._dropped.total()),
            }
            values |= {f"dropped.{reason}": str(n) for reason, n in sorted(self._dropped.items())}
            if len(self._times) > 1:
                span = self._times[-1] - self._times[0]
                values["rate_hz"] = f"{(len(self._times) - 1) / span if span > 0 else 0.0:.2f}"
            if self._latency:
                p50, p95 = np.percentile(list(self._latency), (50, 95)) * 1e3
                values |= {"latency_p50_ms": f"{p50:.3f}", "latency_p95_ms": f"{p95:.3f}"}
            if self._invalid:
                values["invalid_ratio"] = f"{sum(self._invalid) / len(self._invalid):.5f}"
            return values | {"last_error": self._last_error}


class NodeDiagnostics:
    """Publishes a node's `FrameStatistics` on `/diagnostics` at a period, in every lifecycle state.

    Args:
        node: The node.
        statistics: What to publish.
        period: Seconds of wall clock between messages; 0 = never.
        extra: Called for further values of each message, e.g. model, device and lifecycle state. The value of
            ``device`` is the hardware id too.
    """

    def __init__(
        self,
        node: Node,
        statistics: FrameStatistics,
        period: float,
        extra: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._node = node
        self._statistics = statistics
        self._extra = extra
        self._publisher = node.create_publisher(DiagnosticArray, DIAGNOSTICS, PUBLISH)
        self._alarming = 0
        if period > 0:
            # Steady, not the node's clock: a simulation that stands still must not silence its diagnostics.
            node.create_timer(period, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish now."""
        values = self._statistics.values() | dict(self._extra() if self._extra else {})
        alarming = int(values["dropped"])
        warn = alarming > self._alarming
        self._alarming = alarming
        status = DiagnosticStatus(
            level=DiagnosticStatus.WARN if warn else DiagnosticStatus.OK,
            name=f"{self._node.get_name()}: frames",
            message="dropping frames" if warn else "ok",
            hardware_id=values.get("device", ""),
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
