"""Several computations at once, which Ctrl-C ends at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

Result = TypeVar("Result")


def in_parallel(jobs: Mapping[str, Callable[[], Result]]) -> dict[str, Result]:
    """Results of all ``jobs`` by name, one thread each; the first exception of a job is raised here.

    The threads of an executor are waited for when the program ends, which keeps an interrupted one alive for
    as long as its classifiers train; these are not.
    """
    results: dict[str, Result] = {}
    errors: list[BaseException] = []

    def run(name: str, job: Callable[[], Result]) -> None:
        try:
            results[name] = job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return {name: results[name] for name in jobs}
