"""Views of the arm out of a demonstration: its steps that differ most in posture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.episode import EpisodeCamera
from reald2iff.demos.reading import open_demos, read_episode
from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics, millimeters_to_meters
from reald2iff_sim.alignment.views import ArmView
from reald2iff_sim.control.limits import GRIPPER_WIDTH

Array = NDArray[np.float64]

_DEPTH_TYPES = ("float32", "uint16")  # metres, millimetres


def read_demonstration(
    path: Path, episode: str, depth_key: str | None, count: int
) -> tuple[list[ArmView], Array | None]:
    """Views of one episode and its recorded ``T_base_camera (4, 4)``, None if it holds none.

    Args:
        path: HDF5 file.
        episode: ``demo_k``.
        depth_key: Observation that is the depth; None = the first one of a calibrated camera.
        count: How many steps are taken at most, those whose joints are farthest apart.

    Raises:
        DatasetError: if the file, the episode, the depth, its camera or the joint positions are missing.
        InvalidParameterError: for joint positions that the arm cannot have.
    """
    recorded = read_episode(path, episode, images=False)
    if "joint_positions" not in recorded.obs:
        raise DatasetError(f"{path}: {episode} has no obs/joint_positions: expected (N, 7) rad")
    with open_demos(path) as file:
        obs = file["data"][episode]["obs"]
        key, camera = _depth_camera(obs, recorded.cameras, depth_key, f"{path}: {episode}")
        intrinsics = PinholeIntrinsics.from_matrix(camera.intrinsics, camera.width, camera.height)
        joints = recorded.obs["joint_positions"]
        widths = recorded.obs.get("gripper_width", np.full((len(joints), 1), GRIPPER_WIDTH))
        views = [
            ArmView(
                _metres(obs[key][i][..., 0]), joints[i], float(widths[i, 0]), intrinsics, name=f"step {i}"
            )
            for i in _farthest_apart(joints, count)
        ]
    return views, camera.extrinsics


def _depth_camera(
    obs: h5py.Group, cameras: Any, depth_key: str | None, where: str
) -> tuple[str, EpisodeCamera]:
    found = {
        key: camera
        for camera in cameras.values()
        for key in camera.observations
        if key in obs and obs[key].ndim == 4 and obs[key].dtype.name in _DEPTH_TYPES
    }
    key = next(iter(found), None) if depth_key is None else depth_key
    if key not in found or key is None:
        raise DatasetError(
            f"{where} has no calibrated depth{f' {key!r}' if key else ''}: expected an (N, H, W, 1) float "
            f"or uint16 observation that a camera in camera_info names; there is {', '.join(found) or 'none'}"
        )
    return key, found[key]


def _metres(stored: NDArray[Any]) -> NDArray[np.float32]:
    return millimeters_to_meters(stored) if stored.dtype == np.uint16 else stored


def _farthest_apart(joints: Array, count: int) -> list[int]:
    """Indices of rows, each the farthest from those before it, in order of time."""
    chosen = [0]
    distance = np.linalg.norm(joints - joints[0], axis=1)
    while len(chosen) < min(count, len(joints)) and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(joints - joints[chosen[-1]], axis=1))
    return sorted(chosen)
