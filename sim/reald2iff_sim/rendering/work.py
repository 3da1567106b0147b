"""What a worker does: the pictures of one demonstration, into a part of its own."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.durable import publish_file
from reald2iff.demos.frames import append_frame, create_frames
from reald2iff.demos.reading import episode_number, open_demos
from reald2iff.errors import DatasetError, InvalidParameterError, SimulationError
from reald2iff.geometry import meters_to_millimeters
from reald2iff_sim.factory import make_simulator
from reald2iff_sim.rendering.cameras import CameraConfig, episode_camera
from reald2iff_sim.simulator import Simulator

DepthType = Literal["float32", "uint16"]

_DEPTH_STEPS = np.float32(2**14)
"""Steps to the metre: 0.06 mm, far below what a sensor tells, and the empty bits compress to nothing."""

CAMERA_INFO = "camera_info"


@dataclass(frozen=True)
class RenderJob:
    """What all demonstrations have in common.

    Attributes:
        input: Of states.
        parts: Folder of the parts.
        task: Name.
        backend: Name.
        camera: Where from.
        depth: How depth is stored.
        segmentation: Whether it is made.
        seed: Of the cameras.
    """

    input: Path
    parts: Path
    task: str
    backend: str
    camera: CameraConfig
    depth: DepthType
    segmentation: bool
    seed: int

    def __post_init__(self) -> None:
        if self.depth not in get_args(DepthType):
            raise InvalidParameterError(f"depth {self.depth!r}: expected {' or '.join(get_args(DepthType))}")

    def part(self, demo: str) -> Path:
        """Where a demonstration's part goes."""
        return self.parts / f"{demo}.hdf5"


@lru_cache(maxsize=1)
def _simulator(backend: str, task: str) -> Simulator:
    return make_simulator(backend, task)


def render_demo(job: RenderJob, demo: str) -> int:
    """Write the part of a demonstration: whole or not at all, the same bytes every time.

    Returns:
        Its steps.

    Raises:
        DatasetError: if it has no states of this task's simulator.
    """
    with open_demos(job.input) as file:
        states = _states(file["data"][demo], job)
    simulator = _simulator(job.backend, job.task)
    depth, color = job.camera.draw(job.seed, episode_number(demo))
    simulator.depth_camera, simulator.color_camera = depth, color
    temporary = job.part(demo).with_suffix(".tmp")
    try:
        with h5py.File(temporary, "w") as part:
            obs = part.create_group("obs")
            for state in states:
                try:
                    simulator.set_state(state)
                except SimulationError as error:
                    raise DatasetError(f"{job.input}: {demo} has no states of {job.task}: {error}") from error
                for key, frame in _images(job, simulator).items():
                    if key not in obs:
                        create_frames(obs, key, frame)
                    append_frame(obs[key], frame)
            seen = {f"{job.camera.camera}_image"}
            cameras = {
                job.camera.camera: episode_camera(depth, tuple(key for key in obs if key not in seen)),
                f"{job.camera.camera}_color": episode_camera(color, tuple(seen)),
            }
            part.attrs[CAMERA_INFO] = json.dumps({k: _as_json(v) for k, v in cameras.items()})
        publish_file(temporary, job.part(demo))
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return len(states)


def _states(demo: h5py.Group, job: RenderJob) -> NDArray[np.float64]:
    states = demo.get("states")
    if not isinstance(states, h5py.Dataset) or states.ndim != 2 or "state_names" in demo.attrs:
        raise DatasetError(
            f"{job.input}: {demo.name} has no states of a simulator: expected a file of "
            "`reald2iff demos generate`"
        )
    return np.asarray(states[()], dtype=np.float64)


def _images(job: RenderJob, simulator: Simulator) -> dict[str, NDArray[Any]]:
    name = job.camera.camera
    images = simulator.render(job.segmentation)
    made: dict[str, NDArray[Any]] = {
        f"{name}_depth": stored_depth(images.depth, job.depth)[..., None],
        f"{name}_image": images.color,
    }
    if images.segmentation is not None:
        made[f"{name}_segmentation"] = images.segmentation[..., None]
    return made


def stored_depth(depth: NDArray[np.float32], kind: DepthType) -> NDArray[Any]:
    """Metres ``(H, W)`` as they are stored: float32 in steps of 2^-14 m, or uint16 millimetres."""
    if kind == "uint16":
        return meters_to_millimeters(depth)
    return np.round(depth * _DEPTH_STEPS) / _DEPTH_STEPS


def _as_json(camera: Any) -> dict[str, Any]:
    values = dataclasses.asdict(camera)
    for name in ("intrinsics", "extrinsics"):
        values[name] = np.asarray(values[name]).tolist()
    return values
