"""Statistics of a demonstration file as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reald2iff.demos.inspect.statistics import EpisodeStatistics, FileStatistics

_NOTHING = "-"
_ARM = ("x", "y", "z", "turn x", "turn y", "turn z", "gripper")


def print_statistics(console: Console, figures: FileStatistics, rows: int) -> None:
    """Print the figures of a file: of the whole, of the actions, and of its episodes.

    Args:
        console: Where to.
        figures: What to print.
        rows: Episodes to list at most.
    """
    console.print(_overview(figures))
    if any(episode.action_min is not None for episode in figures.episodes):
        console.print(_actions(figures.episodes))
    if figures.episodes:
        console.print(_episodes(figures.episodes[:rows]))
    left = len(figures.episodes) - rows
    if left > 0:
        console.print(f"... and {left} more (--rows, --episodes, or --json for all of them)", style="dim")


def _overview(figures: FileStatistics) -> Table:
    episodes = figures.episodes
    steps = [episode.steps for episode in episodes]
    table = Table(box=None, show_header=False, title=str(figures.path), title_justify="left", pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("task", figures.env_name or _NOTHING)
    table.add_row("episodes", f"{len(episodes)}, {_success(episodes)}; {sum(steps)} steps")
    if episodes:
        table.add_row("steps", _spread(steps, "{:.0f}"))
        table.add_row("seconds", _spread([e.seconds for e in episodes], "{:.1f}"))
        table.add_row("frame rate", _spread([e.frame_rate for e in episodes], "{:.4g}") + " Hz")
        table.add_row("longest gap", _spread([e.longest_gap for e in episodes], "{:.3f}") + " s")
    stored = [episode.stored_bytes for episode in episodes]
    table.add_row(
        "size", f"{_megabytes(figures.file_bytes)} MB; an episode {_spread(stored, '{:.1f}', 1e6)} MB"
    )
    for key, (height, width) in figures.images.items():
        shares = [episode.holes[key].mean() for episode in episodes if key in episode.holes]
        holes = f", holes {_spread(shares, '{:.2f}', 0.01)} %" if shares else ""
        table.add_row(f"obs/{key}", f"{width}x{height}{holes}")
    models = sorted({episode.noise_model for episode in episodes if episode.noise_model})
    table.add_row("noise model", ", ".join(models) or _NOTHING)
    table.add_row("splits", ", ".join(f"{k} {n}" for k, n in figures.splits.items()) or _NOTHING)
    return table


def _actions(episodes: Sequence[EpisodeStatistics]) -> Table:
    low = [episode.action_min for episode in episodes if episode.action_min is not None]
    high = [episode.action_max for episode in episodes if episode.action_max is not None]
    widths = {len(values) for values in low}
    table = Table(box=box.SIMPLE, title="actions", title_justify="left")
    table.add_column("")
    if len(widths) > 1:
        table.add_row(f"differ in size: {sorted(widths)}")
        return table
    for name in action_names(widths.pop()):
        table.add_column(name, justify="right")
    for name, values in (("least", np.min(low, axis=0)), ("greatest", np.max(high, axis=0))):
        table.add_row(name, *(Text(f"{v:.3f}", "bold red" if abs(v) > 1 else "") for v in values))
    return table


def _episodes(episodes: Sequence[EpisodeStatistics]) -> Table:
    keys = list(dict.fromkeys(key for episode in episodes for key in episode.holes))
    table = Table(box=box.SIMPLE, title="episodes", title_justify="left")
    table.add_column("")
    holes = ["holes %\n" + key.replace("_", "\n", 1) for key in keys]
    for heading in ("steps", "s", "Hz", "success", "largest\naction", *holes, "MB"):
        table.add_column(heading, justify="right", overflow="fold")
    for episode in episodes:
        table.add_row(
            episode.name,
            str(episode.steps),
            _one(episode.seconds, "{:.1f}"),
            _one(episode.frame_rate, "{:.4g}"),
            _verdict(episode.success),
            _one(_reach(episode), "{:.3f}"),
            *(_one(100 * episode.holes[k].mean() if k in episode.holes else None, "{:.2f}") for k in keys),
            _megabytes(episode.stored_bytes),
        )
    return table


def _reach(episode: EpisodeStatistics) -> float | None:
    if episode.action_min is None or episode.action_max is None:
        return None
    return float(max(np.abs(episode.action_min).max(), np.abs(episode.action_max).max()))


def action_names(size: int) -> tuple[str, ...]:
    """What the dimensions of an action are called; seven are those of robomimic's arm controllers."""
    return _ARM if size == len(_ARM) else tuple(f"a{index}" for index in range(size))


def _success(episodes: Sequence[EpisodeStatistics]) -> str:
    said = [episode.success for episode in episodes if episode.success is not None]
    return f"{sum(said)} of {len(said)} successful" if said else "success not recorded"


def _verdict(success: bool | None) -> Text:
    return Text(_NOTHING) if success is None else Text("yes") if success else Text("no", "bold red")


def _one(value: float | None, form: str) -> str:
    return _NOTHING if value is None else form.format(value)


def _spread(values: Iterable[float | None], form: str, unit: float = 1.0) -> str:
    """Median, and the extremes where there are several values."""
    known = np.array([value for value in values if value is not None]) / unit
    if not known.size:
        return _NOTHING
    median = form.format(np.median(known))
    low, high = form.format(known.min()), form.format(known.max())
    return median if low == high else f"{median} ({low} to {high})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
