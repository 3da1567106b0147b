"""Pick Cube: lift a cube off the table and hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import InitialState, Subtask, Task
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part
from reald2iff_sim.tasks.predicates import held

_FINGERS_DOWN = Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))


@dataclass(frozen=True)
class PickCube(Task):
    """A cube somewhere in front of the robot is to be lifted by `lift_height` and held.

    Attributes:
        cube_size: Edge, metres.
        cube_mass: Kilograms.
        cube_rgba: Colour.
        cube_low: Least x and y of the cube's start, metres.
        cube_high: Greatest x and y of the cube's start.
        eef_low: Lower corner of the box that the end effector starts in, metres.
        eef_high: Its upper corner.
        eef_yaw: The hand starts turned by up to this about the vertical, radians.
        lift_height: Of the cube above its rest on the table, metres.
    """

    name: ClassVar[str] = "pick_cube"
    max_steps: ClassVar[int] = 200

    cube_size: float = 0.045
    cube_mass: float = 0.08
    cube_rgba: tuple[float, float, float, float] = (0.80, 0.12, 0.10, 1.0)
    cube_low: tuple[float, float] = (0.40, -0.18)
    cube_high: tuple[float, float] = (0.60, 0.18)
    eef_low: tuple[float, float, float] = (0.38, -0.10, 0.26)
    eef_high: tuple[float, float, float] = (0.50, 0.10, 0.36)
    eef_yaw: float = 0.3
    lift_height: float = 0.10

    def __post_init__(self) -> None:
        if not 0 < self.cube_size < GRIPPER_WIDTH - 0.01:
            raise InvalidParameterError(
                f"cube_size = {self.cube_size} m: expected 0 to {GRIPPER_WIDTH - 0.01}, to fit the gripper"
            )
        for low, high in ((self.cube_low, self.cube_high), (self.eef_low, self.eef_high)):
            if not np.all(np.asarray(low) <= np.asarray(high)):
                raise InvalidParameterError(f"start box {low} to {high}: expected low <= high on each axis")

    @property
    def language(self) -> str:
        return "pick up the cube"

    @property
    def objects(self) -> tuple[ObjectSpec, ...]:
        box = Part("box", (self.cube_size,) * 3, Material(self.cube_rgba))
        return (ObjectSpec("cube", (box,), self.cube_mass),)

    @property
    def subtasks(self) -> tuple[Subtask, ...]:
        return (Subtask("grasp the cube", "cube", "grasp"), Subtask("lift the cube", "cube", None))

    def draw(self, rng: np.random.Generator) -> InitialState:
        cube = np.eye(4)
        cube[:3, 3] = (*rng.uniform(self.cube_low, self.cube_high), self.cube_size / 2)
        cube[:3, :3] = Rotation.from_rotvec([0, 0, rng.uniform(-np.pi, np.pi)]).as_matrix()
        eef = np.eye(4)
        eef[:3, 3] = rng.uniform(self.eef_low, self.eef_high)
        yaw = Rotation.from_rotvec([0, 0, rng.uniform(-self.eef_yaw, self.eef_yaw)])
        eef[:3, :3] = (yaw * _FINGERS_DOWN).as_matrix()
        return InitialState({"cube": cube}, eef, GRIPPER_WIDTH)

    def success(self, observation: Observation) -> bool:
        lifted = observation.object_poses["cube"][2, 3] - self.cube_size / 2 >= self.lift_height
        return bool(lifted and held(observation, "cube"))

    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        return {"grasp": int(held(observation, "cube"))}
