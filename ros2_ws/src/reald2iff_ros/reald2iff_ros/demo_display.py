"""What a person sees of the demo while it runs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

_SHOWN = ("ERROR", "FATAL", "WARN")


class DemoDisplay:
    """A progress line on the terminal; all that the nodes say goes to a log file, errors to both.

    Args:
        log: Of the nodes' output.
        episodes: How many are wanted.
    """

    def __init__(self, log: Path, episodes: int) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._log = log.open("a", encoding="utf-8")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self.console,
        )
        self._task = self._progress.add_task("starting", total=episodes, detail="")

    def __enter__(self) -> DemoDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        self._log.close()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(Text(text))

    def stage(self, text: str) -> None:
        """What is being done now; also a line where there is no terminal to show progress on."""
        self._progress.update(self._task, description=text, detail="")
        if not self.console.is_terminal:
            self.say(f"{text} ...")

    def step(self, step: int, phase: str, rate: float) -> None:
        """Where the running episode stands."""
        self._progress.update(self._task, detail=f"step {step:3d}  {phase:<8}  {rate:4.1f} fps")

    def saved(self, episodes: int) -> None:
        """How many successful episodes are saved."""
        self._progress.update(self._task, completed=episodes)

    def node_line(self, name: str, line: str) -> None:
        """A line of a node's output; called from any thread."""
        if not self._log.closed:
            self._log.write(f"{name} | {line}\n")
            self._log.flush()
        if line.startswith(_SHOWN):
            self.say(f"{name} | {line}")
