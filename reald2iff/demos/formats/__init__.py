"""Formats in which demonstrations with depth come, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from reald2iff.demos.formats.base import DepthData, DepthStream, EpisodeRef
from reald2iff.errors import DatasetError, DependencyError

__all__ = ["DepthData", "DepthStream", "EpisodeRef", "open_depth_data"]


def open_depth_data(path: Path | str, clean_suffix: str = "_clean") -> DepthData:
    """Open a data set of any format for reading.

    Raises:
        DatasetError: if there is nothing, or nothing of a known format.
        DependencyError: if the format's library is not installed.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(f"{path} does not exist: expected a file or folder of demonstrations")
    for kind in _formats(path):
        if kind.holds(path):
            return kind(path, clean_suffix)
    raise DatasetError(
        f"{path} is no data set of a known format: expected robomimic's, MimicGen's or Isaac Lab's HDF5, the "
        "folder of a LeRobot v3 data set or of diffusion_policy's zarr, or a folder of depth images"
    )


def _formats(path: Path) -> Iterator[type[DepthData]]:
    """All formats, the most particular ones first; what needs a library is imported for its own files."""
    from reald2iff.demos.formats.frame_folders import FrameFolders
    from reald2iff.demos.formats.hdf5 import Hdf5Data

    yield Hdf5Data
    if (path / "meta" / "info.json").is_file():
        _require("pyarrow")
        from reald2iff.demos.formats.lerobot import LeRobotData

        yield LeRobotData
    if (path / "meta" / "episode_ends").is_dir():
        _require("zarr")
        from reald2iff.demos.formats.replay_zarr import ZarrData

        yield ZarrData
    yield FrameFolders


def _require(library: str) -> None:
    if find_spec(library) is None:
        raise DependencyError(f"{library} is not installed: pip install 'reald2iff-ros[formats]'")
