"""Run a function over items on the chosen backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from reald2iff.jobs.config import JobsConfig
from reald2iff.jobs.progress import show_progress

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_jobs(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    config: JobsConfig | None = None,
    *,
    title: str = "",
    unit: str = "",
    total: float | None = None,
    weight: Callable[[Item, Result], float] = lambda item, result: 1.0,
    note: Callable[[Item, Result], str] = lambda item, result: "",
) -> Iterator[tuple[Item, Result]]:
    """Items with their results, in the order in which they are done.

    Items are taken one at a time, when a worker is free: a generator of items may look at results that came
    before, and a caller that has enough closes the iteration, which ends the workers. So does Ctrl-C. The
    item that a lost worker had is given to another one, `reald2iff.jobs.config.ATTEMPTS` times in all.

    Workers are fresh processes of one thread each (environment of
    `reald2iff.jobs.config.THREAD_VARIABLES`) that serve many items: what is dear to load belongs into an
    ``lru_cache`` of the module of ``function``. They outlive no parent, killed ones included.

    Args:
        function: Picklable: of a module, or a `functools.partial` of one.
        items: Picklable.
        config: Where to run; None = one process per core.
        title: Of the progress bar, e.g. ``"enhancing"``; empty shows none.
        unit: What ``weight`` counts, e.g. ``"frames"``.
        total: Sum of the weights of all items, where it is known.
        weight: How much of the total an item was.
        note: A few words on an item that is done, for the progress display.

    Raises:
        WorkerError: if workers are lost on the same item again and again.
        DependencyError: if Ray is chosen and not installed.
        Exception: what ``function`` raises, as it is; the rest of the work is stopped.
    """
    config = config or JobsConfig()
    if config.backend == "ray":
        from reald2iff.jobs.ray_tasks import run_on_ray

        done = run_on_ray(function, iter(items), config.workers)
    else:
        from reald2iff.jobs.local import run_in_processes

        done = run_in_processes(function, iter(items), config.local_workers)
    try:
        with show_progress(title, unit, total) as advance:
            for item, result in done:
                advance(weight(item, result), note(item, result))
                yield item, result
    finally:
        done.close()
