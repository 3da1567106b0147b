"""Progress of a long benchmark: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Step = Callable[[str, float], None]
"""Says what goes on, and how many of the steps announced were done since."""

_LINE_SECONDS = 30.0


@contextmanager
def progress(steps: float, console: Console | None = None) -> Iterator[Step]:
    """Show steps as they are done; without a terminal a line for each new text, and one every half minute.

    Args:
        steps: How many there will be.
        console: Where to; None = standard error.
    """
    console = console or Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=steps)
    start = time.monotonic()
    last_text, last_line, done = "", start, 0.0

    def step(text: str, share: float) -> None:
        nonlocal last_text, last_line, done
        done += share
        now = time.monotonic()
        bar.update(task, description=f"{text:<44}", advance=share)
        if not console.is_terminal and (text != last_text or now - last_line > _LINE_SECONDS):
            print(f"[{now - start:5.0f} s, {done / steps:4.0%}] {text}", file=sys.stderr, flush=True)
            last_line = now
        last_text = text

    with bar:
        yield step
