"""A node as a child process: its command line, its output, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable

from reald2iff_ros.graph import NodeSpec, Value

LINES_KEPT = 20
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    # Without it, a runner that is killed leaves its nodes behind.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _yaml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def command_line(spec: NodeSpec, log_level: str) -> list[str]:
    """The command that starts a node without `ros2 run`."""
    command = [sys.executable, "-m", spec.module, "--ros-args", "-r", f"__node:={spec.name}"]
    if spec.namespace != "/":
        command += ["-r", f"__ns:={spec.namespace}"]
    for path in spec.params_files:
        command += ["--params-file", str(path)]
    for name, value in spec.parameters.items():
        command += ["-p", f"{name}:={_yaml(value)}"]
    for source, target in spec.remappings.items():
        command += ["-r", f"{source}:={target}"]
    return [*command, "--log-level", log_level]


class NodeProcess:
    """A running node; a thread passes its lines on.

    Args:
        spec: The node.
        log_level: Least severity that it logs.
        output: Called with the node's name and each of its lines, from a thread.
    """

    def __init__(self, spec: NodeSpec, log_level: str, output: Callable[[str, str], None]) -> None:
        self.spec = spec
        self._output = output
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._process = subprocess.Popen(
            command_line(spec, log_level),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ
            | {
                "PYTHONUNBUFFERED": "1",
                "RCUTILS_COLORIZED_OUTPUT": "0",
                "RCUTILS_CONSOLE_OUTPUT_FORMAT": "{severity}: {message}",
            },
            # Ctrl-C in the terminal reaches the runner only, which then stops the nodes in order.
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        self._reader = threading.Thread(target=self._read, name=f"{spec.name} output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs; negative = the signal that ended it."""
        return self._process.poll()

    def last_lines(self) -> str:
        """The end of its output; complete once it has ended."""
        if self.status is not None:
            self._reader.join(timeout=1.0)
        return "\n".join(self._last_lines)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the node and its children, if it still runs."""
        if self.status is None:
            os.killpg(self._process.pid, number)

    def wait(self, timeout: float) -> bool:
        """Wait for its end; returns whether it came within ``timeout`` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(timeout=1.0)
        return True

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._last_lines.append(line.rstrip("\n"))
                self._output(self.spec.name, line.rstrip("\n"))
