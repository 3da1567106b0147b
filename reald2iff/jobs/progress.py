"""How far the work is: a bar in a terminal, a line an item elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def show_progress(title: str, unit: str, total: float | None) -> Iterator[Callable[[float, str], None]]:
    """Context in which the function it gives is called with the weight and the note of what is done."""
    if not title:
        yield lambda amount, note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    start, done = time.monotonic(), 0.0
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task(title, total=total, text="starting workers")

    def advance(amount: float, note: str) -> None:
        nonlocal done
        done += amount
        rate = done / max(time.monotonic() - start, 1e-9)
        count = f"{done:g}" if total is None else f"{done:g}/{total:g}"
        text = f"{count} {unit}, {rate:.2f}/s" + (f", {note}" if note else "")
        bar.update(task, completed=done, text=text)
        if not console.is_terminal:
            left = "" if total is None else f", {(total - done) / rate / 60:.1f} min left"
            print(f"{title}: {text}{left}", file=sys.stderr, flush=True)

    with bar:
        yield advance
