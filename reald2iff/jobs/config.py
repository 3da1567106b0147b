"""Where work runs; the options are the same for every command that has them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from reald2iff.errors import InvalidParameterError

THREAD_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "LP_NUM_THREADS": "0",  # Mesa's software renderer: rasterise in the calling thread
}
"""Environment of a worker: as many workers as cores already use them all, and sums have one order."""

ATTEMPTS = 3
"""Workers that may be lost on one item before it counts as the item's fault."""


@dataclass(frozen=True)
class JobsConfig:
    """Where work runs. The result is the same on any backend with any number of workers."""

    backend: Literal["local", "ray"] = "local"
    """Worker processes of this machine, or tasks of the Ray cluster that RAY_ADDRESS names (without one: Ray
    on this machine). The machines of a cluster need the folders of input and output under the same path."""
    workers: int = 0
    """Episodes worked on at the same time; 0 = one per core."""

    def __post_init__(self) -> None:
        if self.backend not in ("local", "ray"):
            raise InvalidParameterError(f"backend {self.backend!r}: expected local or ray")
        if self.workers < 0:
            raise InvalidParameterError(f"workers = {self.workers}: expected 0 (one per core) or more")

    @property
    def local_workers(self) -> int:
        """Processes on this machine."""
        return self.workers or len(os.sched_getaffinity(0))
