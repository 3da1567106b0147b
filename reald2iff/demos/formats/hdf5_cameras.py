"""Cameras of HDF5 demonstrations: what each format says of them, and where."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from typing import Any

import h5py
import numpy as np

from reald2iff.errors import InvalidIntrinsicsError
from reald2iff.geometry import PinholeIntrinsics

_MUJOCO_FOVY = 45.0
_MATRICES = ("intrinsics", "intrinsic_matrix", "intrinsic_matrices", "camera_intrinsics", "K")
_DEPTH_WORDS = ("_distance_to_image_plane", "_depth_clean", "_depth_image", "_depth", "depth_")


def camera_intrinsics(demo: h5py.Group, key: str, width: int, height: int) -> PinholeIntrinsics | None:
    """Intrinsics of the camera of a depth key, None if the file does not say.

    Looked for in this order: ``camera_info`` of the episode (this project's recorder, robomimic), a data set
    beside the depth that holds matrices (Isaac Lab), the camera of that name in ``model_file`` (robosuite).

    Args:
        demo: The episode.
        key: Of the depth, below ``demo``.
        width: Of the images, px.
        height: Of the images, px.

    Raises:
        InvalidIntrinsicsError: for intrinsics that cannot be, change within the episode, or are of another
            image size.
    """
    for find in (_from_camera_info, _from_matrices, _from_model_file):
        found = find(demo, key, width, height)
        if found is not None:
            return found
    return None


def camera_name(key: str) -> str:
    """The camera in a depth key: ``obs/agentview_depth`` is of ``agentview``."""
    last = key.rsplit("/", 1)[-1]
    for word in _DEPTH_WORDS:
        if last.endswith(word):
            return last.removesuffix(word)
        if last.startswith(word):
            return last.removeprefix(word)
    return last


def _from_camera_info(demo: h5py.Group, key: str, width: int, height: int) -> PinholeIntrinsics | None:
    text = demo.attrs.get("camera_info")
    if text is None:
        return None
    cameras: dict[str, Any] = json.loads(text)
    last = key.rsplit("/", 1)[-1]
    listed = [camera for camera in cameras.values() if last in camera.get("observations", ())]
    camera = listed[0] if listed else cameras.get(camera_name(key))
    if camera is None:
        return None
    size = (camera.get("width", width), camera.get("height", height))
    if size != (width, height):
        raise InvalidIntrinsicsError(
            f"{demo.name}/{key} has {width}x{height} px, but camera_info is of {size[0]}x{size[1]} px"
        )
    return PinholeIntrinsics.from_matrix(camera["intrinsics"], width, height)


def _from_matrices(demo: h5py.Group, key: str, width: int, height: int) -> PinholeIntrinsics | None:
    folder, _, _ = key.rpartition("/")
    group = demo[folder] if folder else demo
    name = camera_name(key)
    for word in _MATRICES:
        for candidate in (f"{name}_{word}", word):
            if isinstance(group.get(candidate), h5py.Dataset):
                matrices = np.asarray(group[candidate][()], dtype=np.float64)
                if matrices.shape[-2:] != (3, 3):
                    continue
                matrices = matrices.reshape(-1, 3, 3)
                if not np.allclose(matrices, matrices[0]):
                    raise InvalidIntrinsicsError(
                        f"{group.name}/{candidate} changes within the episode: expected one camera matrix"
                    )
                return PinholeIntrinsics.from_matrix(matrices[0], width, height)
    return None


def _from_model_file(demo: h5py.Group, key: str, width: int, height: int) -> PinholeIntrinsics | None:
    """robosuite renders with MuJoCo: the vertical field of view is the camera's whole calibration."""
    text = demo.attrs.get("model_file")
    if text is None:
        return None
    try:
        model = ET.fromstring(text)
    except ET.ParseError:
        return None
    camera = model.find(f".//camera[@name='{camera_name(key)}']")
    if camera is None or "class" in camera.attrib:
        return None
    fovy = math.radians(float(camera.get("fovy", _MUJOCO_FOVY)))
    focal = height / 2 / math.tan(fovy / 2)
    return PinholeIntrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
