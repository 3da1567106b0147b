"""The folder of a run's parts: what makes it resumable.

``OUT.parts/`` beside the result holds ``job.json`` (what is being made), a part for each episode that is
done, then the result until it gets its name. It is removed when that has happened.
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
_ASSEMBLED = "assembled"


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
        before = self._read_job()
        if out.exists() and not overwrite and not (self.path / _ASSEMBLED).exists():
            raise DatasetError(f"{out} is there already: --overwrite replaces it")
        if before is not None and before != text and not overwrite:
            raise DatasetError(
                f"{self.path} holds parts of a run with other options or another input: finish that one, "
                "or --overwrite them"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        if before is not None and before != text:
            self._clear()
        if self._read_job() is None:
            self._clear()
            temporary = self.path / f"{_JOB}.tmp"
            temporary.write_text(text)
            publish_file(temporary, self.path / _JOB)

    @property
    def published(self) -> bool:
        """Whether the result has its name: a run was killed while it tidied up."""
        return (self.path / _ASSEMBLED).exists() and not self.result.exists()

    @property
    def result(self) -> Path:
        """Where the result is put together."""
        return self.path / _RESULT

    def start_assembly(self) -> Path:
        """Remove what a killed run had put together; returns where to put the result."""
        (self.path / _ASSEMBLED).unlink(missing_ok=True)
        _remove(self.result)
        return self.result

    def publish(self) -> None:
        """Give the result its name, durably."""
        _sync(self.result)
        (self.path / _ASSEMBLED).touch()
        sync_directory(self.path)
        if self.out.is_dir():  # a folder is not replaced by renaming
            shutil.rmtree(self.out)
        self.result.replace(self.out)
        sync_directory(self.out.parent)

    def remove(self) -> None:
        """Remove everything but the result."""
        # The job last: without it, nothing tells a finished run from one that has not begun.
        for path in sorted(self.path.iterdir(), key=lambda path: (path.name == _ASSEMBLED, path.name)):
            _remove(path)
        self.path.rmdir()
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_job(self) -> str | None:
        try:
            return (self.path / _JOB).read_text()
        except FileNotFoundError:
            return None

    def _clear(self) -> None:
        for path in self.path.iterdir():
            _remove(path)

    def _take_lock(self) -> int | None:
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
