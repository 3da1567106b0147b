"""`reald2iff calibrate`: the profile of a person's own camera from a minute of ordinary frames."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reald2iff.calibration.fit import FitResult, RecordedSample, fit_profile, sample_recording
from reald2iff.calibration.report import draw_fit, fit_table
from reald2iff.calibration.search import SearchStep
from reald2iff.calibration.sensing import Output
from reald2iff.calibration.views import (
    POOL_SIZE,
    choose_views,
    disparity_histogram,
    render_pool,
)
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.recordings import Recording, read_recordings
from reald2iff.metrics.fingerprint import registration_scale
from reald2iff.pairs.source import find_scene_source
from reald2iff.sensors import D435Twin
from reald2iff.sensors.profile import Profile, load_profile, shipped_profiles
from reald2iff.sensors.registration import Registration
from reald2iff.user_cache import cache_folder

_NATIVE, _REGISTERED = "d435", "d435_registered"

_D435_REGISTRATION = Registration(D435_DEPTH, (0.015, 0.0, 0.0))
"""The colour camera sits 15 mm left of the left imager (nominal; units differ by a millimetre)."""


@dataclass(frozen=True)
class CalibrateConfig:
    """Options of `reald2iff calibrate`: fits the D435 twin to your camera.

    Record a minute of raw depth, filters off, while you carry the camera through ordinary scenes (furniture,
    objects, walls, floors, near and far), and hold it still for some frames. No clean depth is needed. Stop
    and start it again as you like: what was tried is kept beside the profile, in OUT.search.jsonl.
    """

    frames: Path
    """Folder of frames with an index.json (see reald2iff.io.recordings), or a RealSense .bag."""
    out: Path
    """Profile to write, a .yaml file; a picture of before and after goes beside it, as .png."""
    source: str | None = None
    """Which source, where the folder holds several; they are never pooled."""
    start: str | None = None
    """Profile to start from, a name or a file; "defaults" = the twin's own (default: d435, or d435_registered
    for depth registered to colour)."""
    budget: int = 200
    """Parameter sets to try; more come nearer. The time that is left is shown."""
    views: int = 10
    """Rendered views that the twin looks at."""
    seed: int = 0
    """The same seed and frames give the same profile, with any number of jobs."""
    jobs: int = max(1, (os.cpu_count() or 2) // 2)
    """Processes; each keeps one core busy."""
    scenes: str = "mujoco"
    """Scene source of the views: a name registered by an installed package, or module:Class."""
    overwrite: bool = False
    """Replace a profile that is there already."""

    def __post_init__(self) -> None:
        for name, low in (("budget", 1), ("views", 2), ("seed", 0), ("jobs", 1)):
            value = getattr(self, name)
            if value < low:
                raise InvalidParameterError(f"{name} = {value}: expected at least {low}")
        if self.out.suffix.lower() not in (".yaml", ".yml"):
            raise InvalidParameterError(f"out = {self.out}: expected a .yaml file")


def calibrate_camera(config: CalibrateConfig) -> int:
    """Fit, write the profile and its picture; returns the exit status.

    Raises:
        DatasetError: for frames that are missing, unreadable or too few, a profile that is there already, or
            the log of another search.
        InvalidDepthError: for frames without valid depth.
        InvalidParameterError: for an unknown source, starting profile or scene source.
        DependencyError: for a scene source or a .bag reader that is not installed.
    """
    if config.out.exists() and not config.overwrite:
        raise DatasetError(f"{config.out} is there already: --overwrite replaces it")
    recording = choose_source(read_recordings(config.frames), config.source, config.frames)
    start = starting_profile(config.start, recording)
    console = Console(stderr=True)
    console.print(f"{recording.name}: reading {len(recording.frames)} frames")
    scale = registration_scale(recording)
    sample = sample_recording(recording, scale)
    for warning in sample.warnings:
        console.print(f"[yellow]warning[/yellow]: {warning}")
    views = _views(config, sample, scale, start.twin.baseline, console)
    registration = start.registration if recording.registered else None
    with _progress(console, config.budget) as report:
        result = fit_profile(
            name=config.out.stem,
            sample=sample,
            start=start.twin,
            views=views,
            output=Output(recording.intrinsics, registration),
            scale=scale,
            budget=config.budget,
            seed=config.seed,
            jobs=config.jobs,
            log_path=config.out.with_suffix(".search.jsonl"),
            report=report,
        )
    result.profile.save(config.out)
    picture = draw_fit(result, sample, config.out.with_suffix(".png"))
    _conclude(result, config.out, picture)
    return 0


def choose_source(recordings: list[Recording], name: str | None, where: Path) -> Recording:
    """The recording called ``name``, or the only one.

    Raises:
        InvalidParameterError: if there is none of that name, or several and no name.
    """
    names = [recording.name for recording in recordings]
    if name is None and len(recordings) == 1:
        return recordings[0]
    if name not in names:
        asked = "holds several sources" if name is None else f"holds no source {name!r}"
        raise InvalidParameterError(f"{where} {asked}: choose one with --source: {', '.join(names)}")
    return recordings[names.index(name)]


def starting_profile(name: str | None, recording: Recording) -> Profile:
    """The profile that the fit of a recording starts from.

    Raises:
        InvalidParameterError: if there is none of that name.
        DatasetError: if it cannot be read.
    """
    usual = _REGISTERED if recording.registered else _NATIVE
    registration = _D435_REGISTRATION if recording.registered else None
    if name == "defaults" or (name is None and usual not in shipped_profiles()):
        return Profile("defaults", D435Twin(), registration)
    profile = load_profile(usual if name is None else name)
    if profile.registration is None:
        return Profile(profile.name, profile.twin, registration)
    return profile


def _views(
    config: CalibrateConfig, sample: RecordedSample, scale: float, baseline: float, console: Console
) -> list[Path]:
    source = find_scene_source(config.scenes)(1)
    count = max(POOL_SIZE, 2 * config.views)
    try:
        with console.status(f"rendering {count} views (kept in {cache_folder()})") as status:
            pool = render_pool(
                source,
                cache_folder(),
                count,
                baseline,
                lambda ready: status.update(f"rendered {ready} of {count} views"),
            )
    finally:
        source.close()
    return choose_views(pool, disparity_histogram([d / scale for d in sample.disparities]), config.views)


@contextmanager
def _progress(console: Console, budget: int) -> Iterator[Callable[[SearchStep], None]]:
    """A progress bar; where there is no terminal, a line now and then."""
    bar = Progress(
        TextColumn("fit"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("fit", total=budget, note="")
    began = time.monotonic()

    def report(step: SearchStep) -> None:
        note = f"{step.phase}, best distance {step.best:.3f}"
        bar.update(task, completed=step.tried, note=note)
        if not console.is_terminal and (step.tried == 1 or step.tried % 10 == 0):
            rate = (time.monotonic() - began) / step.tried
            print(f"{step.tried}/{budget}: {note}, {rate:.1f} s each", file=sys.stderr, flush=True)

    with bar:
        yield report


def _conclude(result: FitResult, out: Path, picture: Path) -> None:
    console = Console()
    console.print(fit_table(result))
    figures = result.profile.fit
    if figures is None:
        return
    console.print(
        f"fingerprint distance to the fitted half: {figures.before:.3f} before, {figures.after:.3f} after "
        f"{figures.evaluations} evaluations; to the other half: {figures.held_out:.3f}; "
        f"floor (half against half): {figures.floor:.3f}"
    )
    if figures.after > 2 * figures.floor:
        console.print(
            "[yellow]warning[/yellow]: far above the floor: try a larger --budget, or record more "
            "ordinary scenes"
        )
    console.print(f"profile: {out}\npicture: {picture}")
