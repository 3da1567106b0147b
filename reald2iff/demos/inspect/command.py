"""`reald2iff demos inspect`: what a demonstration file holds, and what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import Progress, track

from reald2iff.demos.inspect.contact_sheet import draw_contact_sheet, sheet_row
from reald2iff.demos.inspect.content import iterate_episodes
from reald2iff.demos.inspect.findings_table import print_findings
from reald2iff.demos.inspect.json_file import write_json
from reald2iff.demos.inspect.plot import plot_episode
from reald2iff.demos.inspect.rerun_file import require_rerun, write_rerun
from reald2iff.demos.inspect.statistics import FileStatistics, file_statistics
from reald2iff.demos.inspect.tables import print_statistics
from reald2iff.demos.verify import check_file
from reald2iff.errors import InvalidParameterError

Product = Literal["plots", "contact_sheet", "rerun"]


@dataclass(frozen=True)
class InspectConfig:
    """Options of `reald2iff demos inspect`.

    Reads everything, prints statistics and what is wrong, and exits with status 1 if the file is broken. With
    --out it also draws a plot per episode and a contact sheet, and writes a Rerun recording per episode.
    """

    file: Annotated[Path, tyro.conf.Positional]
    """HDF5 file of demonstrations: this project's, robomimic's, MimicGen's or Isaac Lab's."""
    check: bool = False
    """Only say what is wrong."""
    out: Path | None = None
    """Folder for pictures and recordings; files of the same name there are replaced."""
    json: Path | None = None
    """File for the statistics of every episode and all findings."""
    make: tuple[Product, ...] = ("plots", "contact_sheet", "rerun")
    """What to put into --out."""
    episodes: tuple[str, ...] = ()
    """Look at these alone, e.g. demo_0 demo_7; they are also the ones drawn."""
    draw: int = 8
    """Episodes to draw if --episodes names none; they are spread over the file."""
    keyframes: int = 6
    """Columns of the contact sheet."""
    points: int = 20_000
    """Of a point cloud in a recording at most."""
    rows: int = 20
    """Episodes to list at most."""
    open: bool = False
    """Open the recordings in Rerun's viewer."""

    def __post_init__(self) -> None:
        for name, least in (("draw", 1), ("keyframes", 2), ("points", 1), ("rows", 0)):
            if getattr(self, name) < least:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected at least {least}")
        if self.open and (self.out is None or "rerun" not in self.make or self.check):
            raise InvalidParameterError("open: expected --out with recordings among --make, and no --check")


def inspect_demos(config: InspectConfig) -> int:
    """Check, print, draw and write what is asked for; returns the exit status, 1 for a broken file.

    Raises:
        DependencyError: if Rerun is asked for and not installed.
    """
    draws = config.out is not None and not config.check
    if draws and "rerun" in config.make:
        require_rerun()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading episodes", total=None)
        check = check_file(
            config.file,
            config.episodes,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    console = Console()
    recordings: list[Path] = []
    figures = file_statistics(config.file, check) if check.episodes else None
    if config.json is not None:
        write_json(config.json, check, figures)
    if figures is not None and not config.check:
        print_statistics(console, figures, config.rows)
        if config.out is not None:
            made = _draw(config, config.out, figures)
            recordings = [path for path in made if path.suffix == ".rrd"]
    print_findings(console, check)
    if config.open and recordings:
        subprocess.run([sys.executable, "-m", "rerun", *map(str, recordings)], check=False)
    return int(check.is_broken)


def _draw(config: InspectConfig, out: Path, figures: FileStatistics) -> list[Path]:
    """Draw and write what is asked for of some episodes; returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    by_name = {episode.name: episode for episode in figures.episodes}
    chosen = tuple(by_name) if config.episodes else spread(list(by_name), config.draw)
    made: list[Path] = []
    rows = []
    log = Console(stderr=True)
    views = iterate_episodes(config.file, chosen) if chosen else iter(())
    for view in track(views, "drawing", total=len(chosen), console=log, transient=True):
        if "plots" in config.make:
            made.append(plot_episode(view, by_name[view.name], out / f"{view.name}.png"))
        if "rerun" in config.make:
            path = out / f"{view.name}.rrd"
            made.append(write_rerun(view, by_name[view.name], path, config.points))
        if "contact_sheet" in config.make and view.cameras:
            rows.append(sheet_row(view, config.keyframes))
    if rows:
        task = figures.env_name or config.file.stem
        title = f"{task}: {config.file.name}, {len(rows)} of {len(by_name)} episodes"
        made.append(draw_contact_sheet(rows, title, out / "contact_sheet.png"))
    for path in made:
        log.print(f"wrote {path}", highlight=False, soft_wrap=True)
    return made


def spread(names: Sequence[str], count: int) -> tuple[str, ...]:
    """``count`` of the names, the first and the last among them, evenly over the list."""
    if len(names) <= count:
        return tuple(names)
    return tuple(names[round(k * (len(names) - 1) / max(count - 1, 1))] for k in range(count))
