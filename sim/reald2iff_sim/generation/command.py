"""`reald2iff demos generate`: sources, trials in workers, one file."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

from reald2iff import __version__
from reald2iff.bench.report import write_json
from reald2iff.demos.datagen import Spelling
from reald2iff.demos.durable import publish_file
from reald2iff.errors import InvalidParameterError
from reald2iff.jobs import JobsConfig, PartsFolder, run_jobs
from reald2iff_sim.factory import make_simulator, make_task
from reald2iff_sim.generation.assembly import assemble
from reald2iff_sim.generation.config import GenerationConfig
from reald2iff_sim.generation.report import print_summary, summarise
from reald2iff_sim.generation.sources import read_sources, record_sources
from reald2iff_sim.generation.work import TrialJob, TrialReport, make_trial, read_report
from reald2iff_sim.simulator import CONTROL_RATE

_CUSTOM_ENVIRONMENT = 2
"""robomimic's EnvType of an environment that is none of its own."""

_SOURCES = "sources.hdf5"


@dataclass(frozen=True)
class GenerateConfig:
    """Make many demonstrations of a few: MimicGen's way, with retries from the subtask that failed.

    Stores states and actions; `reald2iff demos render` makes pictures of them. What comes of a trial hangs on
    the seed and the trial's number alone. A run that was stopped, or killed, continues when the same command
    is given again.
    """

    task: Annotated[str, tyro.conf.Positional]
    """pick_cube, place_banana, can_to_plate or stack_cube."""
    out: Annotated[Path, tyro.conf.Positional]
    """The HDF5 file to make. OUT.report.json beside it says how many trials failed, and why."""
    demos: int = 10
    """Demonstrations to make, with as many trials as that takes."""
    trials: int = 0
    """Make exactly this many trials instead, and keep what succeeds; 0 = as many as --demos needs."""
    source: Path | None = None
    """HDF5 of source demonstrations with datagen_info, of MimicGen's or Isaac Lab's spelling, e.g. recorded
    through ROS; default: the task's scripted expert makes them."""
    sources: int = 10
    """How many source demonstrations."""
    seed: int = 0
    """Of the sources that the expert makes, and of every trial."""
    keep_failed: bool = False
    """Keep failed trials, in OUT with _failed before its suffix."""
    datagen_info: Spelling = "mimicgen"
    """Spelling of datagen_info in the result."""
    simulator: str = "mujoco"
    """Simulation backend."""
    overwrite: bool = False
    """Replace a result that is there, or parts of a run with other options."""
    generation: Annotated[GenerationConfig, tyro.conf.arg(name="")] = field(default_factory=GenerationConfig)
    jobs: Annotated[JobsConfig, tyro.conf.arg(name="")] = field(default_factory=JobsConfig)

    def __post_init__(self) -> None:
        if self.demos < 1 or self.trials < 0 or self.sources < 1 or self.seed < 0:
            raise InvalidParameterError(
                f"demos, trials, sources, seed = {self.demos}, {self.trials}, {self.sources}, {self.seed}: "
                "expected at least 1, 0, 1 and 0"
            )
        if self.out.suffix not in (".hdf5", ".h5"):
            raise InvalidParameterError(f"{self.out}: expected a name that ends with .hdf5")

    @property
    def most_trials(self) -> int:
        """Trials after which a run gives up."""
        return self.trials or 20 * self.demos

    @property
    def failed(self) -> Path:
        """File of the failed trials."""
        return self.out.with_name(f"{self.out.stem}_failed{self.out.suffix}")

    @property
    def report(self) -> Path:
        """File of the report."""
        return self.out.with_name(f"{self.out.name}.report.json")


def generate(config: GenerateConfig) -> int:
    """Make a file of demonstrations; returns the exit status: 1 if there are fewer than asked for.

    Raises:
        DatasetError: for a source that is missing or lacks something, or a result that is there.
        InvalidParameterError: for an unknown task or simulator.
        WorkerError: if workers are lost again and again.
    """
    task = make_task(config.task)
    folder = PartsFolder(config.out, _job(config), config.overwrite)
    try:
        reports: list[TrialReport] = []
        if not folder.published:
            sources = _prepare_sources(config, folder.path)
            read_sources(sources, task, config.generation.specs(task), config.sources)
            job = TrialJob(
                config.task,
                config.simulator,
                config.generation,
                config.seed,
                sources.resolve(),
                config.sources,
                folder.path.resolve(),
                config.keep_failed,
                config.datagen_info,
            )
            reports = _run(config, job)
            kept = [report for report in reports if report.success]
            if not config.trials:
                kept = kept[: config.demos]
            parts = [job.part(report.trial) for report in kept]
            assemble(folder.start_assembly(), parts, _env_args(config), _record(config))
            _write_failed(config, job, reports, folder.path)
            write_json(config.report, summarise(task, config.seed, reports))
            folder.publish()
        folder.remove()
    finally:
        folder.close()
    summary = json.loads(config.report.read_text())
    print_summary(summary)
    made = round(summary["success"] * summary["trials"])
    print(f"{min(made, made if config.trials else config.demos)} demonstrations: {config.out}")
    return 0 if config.trials or made >= config.demos else 1


