"""The file of the episode that is running: images go to disk as they come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py

from reald2iff.demos.episode import Array, Episode, check_frame
from reald2iff.demos.episode_group import write_low_dim
from reald2iff.demos.frames import append_frame, create_frames
from reald2iff.errors import DatasetError


class EpisodeFile:
    """One episode being written; made by `reald2iff.demos.DemoWriter.begin`.

    The file has robomimic's layout itself: ``data/demo_k``.

    Attributes:
        path: The temporary file.
        name: ``demo_k``.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self._file = h5py.File(path, "w")
        self._group = self._file.create_group(f"data/{name}")
        self._obs = self._group.create_group("obs")
        self._length = 0

    def __len__(self) -> int:
        """Steps whose images were appended."""
        return self._length

    def append(self, images: Mapping[str, Array]) -> None:
        """Append the images of one step, compressed, to disk.

        Args:
            images: By observation key, ``(H, W, C)``; the same keys, shapes and types in every step.

        Raises:
            DatasetError: for other keys, shapes or types; nothing of the step is kept then.
        """
        if self._length and set(images) != set(self._obs):
            raise DatasetError(
                f"step {self._length} has images {sorted(images)}: expected {sorted(self._obs)}"
            )
        for key, frame in images.items():
            check_frame(key, frame)
            if key in self._obs and frame.shape != self._obs[key].shape[1:]:
                raise DatasetError(
                    f"obs/{key} has shape {frame.shape} at step {self._length}: "
                    f"expected {self._obs[key].shape[1:]} like the steps before"
                )
        for key, frame in images.items():
            if key not in self._obs:
                create_frames(self._obs, key, frame)
            append_frame(self._obs[key], frame)
        self._length += 1

    def complete(self, episode: Episode, env_args: str, env_name: str) -> None:
        """Write all but the images and close the file.

        Args:
            episode: Its images, if it has any, are those appended.
            env_args: JSON, as in the master.
            env_name: See `write_low_dim`.

        Raises:
            DatasetError: if as many images were appended as there are not steps.
        """
        if len(self._obs) and self._length != len(episode):
            raise DatasetError(f"{self._length} steps of images for {len(episode)} steps: expected as many")
        write_low_dim(self._group, episode, env_name)
        data = self._file["data"]
        data.attrs["total"] = len(episode)
        data.attrs["env_args"] = env_args
        self._file.close()

    def discard(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)
