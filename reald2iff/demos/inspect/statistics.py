"""Figures of a demonstration file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.inspect.content import EpisodeView, iterate_episodes
from reald2iff.demos.reading import open_demos


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


def episode_statistics(view: EpisodeView) -> EpisodeStatistics:
    """Read one episode, its depth images whole.

    Raises:
        DatasetError: if it has no observations.
        OSError: if an image cannot be read.
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
        holes={key: hole_shares(view, key) for camera in view.cameras for key in camera.depths.values()},
        stored_bytes=_stored_bytes(view.group),
        subtask_ends=view.subtask_ends,
        noise_model=view.noise_model,
    )


def file_statistics(
    path: Path | str, names: Sequence[str] = (), progress: Callable[[], None] | None = None
) -> FileStatistics:
    """Read a file, its depth images whole.

    Args:
        path: Of the file.
        names: Episodes to read; empty = all.
        progress: Called after every episode.

    Raises:
        DatasetError: if the file or an episode cannot be opened.
        OSError: if an image cannot be read.
    """
    with open_demos(path) as file:
        env_args = json.loads(file["data"].attrs.get("env_args", "{}"))
        splits = {name: len(data) for name, data in file.get("mask", {}).items()}
    episodes: list[EpisodeStatistics] = []
    images: dict[str, tuple[int, int]] = {}
    for view in iterate_episodes(path, names):
        if not episodes:
            images = {key: data.shape[1:3] for key, data in view.obs.items() if data.ndim >= 3}
        episodes.append(episode_statistics(view))
        if progress is not None:
            progress()
    return FileStatistics(
        path=Path(path),
        file_bytes=Path(path).stat().st_size,
        env_name=str(env_args.get("env_name", "")),
        images=images,
        splits=splits,
        episodes=tuple(episodes),
    )


def hole_shares(view: EpisodeView, key: str) -> NDArray[np.float64]:
    """Share of pixels without depth in every frame of a key, ``(N,)`` in 0 to 1."""
    return np.array([np.mean(view.depth(key, step) == 0) for step in range(len(view.obs[key]))])


def _stored_bytes(group: h5py.Group) -> int:
    total = 0

    def add(_: str, node: h5py.HLObject) -> None:
        nonlocal total
        if isinstance(node, h5py.Dataset):
            total += node.id.get_storage_size()

    group.visititems(add)
    return total
