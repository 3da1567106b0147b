"""Views of a simulated arm through a noisy camera, to try alignment on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff.errors import SimulationError
from reald2iff.sensors import NoiseModel
from reald2iff_sim.alignment.views import ArmView
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Simulator
from reald2iff_sim.tasks.base import InitialState

Array = NDArray[np.float64]

_EEF_LOW, _EEF_HIGH = (0.30, -0.30, 0.12), (0.62, 0.30, 0.50)  # metres
_TILT, _YAW = 0.7, 1.0  # rad, of the hand
_FINGERS_DOWN = Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))
_DRAWS = 50  # of a posture that the arm can reach


def simulated_views(
    simulator: Simulator, count: int, noise: NoiseModel | None, seed: int
) -> tuple[list[ArmView], Array]:
    """The arm in postures drawn at random over the task's table, seen by the simulator's own camera.

    Args:
        simulator: Its camera's intrinsics count; its pose is drawn with the seed, and its state changes.
        count: Views.
        noise: Of the camera; None = clean depth.
        seed: Of all that is drawn.

    Returns:
        Views, and the right ``T_base_camera (4, 4)``.

    Raises:
        SimulationError: if postures within reach are not found.
    """
    rng = np.random.default_rng(seed)
    start = simulator.task.draw(rng)
    views = []
    for number in range(count):
        observation = None
        for _ in range(_DRAWS):
            state = InitialState(start.object_poses, _eef_pose(rng), float(rng.uniform(0, GRIPPER_WIDTH)))
            try:
                observation = simulator.reset(seed, state)
                break
            except SimulationError:
                continue
        if observation is None:
            raise SimulationError(f"no posture within reach in {_DRAWS} draws")
        intrinsics = simulator.depth_camera.intrinsics
        images = simulator.render()
        depth = images.depth if noise is None else noise.apply(images.depth, intrinsics, rng)
        width = min(max(observation.gripper_width, 0.0), GRIPPER_WIDTH)
        views.append(ArmView(depth, observation.joint_positions, width, intrinsics, name=f"{number}"))
    return views, simulator.depth_camera.pose


def _eef_pose(rng: np.random.Generator) -> Array:
    pose = np.eye(4)
    pose[:3, 3] = rng.uniform(_EEF_LOW, _EEF_HIGH)
    yaw = Rotation.from_rotvec((0, 0, rng.uniform(-_YAW, _YAW)))
    tilt = Rotation.from_rotvec(rng.uniform(-_TILT, _TILT, 3))
    pose[:3, :3] = (yaw * tilt * _FINGERS_DOWN).as_matrix()
    return pose
