"""Folders of depth images: every folder with images in it is an episode."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reald2iff.demos.formats.base import DepthData, DepthStream, EpisodeRef, KeyRow, MakeFrame
from reald2iff.demos.formats.json_files import write_json
from reald2iff.errors import DatasetError, InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics, meters_to_millimeters
from reald2iff.io.camera_files import read_camera_info
from reald2iff.io.depth_files import CONTAINERS, DepthFormat, read_depth, write_depth

RECORD = "enhanced_depth.json"
_CAMERA_FILES = ("camera_info.yaml", "camera_info.yml", "camera_info.json")
_KEY = "depth"


class FrameFolders(DepthData):
    """16-bit PNG in mm, NPY or NPZ, in order of their names.

    Where some files or folders have ``depth`` in their name, only those count. A folder ``X_clean`` is what
    ``X`` is made from. A ``camera_info.yaml`` or ``.json`` beside the images, or further up, is their camera.
    """

    name = "folder of depth images"

    def __init__(self, path: Path, clean_suffix: str) -> None:
        super().__init__(path, clean_suffix)
        self._files = _depth_files(path)
        if not self._files:
            raise DatasetError(f"{path} holds no depth images: expected .png, .npy or .npz files")

    @classmethod
    def holds(cls, path: Path) -> bool:
        return path.is_dir() and bool(_depth_files(path))

    def episodes(self) -> list[EpisodeRef]:
        names = {folder.removesuffix(self.clean_suffix) for folder in self._files}
        return [EpisodeRef(name, len(self._frames_of(name))) for name in sorted(names)]

    def keys(self) -> list[KeyRow]:
        first = self.episodes()[0]
        image = read_depth(self._frames_of(first.name)[0])
        return [KeyRow(_KEY, str((first.steps, *image.depth.shape)), image.format.dtype)]

    def streams(self, wanted: Sequence[str]) -> list[DepthStream]:
        if wanted:
            raise DatasetError(f"{self.path} is a folder of depth images: --keys has nothing to choose from")
        image = read_depth(self._frames_of(self.episodes()[0].name)[0])
        height, width = image.depth.shape
        return [DepthStream(_KEY, _KEY, height, width, image.format.dtype)]

    def frames(self, episode: EpisodeRef, stream: DepthStream, indices: Sequence[int]) -> list[NDArray[Any]]:
        files = self._frames_of(episode.name)
        return [self._read(files[index], stream)[0] for index in indices]

    def intrinsics(self, episode: EpisodeRef, stream: DepthStream) -> PinholeIntrinsics | None:
        folder = self.path / episode.name
        for place in (folder, *folder.parents):
            for name in _CAMERA_FILES:
                if (place / name).is_file():
                    return read_camera_info(place / name)
            if place == self.path:
                return None
        return None

    def write_part(
        self, path: Path, episode: EpisodeRef, streams: Sequence[DepthStream], make: MakeFrame
    ) -> None:
        (stream,) = streams
        with zipfile.ZipFile(path, "w") as part, tempfile.TemporaryDirectory(dir=path.parent) as folder:
            for index, file in enumerate(self._frames_of(episode.name)):
                raw, kept = self._read(file, stream)
                image = Path(folder) / file.name
                write_depth(image, make(stream.source, index, raw), kept)
                # ZipInfo's own time stamp keeps equal frames equal in bytes.
                part.writestr(zipfile.ZipInfo(file.name), image.read_bytes())
                image.unlink()

    def assemble(
        self,
        out: Path,
        parts: Mapping[str, Path],
        streams: Sequence[DepthStream],
        keep_clean: bool,
        record: Mapping[str, Any],
        seeds: Mapping[str, int],
    ) -> None:
        made = {self.path / name / file.name for name in parts for file in self._frames_of(name)}
        for file in sorted(path for path in self.path.rglob("*") if path.is_file() and path not in made):
            target = out / file.relative_to(self.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        for name, part in parts.items():
            with zipfile.ZipFile(part) as archive:
                archive.extractall(out / name)
            kept = out / self._clean_name(name)
            if keep_clean and not kept.exists():
                kept.mkdir(parents=True)
                for file in self._frames_of(name):
                    shutil.copyfile(file, kept / file.name)
        write_json(out / RECORD, {"enhanced_depth": dict(record), "enhanced_seeds": dict(seeds)})

    def close(self) -> None:
        """Nothing stays open."""

    def _clean_name(self, name: str) -> str:
        return (_KEY if name == "." else name) + self.clean_suffix

    def _frames_of(self, name: str) -> list[Path]:
        return self._files.get(self._clean_name(name)) or self._files[name]

    def _read(self, file: Path, stream: DepthStream) -> tuple[NDArray[Any], DepthFormat]:
        image = read_depth(file)
        if image.depth.shape != (stream.height, stream.width):
            raise InvalidDepthError(
                f"{file} has {image.depth.shape[1]}x{image.depth.shape[0]} px: expected "
                f"{stream.width}x{stream.height} px, like the first image"
            )
        stored = image.format.dtype
        return (meters_to_millimeters(image.depth) if stored == "uint16" else image.depth), image.format


def _depth_files(root: Path) -> dict[str, list[Path]]:
    """Depth images by their folder below ``root``."""
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower().lstrip(".") in CONTAINERS and not path.name.startswith(".") and path.is_file()
    ]
    named = [path for path in files if _KEY in str(path.relative_to(root)).lower()]
    found: dict[str, list[Path]] = {}
    for path in named or files:
        found.setdefault(path.parent.relative_to(root).as_posix(), []).append(path)
    return found
