"""Worker processes of this machine, each with a pipe of its own: a lost one takes one known item with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from reald2iff.errors import WorkerError
from reald2iff.jobs.config import ATTEMPTS, THREAD_VARIABLES
from reald2iff.jobs.worker import Outcome, serve


@dataclass(frozen=True)
class _Task:
    item: Any
    lost: int = 0


class RemoteTraceback(Exception):
    """Cause of an error that a worker raised: the traceback over there, as text."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class _Worker:
    def __init__(self, function: Callable[[Any], Any]) -> None:
        # Fresh processes: an OpenGL context or a thread pool does not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, function), daemon=True)
        with environment(THREAD_VARIABLES):
            self.process.start()
        theirs.close()
        self.task: _Task | None = None

    def give(self, task: _Task) -> None:
        self.task = task
        try:
            self.connection.send(task.item)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it died while it was idle: the answer will be the end of the pipe

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def run_in_processes(
    function: Callable[[Any], Any], items: Iterator[Any], workers: int
) -> Generator[tuple[Any, Any], None, None]:
    """Items with results as they are done; see `reald2iff.jobs.run_jobs`."""
    pool: list[_Worker] = []
    waiting: list[_Task] = []
    exhausted = False
    try:
        while True:
            while not exhausted or waiting:
                idle = next((worker for worker in pool if worker.task is None), None)
                if idle is None and len(pool) == workers:
                    break
                if not waiting:
                    try:
                        waiting.append(_Task(next(items)))
                    except StopIteration:
                        exhausted = True
                        break
                if idle is None:
                    idle = _Worker(function)
                    pool.append(idle)
                idle.give(waiting.pop())
            busy = {worker.connection: worker for worker in pool if worker.task is not None}
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                task = worker.task
                assert task is not None
                try:
                    outcome: Outcome = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    pool.remove(worker)
                    worker.process.join()
                    waiting.append(_after_loss(task, worker.process.exitcode))
                    worker.stop()
                    continue
                worker.task = None
                if outcome.error is not None:
                    raise outcome.error from RemoteTraceback(outcome.trace)
                yield task.item, outcome.result
    finally:
        for worker in pool:
            worker.stop()


def _after_loss(task: _Task, exitcode: int | None) -> _Task:
    if task.lost + 1 < ATTEMPTS:
        return _Task(task.item, task.lost + 1)
    how = f"status {exitcode}"
    if exitcode is not None and exitcode < 0:
        how = signal.Signals(-exitcode).name
        if -exitcode == signal.SIGKILL:
            how += ", often out of memory: try fewer --workers"
    raise WorkerError(
        f"{ATTEMPTS} workers were lost on {task.item} (the last one with {how}); what is done is kept: "
        "run the same command again to continue"
    )


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables for the processes that are started in this context."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
