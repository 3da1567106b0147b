"""Starting, watching and stopping the nodes of a graph without `ros2 launch`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from reald2iff.errors import NodeError
from reald2iff_ros.graph import NodeSpec
from reald2iff_ros.graph_process import NodeProcess
from reald2iff_ros.lifecycle_client import LifecycleClient, TransitionError
from reald2iff_ros.transport import use_large_shared_memory

RUNNER = "up"
"""Name under which the runner's own lines appear in the output."""

REMINDER = 10.0
"""Seconds after which it says again what it waits for."""


class GraphRunner:
    """Runs nodes as child processes and brings them to their active state.

    Use it as a context manager: the nodes are stopped on the way out, in reverse order.

    Args:
        nodes: In the order in which they are activated.
        output: Called with a node's name (or `RUNNER`) and a line of its output, from any thread.
        log_level: Least severity that the nodes log.
        start_timeout: Seconds for a node to appear.
        configure_timeout: Seconds for a node to configure; loading a model takes a while.
        activate_timeout: Seconds for a node to activate.
        grace: Seconds after SIGINT, and again after SIGTERM, before the next stronger signal.
    """

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        output: Callable[[str, str], None],
        *,
        log_level: str = "info",
        start_timeout: float = 60.0,
        configure_timeout: float = 300.0,
        activate_timeout: float = 60.0,
        grace: float = 10.0,
    ) -> None:
        self._nodes = tuple(nodes)
        self._output = output
        self._log_level = log_level
        self._start_timeout = start_timeout
        self._configure_timeout = configure_timeout
        self._activate_timeout = activate_timeout
        self._grace = grace
        self._processes: list[NodeProcess] = []
        self._doing = ""
        self._since = self._reminded = 0.0

    def __enter__(self) -> GraphRunner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def process_ids(self) -> dict[str, int]:
        """Process ids by node name."""
        return {process.spec.name: process.pid for process in self._processes}

    def start(self) -> None:
        """Start the processes."""
        # On loopback unless the user says otherwise: a demo has no business on a laboratory's network.
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        use_large_shared_memory()
        self._say(f"starting {', '.join(n.full_name for n in self._nodes)}")
        for spec in self._nodes:
            self._processes.append(NodeProcess(spec, self._log_level, self._output))

    def wait_active(self) -> None:
        """Configure and activate every node, in order.

        Raises:
            NodeError: if one does not appear, configure or activate in time, or ends; it says which.
        """
        client = LifecycleClient(watch=self._watch)
        try:
            for doing, step, timeout in (
                ("waiting for", client.wait_for, self._start_timeout),
                ("configuring", client.configure, self._configure_timeout),
                ("activating", client.activate, self._activate_timeout),
            ):
                for process in self._processes:
                    self._doing, self._since = f"{doing} {process.spec.full_name}", time.monotonic()
                    self._reminded = self._since
                    self._say(self._doing)
                    self._take_step(process, step, timeout)
        finally:
            client.close()
        self._say("all nodes are active")

    def _watch(self) -> None:
        self.poll()
        now = time.monotonic()
        if now - self._reminded > REMINDER:
            self._reminded = now
            self._say(f"still {self._doing}, for {now - self._since:.0f} s")

    def _take_step(self, process: NodeProcess, step: Callable[[str, float], None], timeout: float) -> None:
        try:
            step(process.spec.full_name, timeout)
        except TransitionError as error:
            raise NodeError(f"{error}; its last lines:\n{process.last_lines() or '(none)'}") from error

    def poll(self) -> None:
        """Check that every node still runs.

        Raises:
            NodeError: naming the one that ended, how, and its last lines.
        """
        for process in self._processes:
            if process.status is not None:
                raise NodeError(
                    f"node {process.spec.full_name} ended {_how(process.status)}; its last lines:\n"
                    + (process.last_lines() or "(none)")
                )

    def stop(self) -> None:
        """End the nodes in reverse order: SIGINT, then SIGTERM, then SIGKILL. Nothing the second time."""
        running = [p for p in reversed(self._processes) if p.status is None]
        if running:
            self._say(f"stopping {', '.join(p.spec.full_name for p in running)}")
        for process in running:
            started = time.monotonic()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                process.send(number)
                if process.wait(self._grace):
                    break
                waited = time.monotonic() - started
                self._say(f"{process.spec.full_name} still runs {waited:.0f} s after {number.name}")
            self._say(f"{process.spec.full_name} ended {_how(process.status)}")
        self._processes.clear()

    def _say(self, text: str) -> None:
        self._output(RUNNER, text)


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with status {status}"
