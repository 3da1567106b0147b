"""What an episode holds, as far as it is there: files of other writers leave much of it out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.datagen import has_datagen_info, read_datagen_info
from reald2iff.demos.episode import DatagenInfo
from reald2iff.demos.formats.base import to_metres
from reald2iff.demos.formats.hdf5_cameras import camera_intrinsics, camera_name
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.demos.verify.images import is_depth, is_image
from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics

CLEAN_SUFFIX = "_clean"
_COLOR_SUFFIXES = ("_image", "_rgb", "_color")
_POSITION_KEYS = ("eef_pos", "robot0_eef_pos")
_WIDTH_KEYS = ("gripper_width", "robot0_gripper_qpos", "gripper_pos")


@dataclass(frozen=True)
class CameraView:
    """The image keys of one camera.

    Attributes:
        name: Of the camera.
        color: Key of the colour images, None = it has none.
        clean: Key of the depth as rendered.
        realistic: Key of the depth as a sensor would have given it; a file with a single depth has it here if
            it names a noise model, else as ``clean``.
    """

    name: str
    color: str | None = None
    clean: str | None = None
    realistic: str | None = None

    @property
    def depths(self) -> dict[str, str]:
        """Keys of the depth images by ``"clean"`` and ``"realistic"``."""
        found = {"clean": self.clean, "realistic": self.realistic}
        return {kind: key for kind, key in found.items() if key is not None}


@dataclass(frozen=True)
class Calibration:
    """Of the camera that took an image key.

    Attributes:
        intrinsics: Of the images.
        extrinsics: ``T_robot_optical (4, 4)``, None = not known.
    """

    intrinsics: PinholeIntrinsics
    extrinsics: NDArray[np.float64] | None


class EpisodeView:
    """One episode of an open file; images are read one by one.

    Args:
        group: ``demo_k``.
        name: Of the episode.
    """

    def __init__(self, group: h5py.Group, name: str) -> None:
        self.group = group
        self.name = name

    def __len__(self) -> int:
        return int(self.group.attrs["num_samples"])

    @cached_property
    def obs(self) -> Mapping[str, Any]:
        """The observations as they are in the file; empty if there are none."""
        obs = self.group.get("obs")
        return obs if isinstance(obs, h5py.Group) else {}

    @cached_property
    def images(self) -> dict[str, h5py.Dataset]:
        """The observations that are images, by key."""
        return {
            key: data for key, data in self.obs.items() if isinstance(data, h5py.Dataset) and is_image(data)
        }

    @property
    def success(self) -> bool | None:
        """Whether the task was done, None = the file does not say."""
        value = self.group.attrs.get("success")
        return None if value is None else bool(value)

    @cached_property
    def seconds(self) -> NDArray[np.float64] | None:
        """``(N,)`` since the first observation, None without stamps."""
        stamps = self.array("stamps")
        return None if stamps is None or not len(stamps) else (stamps - stamps[0]) * 1e-9

    @cached_property
    def eef_path(self) -> NDArray[np.float64] | None:
        """``(N, 3)`` positions of the end-effector in the robot frame, metres."""
        for key in _POSITION_KEYS:
            if key in self.obs:
                return np.asarray(self.obs[key][()], dtype=np.float64)
        return None if self.datagen_info is None else self.datagen_info.eef_pose[:, :3, 3]

    @cached_property
    def datagen_info(self) -> DatagenInfo | None:
        """What MimicGen needs, None if it is not there or not whole."""
        try:
            return read_datagen_info(self.group) if has_datagen_info(self.group) else None
        except DatasetError:
            return None

    @cached_property
    def gripper_width(self) -> NDArray[np.float64] | None:
        """``(N,)`` distance of the fingers, metres."""
        for key in _WIDTH_KEYS:
            if key in self.obs:
                # Two columns are the two fingers, one of which may count downwards.
                return np.abs(np.asarray(self.obs[key][()], dtype=np.float64)).reshape(len(self), -1).sum(1)
        return None

    @cached_property
    def subtask_ends(self) -> dict[str, int]:
        """First step at which a subtask counts as done, by subtask, in their order."""
        signals = {} if self.datagen_info is None else self.datagen_info.subtask_term_signals
        rises = {name: np.flatnonzero(signal) for name, signal in signals.items()}
        ends = {name: int(rise[0]) for name, rise in rises.items() if rise.size}
        return dict(sorted(ends.items(), key=lambda item: item[1]))

    @cached_property
    def noise_model(self) -> str | None:
        """Name of the model that made the realistic depth."""
        text = self.group.attrs.get("noise_model")
        return None if text is None else str(json.loads(text).get("name"))

    @cached_property
    def cameras(self) -> tuple[CameraView, ...]:
        """The cameras that took images, by name."""
        found: dict[str, dict[str, str]] = {}
        for key, data in self.images.items():
            plain = key.removesuffix(CLEAN_SUFFIX)
            if is_depth(key, data):
                only = plain == key and key + CLEAN_SUFFIX not in self.images
                kind = "clean" if plain != key or (only and self.noise_model is None) else "realistic"
                found.setdefault(camera_name(plain), {})[kind] = key
            elif data.shape[-1] == 3 and data.dtype == np.uint8:
                suffix = next((s for s in _COLOR_SUFFIXES if key.endswith(s)), "")
                found.setdefault(key.removesuffix(suffix), {})["color"] = key
        return tuple(CameraView(name, **kinds) for name, kinds in sorted(found.items()))

    def array(self, key: str) -> NDArray[Any] | None:
        """A whole data set below the episode, None if there is none."""
        data = self.group.get(key)
        return data[()] if isinstance(data, h5py.Dataset) else None

    def color(self, key: str, step: int) -> NDArray[np.uint8]:
        """One colour image ``(H, W, 3)``."""
        return np.asarray(self.obs[key][step], dtype=np.uint8)

    def depth(self, key: str, step: int) -> NDArray[np.float32]:
        """One depth image ``(H, W)``, metres, 0 = invalid; integers in the file are millimetres."""
        frame = self.obs[key][step]
        return to_metres(frame[..., 0] if frame.ndim == 3 else frame)

    def calibration(self, key: str) -> Calibration | None:
        """Of the camera that took an image key, None if the file does not say.

        Raises:
            InvalidIntrinsicsError: for intrinsics that no camera has.
        """
        height, width = self.obs[key].shape[1:3]
        intrinsics = camera_intrinsics(self.group, f"obs/{key}", width, height)
        if intrinsics is None:
            return None
        cameras: dict[str, Any] = json.loads(self.group.attrs.get("camera_info", "{}"))
        listed = [camera for camera in cameras.values() if key in camera.get("observations", ())]
        camera = listed[0] if listed else cameras.get(camera_name(key), {})
        pose = camera.get("extrinsics")
        return Calibration(intrinsics, None if pose is None else np.asarray(pose, dtype=np.float64))


def iterate_episodes(path: Path | str, names: Sequence[str] = ()) -> Iterator[EpisodeView]:
    """The episodes of a file, each open until the next one is asked for.

    Args:
        path: Of the file.
        names: Which ones; empty = all, by number.

    Raises:
        DatasetError: if the file cannot be read, or an episode is missing or cannot be opened.
    """
    with open_demos(path) as file:
        have = demo_names(file["data"])
        missing = [name for name in names if name not in have]
        if missing:
            raise DatasetError(f"{path} has no episode {missing[0]!r}: it lists {', '.join(have) or 'none'}")
        for name in names or have:
            try:
                group = file["data"][name]
                view = EpisodeView(group, name)
                len(view)
            except (KeyError, OSError) as error:
                raise DatasetError(
                    f"{path}: {name} cannot be opened ({error}); 'demos inspect --check' says more"
                ) from error
            yield view
