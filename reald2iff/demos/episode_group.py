"""One demonstration as an HDF5 group in robomimic's layout, a superset of it for MimicGen.

::

    demo_k/  attrs: num_samples, success, seed, quaternion_order "xyzw", state_names, camera_info, noise_model
      obs/<key>        (N, H, W, C) images, one compressed chunk a frame; (N, D) the rest
      actions actions_abs rewards dones states     (N, ...)
      stamps           (N,) int64 ns
      datagen_info/    see `reald2iff.demos.datagen`

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

from reald2iff.demos.datagen import Spelling, has_datagen_info, read_datagen_info, write_datagen_info
from reald2iff.demos.episode import Array, Episode, EpisodeCamera, NoiseRecord
from reald2iff.errors import DatasetError

QUATERNION_ORDER = "xyzw"
ARRAYS = ("actions", "actions_abs", "rewards", "states", "stamps")


def write_low_dim(
    group: h5py.Group,
    episode: Episode,
    env_name: str,
    spelling: Spelling = "mimicgen",
    compression: str | None = None,
) -> None:
    """Write all of an episode but its images, which are there already.

    Args:
        group: ``demo_k`` with an ``obs`` group.
        episode: What to write.
        env_name: Named as MimicGen's ``env_interface_name``.
        spelling: Of ``datagen_info``.
        compression: Of arrays of steps, as HDF5 names it.
    """

    def write(name: str, values: Array) -> None:
        group.create_dataset(name, data=values, compression=compression, shuffle=compression is not None)

    for key, values in episode.obs.items():
        if values.ndim < 4:
            write(f"obs/{key}", values)
    for name in ARRAYS:
        values = getattr(episode, name)
        if values is not None:
            write(name, values)
    dones = episode.dones if episode.dones is not None else np.arange(1, len(episode) + 1) == len(episode)
    group.create_dataset("dones", data=np.asarray(dones, dtype=np.int64))
    if episode.datagen_info is not None:
        write_datagen_info(group, episode.datagen_info, env_name, spelling, compression)
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


def read_group(group: h5py.Group, images: bool = True) -> Episode:
    """The episode in a ``demo_k`` group.

    Args:
        group: As `write_low_dim` wrote it, or any of robomimic's with ``stamps``.
        images: False leaves the observations out that are images.

    Raises:
        DatasetError: if something is missing or does not fit.
    """
    try:
        obs = {
            key: data[()]
            for key, data in group["obs"].items()
            if isinstance(data, h5py.Dataset) and (images or data.ndim < 4)
        }
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
            datagen_info=read_datagen_info(group) if has_datagen_info(group) else None,
            cameras=cameras,
            noise_model=None if noise is None else NoiseRecord(**json.loads(noise)),
            success=bool(attrs.get("success", False)),
            seed=None if "seed" not in attrs else int(attrs["seed"]),
        )
    except DatasetError as error:
        raise DatasetError(f"{group.name}: {error}") from error
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DatasetError(f"{group.name} cannot be read as a demonstration: {error}") from error


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
