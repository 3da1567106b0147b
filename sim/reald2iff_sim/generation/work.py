"""What a worker does: one trial, into a part of its own."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import h5py

from reald2iff.demos.datagen import Spelling
from reald2iff.demos.durable import publish_file
from reald2iff.errors import DatasetError
from reald2iff_sim.factory import make_simulator
from reald2iff_sim.generation.config import GenerationConfig
from reald2iff_sim.generation.demo_group import write_demo
from reald2iff_sim.generation.sources import Source, read_sources
from reald2iff_sim.generation.trial import Attempt, run_trial
from reald2iff_sim.simulator import Simulator

DEMO = "demo"
"""Group of a part that holds the demonstration."""


@dataclass(frozen=True)
class TrialJob:
    """What all trials of a run have in common.

    Attributes:
        task: Name.
        backend: Name.
        config: How sources become demonstrations.
        seed: Of the run.
        sources: File of the sources.
        most_sources: That are read from it.
        parts: Folder of the parts.
        keep_failed: Whether parts of failed trials hold them.
        spelling: Of `datagen_info`.
    """

    task: str
    backend: str
    config: GenerationConfig
    seed: int
    sources: Path
    most_sources: int
    parts: Path
    keep_failed: bool
    spelling: Spelling

    def part(self, trial: int) -> Path:
        """Where a trial's part goes."""
        return self.parts / f"trial_{trial:06d}.hdf5"


@dataclass(frozen=True)
class TrialReport:
    """What came of a trial.

    Attributes:
        trial: Its number.
        success: Of the task.
        steps: Of the demonstration.
        attempts: At its subtasks.
        seconds: That it took.
        cpu_seconds: Of processor time.
    """

    trial: int
    success: bool
    steps: int
    attempts: tuple[Attempt, ...]
    seconds: float
    cpu_seconds: float

    @property
    def at_once(self) -> bool:
        """Success without a retry."""
        return self.success and all(attempt.failure is None for attempt in self.attempts)


@lru_cache(maxsize=1)
def _workshop(
    task: str, backend: str, config: GenerationConfig, sources: Path, most: int
) -> tuple[Simulator, list[Source]]:
    simulator = make_simulator(backend, task)
    return simulator, read_sources(sources, simulator.task, config.specs(simulator.task), most)


def make_trial(job: TrialJob, trial: int) -> TrialReport:
    """Write the part of a trial: whole or not at all, its demonstration the same bytes every time.

    Raises:
        DatasetError: if the sources lack something.
        SimulationError: if the simulation cannot be set up.
    """
    simulator, sources = _workshop(job.task, job.backend, job.config, job.sources, job.most_sources)
    start, cpu_start = time.perf_counter(), time.process_time()
    done = run_trial(simulator, sources, job.config, job.seed, trial)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    report = TrialReport(trial, done.success, len(done.trajectory), done.attempts, seconds, cpu_seconds)
    temporary = job.part(trial).with_suffix(".tmp")
    try:
        with h5py.File(temporary, "w") as part:
            part.attrs["report"] = json.dumps(asdict(report))
            if done.success or job.keep_failed:
                write_demo(part.create_group(DEMO), simulator, done, trial, job.spelling)
        publish_file(temporary, job.part(trial))
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return report


def read_report(path: Path) -> TrialReport:
    """Of a part.

    Raises:
        DatasetError: if it is none.
    """
    try:
        with h5py.File(path, "r") as part:
            values = json.loads(part.attrs["report"])
        values["attempts"] = tuple(Attempt(**attempt) for attempt in values["attempts"])
        return TrialReport(**values)
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DatasetError(f"{path} is not a part of this version: {error}; remove it") from error
