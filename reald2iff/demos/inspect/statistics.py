"""Figures of a demonstration file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.inspect.content import EpisodeView, iterate_episodes
from reald2iff.demos.reading import open_demos
from reald2iff.demos.verify.episode import EpisodeCheck
from reald2iff.demos.verify.file import FileCheck


@dataclass(frozen=True)
class EpisodeStatistics:
    """Figures of one episode.

    Attributes:
        name: ``demo_k``.
        steps: How many.
        seconds: From the first observation to the last one; None = the file has no stamps.
        frame_rate: Of the observations, Hz, from the median time between two.
        longest_gap: Between two observations, seconds.
        success: Whether the task was done; None = the file does not say.
        seed: Of the simulation's reset; None = the file does not say.
        action_min: ``(A,)`` least value by dimension; None = no actions.
        action_max: ``(A,)`` greatest value by dimension.
        holes: ``(N,)`` share of pixels without depth in every frame, by image key.
        stored_bytes: On disk, as compressed, without HDF5's own structures.
        subtask_ends: First step at which a subtask counts as done, by subtask.
        noise_model: That made the realistic depth.
    """

    name: str
    steps: int
    seconds: float | None
    frame_rate: float | None
    longest_gap: float | None
    success: bool | None
    seed: int | None
    action_min: NDArray[np.float64] | None
    action_max: NDArray[np.float64] | None
    holes: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    stored_bytes: int = 0
    subtask_ends: dict[str, int] = field(default_factory=dict)
    noise_model: str | None = None


@dataclass(frozen=True)
class FileStatistics:
    """Figures of a demonstration file.

    Attributes:
        path: Of the file.
        file_bytes: Its size; linked episodes of a recording that is not finished are not in it.
        env_name: Of the task; empty = the file does not say.
        images: ``(rows, columns)`` by image key, of the first episode.
        splits: How many episodes ``mask`` lists, by its keys.
        episodes: By number.
    """

    path: Path
    file_bytes: int
    env_name: str
    images: dict[str, tuple[int, int]]
    splits: dict[str, int]
    episodes: tuple[EpisodeStatistics, ...]


def episode_statistics(view: EpisodeView, check: EpisodeCheck) -> EpisodeStatistics:
    """Figures of one episode.

    Args:
        view: The episode.
        check: For which its images were read.
    """
    times, actions = view.seconds, view.array("actions")
    gaps = np.diff(times) if times is not None else np.empty(0)
    seed = view.group.attrs.get("seed")
    if actions is not None and not len(actions):
        actions = None
    return EpisodeStatistics(
        name=view.name,
        steps=len(view),
        seconds=None if times is None else float(times[-1]),
        frame_rate=float(1 / np.median(gaps)) if gaps.size and np.median(gaps) > 0 else None,
        longest_gap=float(gaps.max()) if gaps.size else None,
        success=view.success,
        seed=None if seed is None else int(seed),
        action_min=None if actions is None else np.min(actions, axis=0),
        action_max=None if actions is None else np.max(actions, axis=0),
        holes={key: scan.holes for key, scan in check.scans.items() if scan.holes is not None},
        stored_bytes=_stored_bytes(view.group),
        subtask_ends=view.subtask_ends,
        noise_model=view.noise_model,
    )


def file_statistics(path: Path | str, check: FileCheck) -> FileStatistics:
    """Figures of the episodes that can be read.

    Args:
        path: Of the file.
        check: Of the file; its episodes are those that there are figures of.

    Raises:
        DatasetError: if the file cannot be opened.
    """
    with open_demos(path) as file:
        env_name = _env_name(file["data"].attrs.get("env_args"))
        splits = {name: len(data) for name, data in file.get("mask", {}).items()}
    episodes: list[EpisodeStatistics] = []
    images: dict[str, tuple[int, int]] = {}
    names = [name for name in check.episodes if check.is_readable(name)]
    for view in iterate_episodes(path, names) if names else ():
        images = images or {key: data.shape[1:3] for key, data in view.images.items()}
        episodes.append(episode_statistics(view, check.episodes[view.name]))
    return FileStatistics(
        path=Path(path),
        file_bytes=Path(path).stat().st_size,
        env_name=env_name,
        images=images,
        splits=splits,
        episodes=tuple(episodes),
    )


def _env_name(env_args: object) -> str:
    try:
        return str(json.loads(str(env_args)).get("env_name", ""))
    except (ValueError, AttributeError):
        return ""


def _stored_bytes(group: h5py.Group) -> int:
    total = 0

    def add(_: str, node: h5py.HLObject) -> None:
        nonlocal total
        if isinstance(node, h5py.Dataset):
            total += node.id.get_storage_size()

    group.visititems(add)
    return total
