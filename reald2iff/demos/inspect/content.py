"""What an episode holds, as far as it is there: files of other writers leave much of it out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics, millimeters_to_meters, sanitize_depth

CLEAN_SUFFIX = "_clean"
_DEPTH_SUFFIX = "_depth"
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
    def obs(self) -> h5py.Group:
        """The group of the observations.

        Raises:
            DatasetError: if there is none.
        """
        obs = self.group.get("obs")
        if not isinstance(obs, h5py.Group):
            raise DatasetError(f"{self.name} has no observations: expected a group 'obs'")
        return obs

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
        poses = self.eef_poses
        return None if poses is None else poses[:, :3, 3]

    @cached_property
    def eef_poses(self) -> NDArray[np.float64] | None:
        """``(N, 4, 4) T_robot_eef``."""
        return self.array("datagen_info/eef_pose")

    @cached_property
    def gripper_width(self) -> NDArray[np.float64] | None:
        """``(N,)`` distance of the fingers, metres."""
        for key in _WIDTH_KEYS:
            if key in self.obs:
                # Two columns are the two fingers, one of which may count downwards.
                return np.abs(np.asarray(self.obs[key][()], dtype=np.float64)).reshape(len(self), -1).sum(1)
        return None

    @cached_property
    def object_poses(self) -> dict[str, NDArray[np.float64]]:
        """``(N, 4, 4) T_robot_object`` by object."""
        poses = self.group.get("datagen_info/object_poses", {})
        return {name: np.asarray(data[()], dtype=np.float64) for name, data in poses.items()}

    @cached_property
    def subtask_ends(self) -> dict[str, int]:
        """First step at which a subtask counts as done, by subtask, in their order."""
        signals = self.group.get("datagen_info/subtask_term_signals", {})
        rises = {name: np.flatnonzero(data[()]) for name, data in signals.items()}
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
        keys = [key for key, data in self.obs.items() if data.ndim in (3, 4)]
        for key in keys:
            plain = key.removesuffix(CLEAN_SUFFIX)
            if plain.endswith(_DEPTH_SUFFIX):
                only = plain == key and key + CLEAN_SUFFIX not in keys
                kind = "clean" if plain != key or (only and self.noise_model is None) else "realistic"
                found.setdefault(plain.removesuffix(_DEPTH_SUFFIX), {})[kind] = key
            elif self.obs[key].shape[-1] == 3 and self.obs[key].dtype == np.uint8:
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
        frame = frame[..., 0] if frame.ndim == 3 else frame
        return millimeters_to_meters(frame) if frame.dtype.kind in "iu" else sanitize_depth(frame)

    def calibration(self, key: str) -> Calibration | None:
        """Of the camera that took an image key, None if the file does not say.

        Raises:
            InvalidIntrinsicsError: for intrinsics that no camera has.
        """
        cameras: dict[str, Any] = json.loads(self.group.attrs.get("camera_info", "{}"))
        height, width = self.obs[key].shape[1:3]
        listed = [camera for camera in cameras.values() if key in camera.get("observations", ())]
        # robomimic's own camera_info does not list observations: the name of the camera is in the key.
        listed += [camera for name, camera in cameras.items() if key.startswith(name + "_")]
        if not listed:
            return None
        pose = listed[0].get("extrinsics")
        return Calibration(
            PinholeIntrinsics.from_matrix(listed[0]["intrinsics"], width, height),
            None if pose is None else np.asarray(pose, dtype=np.float64),
        )


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
