"""The dry run: what would be replaced, and how long it would take."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from reald2iff.demos.enhance.cameras import stream_intrinsics
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats import DepthData, DepthStream, EpisodeRef
from reald2iff.demos.formats.base import to_metres
from reald2iff.sensors import NoiseModel

_TIMED = 3


def print_plan(
    config: EnhanceConfig,
    data: DepthData,
    streams: Sequence[DepthStream],
    episodes: Sequence[EpisodeRef],
    model: NoiseModel,
) -> None:
    """Print the keys, what becomes of each, and an estimate from a few frames."""
    by_target = {stream.target: stream for stream in streams}
    rows = {row.key: row for row in data.keys()}
    table = Table(title=f"{config.input} ({data.name}, {len(episodes)} episodes): keys of {episodes[0]}")
    for column in ("key", "shape", "type", "becomes"):
        table.add_column(column, overflow="fold")
    for row in rows.values():
        table.add_row(row.key, row.shape, row.dtype, _fate(row.key, by_target, config))
    for target, stream in by_target.items():
        if target not in rows:
            table.add_row(target, rows[stream.source].shape, stream.dtype, f"new, from {stream.source}")
    console = Console()
    console.print(table)
    frames = sum(episode.steps for episode in episodes) * len(streams)
    seconds = sum(_seconds(config, data, stream, episodes[0], model) for stream in streams) / len(streams)
    workers = config.jobs.local_workers
    console.print(
        f"{frames} frames by {config.model}, {1 / seconds:.1f} frames/s a worker: about "
        f"{_spoken(frames * seconds / workers)} with {workers} worker{'s' * (workers > 1)}. "
        "Nothing was written.",
        highlight=False,
    )


def _fate(key: str, by_target: dict[str, DepthStream], config: EnhanceConfig) -> str:
    own = key if key in by_target else "obs/" + key.removeprefix("next_obs/")
    if own not in by_target:
        return "copied"
    if by_target[own].source != own:
        return f"replaced, from {by_target[own].source}"
    kept = f", clean depth kept as {key}{config.clean_suffix}" if config.keep_clean else ""
    return f"replaced{kept}"


def _seconds(
    config: EnhanceConfig, data: DepthData, stream: DepthStream, episode: EpisodeRef, model: NoiseModel
) -> float:
    """Of one frame; the first one pays for compilation and does not count."""
    clean = to_metres(data.frames(episode, stream, [0])[0])
    intrinsics = stream_intrinsics(data, episode, stream, config.intrinsics)
    rng = np.random.default_rng(0)
    model.apply(clean, intrinsics, rng)
    start = time.perf_counter()
    for _ in range(_TIMED):
        model.apply(clean, intrinsics, rng)
    return (time.perf_counter() - start) / _TIMED


def _spoken(seconds: float) -> str:
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.1f} days"
