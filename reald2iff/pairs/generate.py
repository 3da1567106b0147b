"""`reald2iff pairs generate`: scenes from a simulator, sensed by the D435 twin, into a pair data set."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reald2iff import __version__
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.jobs.config import THREAD_VARIABLES
from reald2iff.jobs.local import environment
from reald2iff.pairs.folder import prepare_folder
from reald2iff.pairs.format import FORMAT_VERSION, SPLITS, Split, read_shard
from reald2iff.pairs.plan import ShardPlan, plan_shards
from reald2iff.pairs.source import find_scene_source
from reald2iff.pairs.worker import Job, ShardReport, make_shard, start_worker
from reald2iff.sensors import D435Twin
from reald2iff.sensors.profile import DEFAULT_PROFILE, load_profile


@dataclass(frozen=True)
class GenerateConfig:
    """Options of `reald2iff pairs generate`. The same seed and count give the same bytes with any workers."""

    out: Path
    """Folder of the data set. An unfinished one made with the same options is continued."""
    count: int = 2000
    """Views (rounded up to whole scenes)."""
    seed: int = 1
    """Draws everything: scenes, cameras, materials, noise."""
    workers: int = max(1, (os.cpu_count() or 2) // 2)
    """Processes; each keeps one core busy and takes about 1.1 GB of memory."""
    views_per_scene: int = 2
    """Camera poses of each scene; a scene's views are always in the same split."""
    source: str = "mujoco"
    """Scene source: a name registered by an installed package, or module:Class."""
    spread: float = 1.0
    """How far the sensors differ from the fitted one, from scene to scene: 1 = like units of one product,
    in different light. Training scenes then also vary noise strength and preset. 0 = always the same."""
    splits: tuple[Split, ...] = SPLITS
    """Make scenes of these splits only, e.g. test: the views of `count` are then all of them."""
    profile: str = DEFAULT_PROFILE
    """Camera that the sensors are drawn around: d435, or a native .yaml of `reald2iff calibrate`."""
    matcher: Literal["census", "sgbm"] = "census"
    """Stereo matcher of the twin: census resembles a D435; sgbm is faster, with bands it does not have."""

    def __post_init__(self) -> None:
        for name, low in (("count", 1), ("seed", 0), ("workers", 1), ("views_per_scene", 1)):
            value = getattr(self, name)
            if value < low:
                raise InvalidParameterError(f"{name} = {value}: expected at least {low}")
        if not 0 <= self.spread <= 2:
            raise InvalidParameterError(f"spread = {self.spread}: expected 0 to 2")


def generate(config: GenerateConfig) -> int:
    """Generate or continue a pair data set; returns the exit status.

    Raises:
        DatasetError: if the folder holds a data set of other options, or a worker process dies.
        InvalidParameterError: for an unknown scene source or profile, or a profile of registered depth.
    """
    twin = replace(_fitted_twin(config.profile), matcher=config.matcher)
    plans = plan_shards(config.count, config.views_per_scene, config.splits)
    prepare_folder(config.out, _index(config, twin, plans))
    console = Console(stderr=True)
    missing = [plan for plan in plans if not _is_done(config.out / plan.name, plan)]
    if len(missing) < len(plans):
        console.print(f"{len(plans) - len(missing)} of {len(plans)} shards are there already")
    job = Job(config.out, config.seed, config.source, config.views_per_scene, twin, config.spread)
    with _progress(console, missing) as advance:
        for report in _run(job, missing, config.workers):
            advance(report)
    console.print(f"{sum(plan.views for plan in plans)} views in {len(plans)} shards in {config.out}")
    return 0


def _fitted_twin(profile: str) -> D435Twin:
    camera = load_profile(profile)
    if camera.registration is not None:
        raise InvalidParameterError(
            f"profile {profile!r} is of depth registered to colour: pairs are native, expected such a profile"
        )
    return camera.twin


def _index(config: GenerateConfig, twin: D435Twin, plans: list[ShardPlan]) -> dict[str, Any]:
    source = find_scene_source(config.source)(config.views_per_scene)
    parameters = source.parameters()
    source.close()
    return {
        "format_version": FORMAT_VERSION,
        "generator": f"reald2iff {__version__}",
        "count": config.count,
        "seed": config.seed,
        "views_per_scene": config.views_per_scene,
        "spread": config.spread,
        "splits": [split for split in SPLITS if split in config.splits],
        "source": parameters,
        "camera": {"width": D435_DEPTH.width, "height": D435_DEPTH.height, "baseline": twin.baseline},
        "sensor": {"name": twin.name, **_jsonable(asdict(twin))},
        "shards": [plan.as_dict() for plan in plans],
    }


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    return [_jsonable(item) for item in value] if isinstance(value, tuple | list) else value


def _is_done(path: Path, plan: ShardPlan) -> bool:
    if not path.exists():
        return False
    try:
        shard = read_shard(path)
    except DatasetError:
        return False
    return sorted(set(shard.scene.tolist())) == list(plan.scenes) and len(shard.scene) == plan.views


def _run(job: Job, plans: list[ShardPlan], workers: int) -> Iterator[ShardReport]:
    """Make shards in worker processes; stopping the iteration stops them."""
    if not plans:
        return
    with environment(THREAD_VARIABLES):
        # Fresh processes: an OpenGL context or a thread pool does not survive a fork.
        pool = ProcessPoolExecutor(
            min(workers, len(plans)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(job,),
        )
        pending = {pool.submit(make_shard, plan) for plan in plans}
    try:
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process died (out of memory, or its scene source cannot start; see above): "
            "run the same command again to continue, perhaps with fewer workers"
        ) from error
    finally:
        # Shards are written whole or not at all, so that running workers may be stopped anywhere.
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=not pending, cancel_futures=True)
        for process in processes:
            process.terminate()


@contextmanager
def _progress(console: Console, plans: list[ShardPlan]) -> Iterator[Any]:
    """A progress bar; where there is no terminal, a line per shard."""
    total, made, start = sum(plan.views for plan in plans), 0, time.monotonic()
    bar = Progress(
        TextColumn("pairs"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("pairs", total=total, note="")

    def advance(report: ShardReport) -> None:
        nonlocal made
        made += report.views
        rate = made / (time.monotonic() - start)
        note = f"{rate:.2f} views/s, holes {report.hole_share:.1%}"
        bar.update(task, completed=made, note=note)
        if not console.is_terminal:
            left = (total - made) / rate / 60
            print(
                f"{report.name}: {made}/{total} views, {note}, {left:.0f} min left",
                file=sys.stderr,
                flush=True,
            )

    with bar:
        yield advance
