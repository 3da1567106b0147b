"""Tasks on a Ray cluster."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

from reald2iff.errors import DependencyError, WorkerError
from reald2iff.jobs.config import ATTEMPTS, THREAD_VARIABLES
from reald2iff.jobs.local import RemoteTraceback
from reald2iff.jobs.worker import Outcome, run_one


def run_on_ray(
    function: Callable[[Any], Any], items: Iterator[Any], workers: int
) -> Generator[tuple[Any, Any], None, None]:
    """Items with results as they are done; see `reald2iff.jobs.run_jobs`.

    Joins the cluster of ``RAY_ADDRESS``; without one, Ray is started on this machine and ended again.
    """
    try:
        import ray
    except ImportError as error:
        raise DependencyError("Ray is not installed: pip install 'reald2iff-ros[scale]'") from error
    joined = ray.is_initialized()
    if not joined:
        ray.init(
            num_cpus=_local_cpus(workers),
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    # Ray redoes the tasks of a lost worker or machine itself.
    task = ray.remote(run_one).options(
        num_cpus=1, max_retries=ATTEMPTS - 1, runtime_env={"env_vars": THREAD_VARIABLES}
    )
    running: dict[Any, Any] = {}
    limit = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        code, exhausted = ray.put(function), False
        while True:
            while not exhausted and len(running) < limit:
                try:
                    item = next(items)
                except StopIteration:
                    exhausted = True
                else:
                    running[task.remote(code, item)] = item
            if not running:
                return
            ready, _ = ray.wait(list(running), num_returns=1)
            for reference in ready:
                item = running.pop(reference)
                try:
                    outcome: Outcome = ray.get(reference)
                except ray.exceptions.RayError as error:
                    raise WorkerError(
                        f"{ATTEMPTS} workers were lost on {item} ({type(error).__name__}); what is done is "
                        "kept: run the same command again to continue"
                    ) from error
                if outcome.error is not None:
                    raise outcome.error from RemoteTraceback(outcome.trace)
                yield item, outcome.result
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
        if not joined:
            ray.shutdown()


def _local_cpus(workers: int) -> int | None:
    """How many CPUs a Ray that is started here says it has; a cluster that is joined knows itself."""
    return None if "RAY_ADDRESS" in os.environ else workers or None
