"""One demonstration as an HDF5 group in robomimic's layout, a superset of it for MimicGen.

::

    demo_k/  attrs: num_samples, success, seed, quaternion_order "xyzw", state_names, camera_info, noise_model
      obs/<key>        (N, H, W, C) images, one compressed chunk a frame; (N, D) the rest
      actions actions_abs rewards dones states     (N, ...)
      stamps           (N,) int64 ns
      datagen_info/    eef_pose, target_pose, gripper_action, object_poses/<name>, subtask_term_signals/<name>

``camera_info`` is JSON ``{camera: {intrinsics, extrinsics, width, height, frame_id, observations}}`` and
``noise_model`` JSON ``{name, version, seed, parameters}``. ``next_obs`` is left out, as by robomimic's
``--exclude-next-obs``: it is ``obs`` shifted by one.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import h5py
import numpy as np

from reald2iff.demos.episode import DatagenInfo, Episode, EpisodeCamera, NoiseRecord
from reald2iff.errors import DatasetError

QUATERNION_ORDER = "xyzw"
ARRAYS = ("actions", "actions_abs", "rewards", "states", "stamps")
_DATAGEN_ARRAYS = ("eef_pose", "target_pose", "gripper_action")
_DATAGEN_GROUPS = ("object_poses", "subtask_term_signals")


def write_low_dim(group: h5py.Group, episode: Episode, env_name: str) -> None:
    """Write all of an episode but its images, which are there already.

    Args:
        group: ``demo_k`` with an ``obs`` group.
        episode: What to write.
        env_name: Named as MimicGen's ``env_interface_name``.
    """
    for key, values in episode.obs.items():
        if values.ndim < 4:
            group["obs"].create_dataset(key, data=values)
    for name in ARRAYS:
        values = getattr(episode, name)
        if values is not None:
            group.create_dataset(name, data=values)
    dones = episode.dones if episode.dones is not None else np.arange(1, len(episode) + 1) == len(episode)
    group.create_dataset("dones", data=np.asarray(dones, dtype=np.int64))
    if episode.datagen_info is not None:
        _write_datagen_info(group.create_group("datagen_info"), episode.datagen_info, env_name)
    group.attrs["num_samples"] = len(episode)
    group.attrs["success"] = bool(episode.success)
    group.attrs["quaternion_order"] = QUATERNION_ORDER
    if episode.seed is not None:
        group.attrs["seed"] = int(episode.seed)
    if episode.state_names:
        group.attrs["state_names"] = json.dumps(episode.state_names)
    cameras = {name: dataclasses.asdict(camera) for name, camera in episode.cameras.items()}
    for camera in cameras.values():
        camera["intrinsics"] = np.asarray(camera["intrinsics"], dtype=float).tolist()
        if camera["extrinsics"] is not None:
            camera["extrinsics"] = np.asarray(camera["extrinsics"], dtype=float).tolist()
    group.attrs["camera_info"] = json.dumps(cameras)
    if episode.noise_model is not None:
        group.attrs["noise_model"] = json.dumps(dataclasses.asdict(episode.noise_model))


def _write_datagen_info(group: h5py.Group, info: DatagenInfo, env_name: str) -> None:
    for name in _DATAGEN_ARRAYS:
        group.create_dataset(name, data=getattr(info, name))
    for name in _DATAGEN_GROUPS:
        sub = group.create_group(name)
        for key, values in getattr(info, name).items():
            sub.create_dataset(key, data=values)
    group.attrs["env_interface_name"] = env_name
    group.attrs["env_interface_type"] = "reald2iff"


def read_group(group: h5py.Group, images: bool = True) -> Episode:
    """The episode in a ``demo_k`` group.

    Args:
        group: As `write_low_dim` wrote it, or any of robomimic's with ``stamps``.
        images: False leaves the observations out that are images.

    Raises:
        DatasetError: if something is missing or does not fit.
    """
    try:
        obs = {key: data[()] for key, data in group["obs"].items() if images or data.ndim < 4}
        arrays = {name: group[name][()] for name in (*ARRAYS, "dones") if name in group}
        attrs = {name: _text(value) for name, value in group.attrs.items()}
        cameras = {
            name: EpisodeCamera(
                intrinsics=np.asarray(camera["intrinsics"], dtype=float),
                width=camera["width"],
                height=camera["height"],
                frame_id=camera["frame_id"],
                observations=tuple(camera["observations"]),
                extrinsics=None if camera["extrinsics"] is None else np.asarray(camera["extrinsics"]),
            )
            for name, camera in json.loads(attrs.get("camera_info", "{}")).items()
        }
        noise = attrs.get("noise_model")
        return Episode(
            obs=obs,
            **arrays,
            state_names=tuple(json.loads(attrs.get("state_names", "[]"))),
            datagen_info=_read_datagen_info(group["datagen_info"]) if "datagen_info" in group else None,
            cameras=cameras,
            noise_model=None if noise is None else NoiseRecord(**json.loads(noise)),
            success=bool(attrs.get("success", False)),
            seed=None if "seed" not in attrs else int(attrs["seed"]),
        )
    except DatasetError as error:
        raise DatasetError(f"{group.name}: {error}") from error
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DatasetError(f"{group.name} cannot be read as a demonstration: {error}") from error


def _read_datagen_info(group: h5py.Group) -> DatagenInfo:
    fields: dict[str, Any] = {name: group[name][()] for name in _DATAGEN_ARRAYS}
    for name in _DATAGEN_GROUPS:
        fields[name] = {key: data[()] for key, data in group[name].items()} if name in group else {}
    return DatagenInfo(**fields)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
