"""What a local worker process does: items from a pipe in, results out."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What became of an item.

    Attributes:
        result: Of the function.
        error: What it raised instead.
        trace: Its traceback as text, since traceback objects do not travel.
    """

    result: Any = None
    error: BaseException | None = None
    trace: str = ""


def serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Work on items until the parent closes the pipe or is gone."""
    # Ctrl-C goes to the whole terminal: ending workers is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        connection.send(run_one(function, item))


def run_one(function: Callable[[Any], Any], item: Any) -> Outcome:
    """Call ``function``; what it raises becomes part of the outcome."""
    try:
        return Outcome(function(item))
    except Exception as error:
        trace = traceback.format_exc()
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return Outcome(error=error, trace=trace)


def _end_with_parent() -> None:
    """A parent that was killed closes nothing while the function runs: its work would go on unseen."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
