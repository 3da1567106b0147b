"""The master file of demonstrations: what lists the episodes, written anew at every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from reald2iff.demos.durable import publish_file
from reald2iff.demos.reading import demo_names, episode_number, open_demos
from reald2iff.errors import DatasetError

TEMPORARY = ".tmp"
VALID_EVERY = 10
"""One episode in ten is for validation: demo_1, demo_11, ...; adding episodes never changes the choice."""


@dataclass(frozen=True)
class Entry:
    """Where an episode lies.

    Attributes:
        samples: Its steps.
        container: Name of the file in the episodes folder that holds it; None = the master itself.
    """

    samples: int
    container: str | None


def read_entries(path: Path, container: str | None = None) -> tuple[dict[str, Entry], str]:
    """The episodes that a file lists, and its env_args (JSON).

    Args:
        path: A master, or a file of the episodes folder.
        container: What the entries of episodes inside the file itself say.

    Raises:
        DatasetError: if the file or an episode cannot be read.
    """
    with open_demos(path) as file:
        data = file["data"]
        entries = {}
        for name in demo_names(data):
            link = data.get(name, getlink=True)
            where = Path(link.filename).name if isinstance(link, h5py.ExternalLink) else container
            try:
                entries[name] = Entry(int(data[name].attrs["num_samples"]), where)
            except (KeyError, OSError) as error:
                raise DatasetError(f"{path}: {name} cannot be read: {error}") from error
        return entries, str(data.attrs.get("env_args", ""))


def write_master(
    path: Path, folder: Path, entries: Mapping[str, Entry], env_args: str, copy: bool = False
) -> None:
    """Replace the master, atomically and durably.

    Args:
        path: Of the master.
        folder: Of the episodes; every entry has its container there.
        entries: What to list.
        env_args: JSON.
        copy: Hold the episodes themselves instead of links to them. Chunks are copied as they are.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    with h5py.File(temporary, "w") as master:
        data = master.create_group("data")
        data.attrs["total"] = sum(entry.samples for entry in entries.values())
        data.attrs["env_args"] = env_args
        for name, entry in entries.items():
            assert entry.container is not None
            if copy:
                with h5py.File(folder / entry.container, "r") as source:
                    source.copy(f"data/{name}", data, name=name)
            else:
                # Relative, so that the folder can be moved as a whole.
                data[name] = h5py.ExternalLink(f"{folder.name}/{entry.container}", f"/data/{name}")
        for split, names in split_names(entries).items():
            master.create_dataset(f"mask/{split}", data=np.array(names, dtype=np.bytes_))
    publish_file(temporary, path)


def split_names(names: Mapping[str, Entry]) -> dict[str, list[str]]:
    """Names for training and for validation, 90 to 10."""
    valid = [name for name in names if episode_number(name) % VALID_EVERY == 1]
    return {"train": [name for name in names if name not in valid], "valid": valid}
