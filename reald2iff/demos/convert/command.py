"""`reald2iff demos convert`: HDF5 to LeRobot v3 and back, HDF5 to diffusion_policy's zarr."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import tyro

from reald2iff.demos.durable import sync_directory
from reald2iff.errors import DatasetError, DependencyError, InvalidParameterError

_NEEDS = {"lerobot": "pyarrow", "hdf5": "pyarrow", "zarr": "zarr"}


@dataclass(frozen=True)
class ConvertConfig:
    """Options of `reald2iff demos convert`.

    Depth stays metric: LeRobot gets lossless TIFF images in metres with a validity mask beside them (0 stays
    invalid), not the video whose quantisation turns invalid depth into a point 1 cm from the lens.
    Intrinsics and extrinsics go along.
    """

    input: Annotated[Path, tyro.conf.Positional]
    """HDF5 demonstrations, or the folder of a LeRobot data set."""
    out: Annotated[Path, tyro.conf.Positional]
    """File (HDF5) or folder (LeRobot, zarr) to make."""
    to: Literal["lerobot", "hdf5", "zarr"]
    """Format to make."""
    fps: int | None = None
    """Steps per second, for LeRobot; default: of the recorded stamps, or the environment's control rate."""
    task: str | None = None
    """What the demonstrations do, in words, for LeRobot; default: what the file says, or its environment."""
    overwrite: bool = False
    """Replace what is there."""

    def __post_init__(self) -> None:
        if self.fps is not None and self.fps < 1:
            raise InvalidParameterError(f"fps = {self.fps}: expected 1 or more")
        if self.input.resolve() == self.out.resolve():
            raise InvalidParameterError(f"{self.out} is the input itself: expected another name")


def convert(config: ConvertConfig) -> int:
    """Convert a data set; returns the exit status. The result has its name only when it is whole.

    Raises:
        DatasetError: for an input that is missing, broken or of another format, or a result that is there.
        DependencyError: if the format's library is not installed.
    """
    if not config.input.exists():
        raise DatasetError(f"{config.input} does not exist: expected demonstrations")
    if config.out.exists() and not config.overwrite:
        raise DatasetError(f"{config.out} is there already: --overwrite replaces it")
    temporary = config.out.with_name(f".{config.out.name}.tmp")
    _remove(temporary)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        module = import_module(f"reald2iff.demos.convert.to_{config.to}")
    except ImportError as error:
        raise DependencyError(
            f"{_NEEDS[config.to]} is not installed: pip install 'reald2iff-ros[formats]'"
        ) from error
    try:
        episodes = module.write(config, temporary)
        _remove(config.out)
        temporary.replace(config.out)
        sync_directory(config.out.parent)
    finally:
        _remove(temporary)
    print(f"{episodes} episodes: {config.out}")
    return 0


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
