"""The folder of a pair data set: made once, continued only with the same options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reald2iff.errors import DatasetError
from reald2iff.pairs.format import INDEX_NAME, read_index, write_index


def prepare_folder(folder: Path, index: dict[str, Any]) -> None:
    """Make the folder and its index, or check that it holds the same data set, perhaps unfinished.

    Raises:
        DatasetError: if it cannot be made, or holds another data set.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be made ({error})") from error
    if not (folder / INDEX_NAME).exists():
        if any(folder.glob("shard_*.npz")):
            raise DatasetError(f"{folder} holds shards but no {INDEX_NAME}: expected an empty folder")
        write_index(folder, index)
        return
    existing = read_index(folder)
    for key in index.keys() - {"generator", "shards"}:
        difference = _difference(key, existing.get(key), index[key])
        if difference:
            raise DatasetError(
                f"{folder} holds a data set with other options ({difference}): choose another folder"
            )
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def _difference(name: str, old: Any, new: Any) -> str | None:
    """The first value in which two JSON trees differ, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = (
            _difference(f"{name}.{key}", old.get(key), new.get(key))
            for key in sorted(old.keys() | new.keys())
        )
        return next((text for text in found if text), None)
    return None if old == new else f"{name} was {old!r}, now {new!r}"
