"""`reald2iff enhance`: plan, make the parts in workers, put the result together."""

from __future__ import annotations

import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import Any

from reald2iff import __version__
from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.demos.enhance.cameras import stream_intrinsics
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.enhance.preview import print_plan
from reald2iff.demos.enhance.work import (
    CHECKED_FRAMES,
    EnhanceJob,
    EpisodeReport,
    check_frames,
    episode_seed,
    load_model,
    make_episode,
)
from reald2iff.demos.formats import DepthData, DepthStream, EpisodeRef, open_depth_data
from reald2iff.jobs import PartsFolder, run_jobs


def enhance(config: EnhanceConfig) -> int:
    """Make a data set's depth realistic; returns the exit status.

    Raises:
        DatasetError: for an input that is missing, broken or without depth, or a result that is there.
        InvalidDepthError: for depth that is clipped, flipped, normalised or not depth.
        InvalidIntrinsicsError: for a camera that is not known.
        InvalidParameterError: for an unknown model or option.
        WeightsError: if the weights of reald2iff cannot be loaded.
        WorkerError: if workers are lost again and again.
    """
    with open_depth_data(config.input, config.clean_suffix) as data:
        streams = tuple(data.streams(config.keys))
        episodes = data.episodes()
        _check(config, data, streams, episodes)
        print(f"loading {config.model}", file=sys.stderr, flush=True)
        options = _options(config)
        if config.dry_run:
            print_plan(config, data, streams, episodes, load_model(options, config.resolution))
            return 0
        record = _record(config, streams, load_model(options, config.resolution).describe())
        folder = PartsFolder(config.out, record | {"source": _fingerprint(config.input)}, config.overwrite)
        try:
            if not folder.published:
                parts = _make_parts(config, options, streams, episodes, folder)
                seeds = {episode.name: episode_seed(config.seed, episode.name) for episode in episodes}
                data.assemble(folder.start_assembly(), parts, streams, config.keep_clean, record, seeds)
                folder.publish()
            folder.remove()
        finally:
            folder.close()
    print(f"{len(episodes)} episodes, {', '.join(s.target for s in streams)} by {config.model}: {config.out}")
    return 0


def _check(
    config: EnhanceConfig, data: DepthData, streams: tuple[DepthStream, ...], episodes: list[EpisodeRef]
) -> None:
    """Find what cannot work before a network is loaded: in the first, the middle and the last episode."""
    for episode in {e.name: e for e in (episodes[0], episodes[len(episodes) // 2], episodes[-1])}.values():
        for stream in streams:
            stream_intrinsics(data, episode, stream, config.intrinsics)
            step = max(1, episode.steps // CHECKED_FRAMES)
            indices = range(0, episode.steps, step)
            check_frames(data, episode, stream, indices, config.max_depth, config.any_orientation)


def _options(config: EnhanceConfig) -> NoiseModelOptions:
    names = (field.name for field in dataclasses.fields(NoiseModelOptions))
    return NoiseModelOptions(**{name: getattr(config, name) for name in names})


def _record(config: EnhanceConfig, streams: tuple[DepthStream, ...], model: dict[str, Any]) -> dict[str, Any]:
    """What the result says of how it was made."""
    return {
        "made_by": f"reald2iff {__version__}",
        "model": model,
        "seed": config.seed,
        "max_depth": config.max_depth,
        "intrinsics": list(config.intrinsics),
        "keep_clean": config.keep_clean,
        "clean_suffix": config.clean_suffix,
        "depth": {stream.target: stream.source for stream in streams},
    }


def _fingerprint(path: Path) -> list[Any]:
    """Tells a changed input from the one that parts were made of."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [[str(f.relative_to(path)), f.stat().st_size, f.stat().st_mtime_ns] for f in files]


def _make_parts(
    config: EnhanceConfig,
    options: NoiseModelOptions,
    streams: tuple[DepthStream, ...],
    episodes: list[EpisodeRef],
    folder: PartsFolder,
) -> dict[str, Path]:
    job = EnhanceJob(
        input=config.input.resolve(),
        parts=folder.path.resolve(),
        options=dataclasses.replace(
            options,
            weights=options.weights if options.weights == "default" else str(Path(options.weights).resolve()),
            profile=None if options.profile is None else _absolute(options.profile),
        ),
        resolution=config.resolution,
        streams=streams,
        intrinsics=tuple(map(_absolute, config.intrinsics)),
        clean_suffix=config.clean_suffix,
        max_depth=config.max_depth,
        any_orientation=config.any_orientation,
        seed=config.seed,
    )
    missing = [episode for episode in episodes if not job.part(episode.name).exists()]
    if len(missing) < len(episodes):
        print(
            f"{len(episodes) - len(missing)} of {len(episodes)} episodes are there already", file=sys.stderr
        )
    done = run_jobs(
        partial(make_episode, job),
        missing,
        config.jobs,
        title="enhancing",
        unit="frames",
        total=sum(episode.steps for episode in missing) * len(streams),
        weight=_frames,
        note=_note,
    )
    for _ in done:
        pass
    return {episode.name: job.part(episode.name) for episode in episodes}


def _absolute(text: str) -> str:
    """``[KEY=]PATH`` with the whole path, for workers that start in another folder; what is no path stays."""
    key, equals, path = text.rpartition("=")
    return f"{key}{equals}{Path(path).resolve()}" if Path(path).is_file() else text


def _frames(_: EpisodeRef, report: EpisodeReport) -> float:
    return report.frames


def _note(episode: EpisodeRef, report: EpisodeReport) -> str:
    return f"{episode}: holes {report.hole_share:.1%}"
