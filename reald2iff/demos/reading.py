"""Read demonstration files: the recorder's, and robomimic's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import h5py

from reald2iff.demos.episode import Episode
from reald2iff.demos.episode_group import read_group
from reald2iff.errors import DatasetError

_NAME = re.compile(r"demo_(\d+)")


@dataclass(frozen=True)
class EpisodeSummary:
    """What a file says of an episode without reading it.

    Attributes:
        name: ``demo_k``.
        samples: Steps.
        success: Whether the task was done; None = the file does not say.
        seed: Of the simulation's reset; None = the file does not say.
    """

    name: str
    samples: int
    success: bool | None
    seed: int | None


def episode_number(name: str) -> int:
    """``k`` of ``demo_k``.

    Raises:
        DatasetError: for another name.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise DatasetError(f"episode name {name!r}: expected demo_ and a number")
    return int(match[1])


def demo_names(data: h5py.Group) -> list[str]:
    """Names of the episodes in a ``data`` group, by number."""
    return sorted(data.keys(), key=episode_number)


def open_demos(path: Path | str) -> h5py.File:
    """Open a file of demonstrations for reading.

    Raises:
        DatasetError: if there is none, or it is not HDF5 with a ``data`` group.
    """
    if not Path(path).is_file():
        raise DatasetError(f"{path} does not exist: expected an HDF5 file of demonstrations")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DatasetError(f"{path} is not a readable HDF5 file: {error}") from error
    if not isinstance(file.get("data"), h5py.Group):
        file.close()
        raise DatasetError(f"{path} has no group 'data': expected robomimic's layout")
    return file


def list_episodes(path: Path | str) -> list[EpisodeSummary]:
    """The episodes of a file, by number.

    Raises:
        DatasetError: as `open_demos`, and for an episode that is listed but cannot be opened.
    """
    with open_demos(path) as file:
        episodes = []
        for name in demo_names(file["data"]):
            try:
                attrs = dict(file["data"][name].attrs)
                samples = int(attrs["num_samples"])
            except (KeyError, OSError) as error:
                raise DatasetError(f"{path}: {name} cannot be opened: {error}") from error
            success, seed = attrs.get("success"), attrs.get("seed")
            episodes.append(
                EpisodeSummary(
                    name,
                    samples,
                    None if success is None else bool(success),
                    None if seed is None else int(seed),
                )
            )
        return episodes


def read_episode(path: Path | str, name: str, images: bool = True) -> Episode:
    """One episode, whole.

    Args:
        path: Of the file.
        name: ``demo_k``.
        images: False leaves the images out, which take a thousand times the memory of the rest.

    Raises:
        DatasetError: if the file or the episode is missing or broken.
    """
    with open_demos(path) as file:
        if name not in file["data"]:
            have = ", ".join(demo_names(file["data"])) or "none"
            raise DatasetError(f"{path} has no episode {name!r} that can be opened: it lists {have}")
        return read_group(file["data"][name], images)
