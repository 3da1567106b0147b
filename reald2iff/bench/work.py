"""What a benchmark has finished, kept in a folder so that an interrupted run continues."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.report import to_json
from reald2iff.errors import DatasetError
from reald2iff.pairs.format import write_atomically


def key_of(*parts: Any) -> str:
    """Twelve letters for JSON values; other values give other letters."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def array_key(*arrays: NDArray[Any]) -> str:
    """The same for the contents of arrays."""
    digest = hashlib.blake2b()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:12]


def program_key() -> str:
    """The same for the parts of the program that figures come from: another version computes them anew."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for part in ("bench", "diffusion", "geometry", "metrics", "sensors"):
        for path in sorted((package / part).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


class Work:
    """Frames and figures by name and key; with no folder nothing is kept.

    Args:
        folder: Made if it is not there.
        key: Of everything that all entries depend on.

    Raises:
        DatasetError: if the folder cannot be made.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self.folder = folder
        self.key = key
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DatasetError(f"work folder {folder}: cannot be made ({error})") from error

    def _path(self, name: str, key: str, suffix: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{name}-{key_of(self.key, key)}{suffix}"

    def figures(self, name: str, key: str) -> Any | None:
        """JSON stored by `keep_figures`, None if there is none."""
        path = self._path(name, key, ".json")
        try:
            return None if path is None else json.loads(path.read_text())
        except (OSError, ValueError):
            return None

    def keep_figures(self, name: str, key: str, figures: Any) -> None:
        """Store JSON values."""
        path = self._path(name, key, ".json")
        if path is not None:
            write_atomically(path, to_json(figures).encode())

    def frames(self, name: str, key: str) -> tuple[NDArray[np.uint16], list[float]] | None:
        """Frames and times stored by `keep_frames`, None if there are none."""
        path = self._path(name, key, ".npz")
        try:
            if path is None:
                return None
            with np.load(path, allow_pickle=False) as archive:
                return archive["millimeters"], archive["seconds"].tolist()
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def keep_frames(self, name: str, key: str, millimeters: NDArray[np.uint16], seconds: list[float]) -> None:
        """Store depth ``(N, H, W) uint16`` mm and the seconds that each frame took."""
        path = self._path(name, key, ".npz")
        if path is not None:
            archive = io.BytesIO()
            np.savez_compressed(archive, millimeters=millimeters, seconds=np.asarray(seconds))
            write_atomically(path, archive.getvalue())
