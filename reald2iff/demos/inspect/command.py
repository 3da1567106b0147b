"""`reald2iff demos inspect`: what a demonstration file holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import track

from reald2iff.demos.inspect.contact_sheet import draw_contact_sheet, sheet_row
from reald2iff.demos.inspect.content import EpisodeView, iterate_episodes
from reald2iff.demos.inspect.plot import plot_episode
from reald2iff.demos.inspect.rerun_file import require_rerun, write_rerun
from reald2iff.demos.inspect.statistics import EpisodeStatistics, FileStatistics, file_statistics
from reald2iff.demos.inspect.tables import print_statistics
from reald2iff.errors import InvalidParameterError

Product = Literal["plots", "contact_sheet", "rerun"]


@dataclass(frozen=True)
class InspectConfig:
    """Options of `reald2iff demos inspect`.

    Prints statistics. With --out it also draws a plot per episode and a contact sheet, and writes Rerun
    recordings.
    """

    file: Annotated[Path, tyro.conf.Positional]
    """HDF5 file of demonstrations: this project's, robomimic's or MimicGen's."""
    out: Path | None = None
    """Folder for pictures and recordings; files of the same name there are replaced."""
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

    def __post_init__(self) -> None:
        for name, least in (("draw", 1), ("keyframes", 2), ("points", 1), ("rows", 0)):
            if getattr(self, name) < least:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected at least {least}")


def inspect_demos(config: InspectConfig) -> int:
    """Print statistics, draw and write what is asked for; returns the exit status.

    Raises:
        DatasetError: if the file cannot be read.
        DependencyError: if Rerun is asked for and not installed.
    """
    if config.out is not None and "rerun" in config.make:
        require_rerun()
    figures = file_statistics(config.file, config.episodes)
    print_statistics(Console(), figures, config.rows)
    if config.out is not None:
        _draw(config, config.out, figures)
    return 0


def _draw(config: InspectConfig, out: Path, figures: FileStatistics) -> None:
    log = Console(stderr=True)
    out.mkdir(parents=True, exist_ok=True)
    by_name = {episode.name: episode for episode in figures.episodes}
    chosen = config.episodes or spread(list(by_name), config.draw)
    rows = []
    views = iterate_episodes(config.file, chosen)
    for view in track(views, "drawing", total=len(chosen), console=log, transient=True):
        if "contact_sheet" in config.make and view.cameras:
            rows.append(sheet_row(view, config.keyframes))
        for path in _draw_episode(config, out, view, by_name[view.name]):
            log.print(f"wrote {path}")
    if rows:
        task = figures.env_name or config.file.stem
        title = f"{task}: {config.file.name}, {len(rows)} of {len(by_name)} episodes"
        log.print(f"wrote {draw_contact_sheet(rows, title, out / 'contact_sheet.png')}")


def _draw_episode(
    config: InspectConfig, out: Path, view: EpisodeView, figures: EpisodeStatistics
) -> Sequence[Path]:
    made = []
    if "plots" in config.make:
        made.append(plot_episode(view, figures, out / f"{view.name}.png"))
    if "rerun" in config.make:
        made.append(write_rerun(view, figures, out / f"{view.name}.rrd", config.points))
    return made


def spread(names: Sequence[str], count: int) -> tuple[str, ...]:
    """``count`` of the names, the first and the last among them, evenly over the list."""
    if len(names) <= count:
        return tuple(names)
    return tuple(names[round(k * (len(names) - 1) / max(count - 1, 1))] for k in range(count))