def _run(config: GenerateConfig, job: TrialJob) -> list[TrialReport]:
    """Reports of the trials 0, 1, ..., as many as are needed, by number."""
    done: dict[int, TrialReport] = {}
    for path in sorted(job.parts.glob("trial_*.hdf5")):
        report = read_report(path)
        done[report.trial] = report
    if done:
        print(f"{len(done)} trials are there already", file=sys.stderr)

    def missing() -> Iterator[int]:
        for trial in range(config.most_trials):
            # Those before this one alone: what a killed run left out among them is made up for first.
            made = sum(report.success for number, report in done.items() if number < trial)
            if not config.trials and made >= config.demos:
                return
            if trial not in done:
                yield trial

    total = config.trials or config.demos
    for trial, report in run_jobs(
        partial(make_trial, job),
        missing(),
        config.jobs,
        title=f"generating {config.task}",
        unit="trials" if config.trials else "demonstrations",
        total=total - sum(1 for r in done.values() if config.trials or r.success),
        weight=lambda _, report: 1.0 if config.trials else float(report.success),
        note=_note,
    ):
        done[trial] = report
    return _needed(config, [done[trial] for trial in sorted(done) if trial < config.most_trials])


def _needed(config: GenerateConfig, reports: list[TrialReport]) -> list[TrialReport]:
    """Without trials after the last one needed, which only several workers make."""
    if config.trials:
        return reports
    made = 0
    for index, report in enumerate(reports):
        made += report.success
        if made == config.demos:
            return reports[: index + 1]
    return reports


def _note(trial: int, report: TrialReport) -> str:
    last = report.attempts[-1].failure
    return f"trial {trial}: " + ("success" if report.success else f"failed, {last}")


def _prepare_sources(config: GenerateConfig, folder: Path) -> Path:
    """The file of sources, in the folder of parts: workers and later runs read the same."""
    path = folder / _SOURCES
    if not path.exists():
        temporary = folder / f"{_SOURCES}.tmp"
        if config.source is not None:
            shutil.copyfile(config.source, temporary)
        else:
            print(f"the expert makes {config.sources} sources", file=sys.stderr, flush=True)
            simulator = make_simulator(config.simulator, config.task)
            record_sources(simulator, config.sources, config.seed, temporary)
            simulator.close()
        publish_file(temporary, path)
    return path


def _write_failed(config: GenerateConfig, job: TrialJob, reports: list[TrialReport], folder: Path) -> None:
    failed = [job.part(report.trial) for report in reports if not report.success]
    if config.keep_failed and failed:
        temporary = folder / "failed.tmp"
        assemble(temporary, failed, _env_args(config), _record(config))
        publish_file(temporary, config.failed)


def _env_args(config: GenerateConfig) -> dict[str, Any]:
    return {
        "env_name": config.task,
        "env_version": __version__,
        "type": _CUSTOM_ENVIRONMENT,
        "env_kwargs": {"simulator": config.simulator, "control_rate": CONTROL_RATE},
    }


def _record(config: GenerateConfig) -> dict[str, Any]:
    """What the result says of how it was made."""
    digest = None if config.source is None else hashlib.sha256(config.source.read_bytes()).hexdigest()
    return {
        "made_by": f"reald2iff {__version__}",
        "task": config.task,
        "seed": config.seed,
        "sources": config.sources,
        "source_sha256": digest,
        "datagen_info": config.datagen_info,
        **asdict(config.generation),
    }


def _job(config: GenerateConfig) -> dict[str, Any]:
    """All that the result's bytes hang on; more demonstrations may be asked for on the way."""
    return {**_record(config), "keep_failed": config.keep_failed, "env_args": _env_args(config)}
