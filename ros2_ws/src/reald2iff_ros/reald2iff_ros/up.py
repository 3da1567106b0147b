"""`reald2iff up`: what `ros2 launch` does, for people who have no ROS installation."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from rich.console import Console
from rich.text import Text

from reald2iff_ros.graph import NodeSpec, RecordConfig, SimConfig, record_graph, sim_graph
from reald2iff_ros.graph_runner import RUNNER, GraphRunner

_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")
_POLL = 0.2


class PrefixedOutput:
    """Writes lines of several nodes with the node's name in front, in a colour of its own on a terminal.

    Args:
        names: Of the nodes.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
        self._styles = dict(zip(names, _COLOURS, strict=False)) | {RUNNER: "bold"}
        self._width = max(len(name) for name in (*names, RUNNER))
        self._lock = threading.Lock()

    def __call__(self, name: str, line: str) -> None:
        """Write a line."""
        prefix = Text(f"{name:>{self._width}} | ", style=self._styles.get(name, ""))
        with self._lock:
            self._console.print(prefix + Text(line))


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run_graph(nodes: Sequence[NodeSpec], log_level: str) -> int:
    """Run nodes until Ctrl-C or SIGTERM; returns the exit status.

    Raises:
        NodeError: if a node does not start or ends by itself; the others are stopped first.
    """
    output = PrefixedOutput([node.name for node in nodes])
    signal.signal(signal.SIGTERM, _raise_interrupt)
    with GraphRunner(nodes, output, log_level=log_level) as runner:
        try:
            runner.start()
            runner.wait_active()
            output(RUNNER, "running; Ctrl-C stops")
            while True:
                runner.poll()
                time.sleep(_POLL)
        except KeyboardInterrupt:
            # From here on only the grace times count; another Ctrl-C would leave nodes behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return 0


def up_sim(config: SimConfig) -> int:
    """Start the simulation with depth realism."""
    return run_graph(sim_graph(config), config.log_level)


def up_record(config: RecordConfig) -> int:
    """Start the simulation with depth realism and the demonstration recorder."""
    return run_graph(record_graph(config), config.log_level)
