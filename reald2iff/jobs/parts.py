"""The folder of a run's parts: what makes it resumable.

``OUT.parts/`` beside the result holds ``job.json`` (what is being made), a part for each episode that is
done, then the result. When that is whole, ``job.json`` becomes ``assembled.json``, the result gets its name,
and the folder is removed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reald2iff.demos.durable import publish_file, sync_directory
from reald2iff.errors import DatasetError

_JOB = "job.json"
_RESULT = "result"
_ASSEMBLED = "assembled.json"


class PartsFolder:
    """The parts of one result; one process at a time holds them.

    Args:
        out: The result, which must not be there unless ``overwrite``.
        job: JSON values: all that the result's bytes hang on.
        overwrite: Replace a result, and parts of another job.

    Raises:
        DatasetError: if the result or parts of another job are there, or another process makes it.
    """

    def __init__(self, out: Path, job: Mapping[str, Any], overwrite: bool) -> None:
        self.out = out
        self.path = out.with_name(out.name + ".parts")
        text = json.dumps(job, sort_keys=True, indent=1)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()  # all that a run which was killed at its very end had left to do
        before = self._read_job()
        if out.exists() and not overwrite and not self.published:
            raise DatasetError(f"{out} is there already: --overwrite replaces it")
        if before is not None and before != text and not overwrite:
            raise DatasetError(
                f"{self.path} holds parts of a run with other options or another input: finish that one, "
                "or --overwrite them"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = self._take_lock()
        if before != text:
            for path in self.path.iterdir():
                _remove(path)
            temporary = self.path / f"{_JOB}.tmp"
            temporary.write_text(text)
            publish_file(temporary, self.path / _JOB)

    @property
    def published(self) -> bool:
        """Whether the result has its name: a run was killed while it tidied up."""
        return (self.path / _ASSEMBLED).exists() and not (self.path / _RESULT).exists()

    def start_assembly(self) -> Path:
        """Remove what a killed run had put together; returns where to put the result."""
        if (self.path / _ASSEMBLED).exists():
            publish_file(self.path / _ASSEMBLED, self.path / _JOB)
        result = self.path / _RESULT
        _remove(result)
        return result

    def publish(self) -> None:
        """Give the whole result its name, durably."""
        _sync(self.path / _RESULT)
        publish_file(self.path / _JOB, self.path / _ASSEMBLED)
        if self.out.is_dir():  # a folder is not replaced by renaming
            shutil.rmtree(self.out)
        (self.path / _RESULT).replace(self.out)
        sync_directory(self.out.parent)

    def remove(self) -> None:
        """Remove everything but the result."""
        for path in sorted(self.path.iterdir(), key=lambda path: path.name == _ASSEMBLED):
            _remove(path)
        self.path.rmdir()
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_job(self) -> str | None:
        for name in (_JOB, _ASSEMBLED):
            if (self.path / name).exists():
                return (self.path / name).read_text()
        return None

    def _take_lock(self) -> int:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DatasetError(f"{self.out} is being made by another process ({error.strerror})") from error
        return descriptor


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Make a file, or all files below a folder, durable."""
    for file in [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
