"""Formats in which demonstrations with depth come, behind one interface."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from reald2iff.demos.formats.base import DepthData, DepthStream, EpisodeRef
from reald2iff.errors import DatasetError

__all__ = ["DepthData", "DepthStream", "EpisodeRef", "open_depth_data"]


def open_depth_data(path: Path | str, clean_suffix: str = "_clean") -> DepthData:
    """Open a data set of any format for reading.

    Raises:
        DatasetError: if there is nothing, or nothing of a known format.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(f"{path} does not exist: expected a file or folder of demonstrations")
    kinds = _formats()
    for kind in kinds:
        if kind.holds(path):
            return kind(path, clean_suffix)
    raise DatasetError(f"{path}: not a data set of a known format ({', '.join(k.name for k in kinds)})")


def _formats() -> list[type[DepthData]]:
    """All formats whose libraries are installed, the most particular ones first."""
    from reald2iff.demos.formats.hdf5 import Hdf5Data

    kinds: list[type[DepthData]] = [Hdf5Data]
    if find_spec("pyarrow") is not None:
        from reald2iff.demos.formats.lerobot import LeRobotData

        kinds.append(LeRobotData)
    return kinds
