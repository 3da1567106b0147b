"""Write demonstrations so that no crash loses one that was answered saved.

While recording, ``demos.hdf5`` (the master) holds links to ``demos.episodes/demo_k.hdf5``. An episode is
written to a temporary file there, synced, renamed; then a new master that lists it is written, synced and
renamed over the old one. At any instant the master is a whole, readable file in robomimic's layout.
`DemoWriter.finish` makes it self-contained. Opening an existing file continues it, and tidies up after a
writer that was killed.

**robomimic clips depth to [0, 1]**: its ``DepthModality`` takes depth for normalised, so metric depth beyond
1 m is lost when it trains. The files hold metres; before training, scale it, for example to 2 m::

    import robomimic.utils.obs_utils as ObsUtils
    ObsUtils.DepthModality.set_obs_processor(lambda depth: np.moveaxis(depth, -1, -3) / 2.0)
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from reald2iff.demos.durable import publish_file, sync_directory
from reald2iff.demos.episode import Episode
from reald2iff.demos.episode_file import EpisodeFile
from reald2iff.demos.master import TEMPORARY, Entry, read_entries, write_master
from reald2iff.demos.reading import episode_number
from reald2iff.errors import DatasetError


class DemoWriter:
    """Writes one file of demonstrations; only one writer at a time holds a file.

    Args:
        path: The master, e.g. ``out/demos.hdf5``. Its folder is made if need be.
        env_args: robomimic's ``env_name``, ``env_version``, ``type``, ``env_kwargs``.

    Raises:
        DatasetError: if the file is not one of demonstrations, belongs to another environment, or another
            process is writing it.
    """

    def __init__(self, path: Path | str, env_args: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._env_args = json.dumps(dict(env_args), sort_keys=True)
        self._env_name = str(env_args.get("env_name", ""))
        self._folder = self.path.with_name(self.path.stem + ".episodes")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._running: EpisodeFile | None = None
        self._lock: int | None = self._take_lock()
        try:
            self._entries = self._recover()
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """Of the saved episodes, by number."""
        return tuple(self._entries)

    @property
    def next_name(self) -> str:
        """Of the episode that is saved next."""
        return f"demo_{1 + max(map(episode_number, self._entries), default=-1)}"

    def begin(self) -> EpisodeFile:
        """Start an episode whose images come step by step; `commit` or `discard` ends it.

        Raises:
            DatasetError: if one is running.
        """
        if self._running is not None:
            raise DatasetError(f"{self.path}: an episode is running: expected commit or discard first")
        self._running = EpisodeFile(self._folder / f"{self.next_name}{TEMPORARY}", self.next_name)
        return self._running

    def discard(self) -> None:
        """Drop the running episode, if there is one."""
        if self._running is not None:
            self._running.discard()
            self._running = None

    def commit(self, episode: Episode) -> str:
        """Complete the running episode.

        Args:
            episode: All but the images, which the running episode has already.

        Returns:
            Its name, once it is durable.

        Raises:
            DatasetError: if the lengths differ; the episode runs on and can be discarded.
        """
        if self._running is None:
            raise DatasetError(f"{self.path}: no episode is running: expected begin first")
        running = self._running
        running.complete(episode, self._env_args, self._env_name)
        container = f"{running.name}.hdf5"
        publish_file(running.path, self._folder / container)
        self._running = None
        self._list({**self._entries, running.name: Entry(len(episode), container)})
        return running.name

    def save(self, episode: Episode) -> str:
        """Write a whole episode, images included; returns its name once it is durable."""
        images = {key: values for key, values in episode.obs.items() if values.ndim == 4}
        running = self.begin()
        try:
            for step in range(len(episode) if images else 0):
                running.append({key: frames[step] for key, frames in images.items()})
            return self.commit(episode)
        except BaseException:
            self.discard()
            raise

    def close(self) -> None:
        """Let go of the file, with its links: `finish` or recording goes on when it is opened again."""
        self.discard()
        if self._lock is not None:
            with suppress(OSError):  # not empty: it holds episodes
                self._folder.rmdir()
            os.close(self._lock)
            self._lock = None

    def finish(self) -> Path:
        """Make the master self-contained, remove the folder of episodes, and close.

        The single files are removed only when the new master is durable.
        """
        self.discard()
        if any(entry.container for entry in self._entries.values()):
            write_master(self.path, self._folder, self._entries, self._env_args, copy=True)
        for left in self._folder.iterdir():
            left.unlink()
        self.close()
        sync_directory(self.path.parent)
        return self.path

    def __enter__(self) -> DemoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_lock(self) -> int:
        # On the folder, which is never replaced. The kernel lets go of it when the process dies.
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DatasetError(
                f"{self.path} is being written by another process ({error.strerror})"
            ) from error
        return descriptor

    def _recover(self) -> dict[str, Entry]:
        """What is there, after listing whole episodes that are not yet and removing halves and leftovers."""
        entries: dict[str, Entry] = {}
        if self.path.exists():
            entries, env_args = read_entries(self.path)
            if _environment(env_args) != _environment(self._env_args):
                raise DatasetError(
                    f"{self.path} holds another environment, {env_args or 'unnamed'}: "
                    f"expected {self._env_args}; choose another file"
                )
        self.path.with_name(self.path.name + TEMPORARY).unlink(missing_ok=True)
        listed = {entry.container for entry in entries.values()}
        found: dict[str, Entry] = {}
        for file in sorted(self._folder.iterdir()):
            if file.name.endswith(TEMPORARY):
                file.unlink()
            elif file.name not in listed:
                new = {n: e for n, e in read_entries(file, file.name)[0].items() if n not in entries}
                found |= new
                if not new:  # it is all in the master already: a finish() was killed while it cleaned up
                    file.unlink()
        if found or not self.path.exists():
            self._list(entries | found)
            return self._entries
        return entries

    def _list(self, entries: Mapping[str, Entry]) -> None:
        """Publish a master of links to ``entries``, without copying episodes."""
        inside = [name for name, entry in entries.items() if entry.container is None]
        if inside:
            # A second name for the old master: its episodes become linked ones.
            base = f"until_{inside[-1]}.hdf5"
            try:
                os.link(self.path, self._folder / base)
            except OSError:  # a file system without hard links
                publish_file(
                    Path(shutil.copy(self.path, self._folder / (base + TEMPORARY))), self._folder / base
                )
            sync_directory(self._folder)
            entries = {
                name: dataclasses.replace(entry, container=entry.container or base)
                for name, entry in entries.items()
            }
        self._entries = dict(sorted(entries.items(), key=lambda item: episode_number(item[0])))
        write_master(self.path, self._folder, self._entries, self._env_args)


def _environment(env_args: str) -> dict[str, Any]:
    """What makes it another environment: not a newer version of the software."""
    return {key: value for key, value in json.loads(env_args or "{}").items() if key != "env_version"}
