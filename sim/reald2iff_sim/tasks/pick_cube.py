"""Pick Cube: lift a cube off the table and hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import InitialState, Subtask, Task
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part
from reald2iff_sim.tasks.predicates import held
from reald2iff_sim.tasks.starts import ArmStart, TableRegion, standing


@dataclass(frozen=True)
class PickCube(Task):
    """A cube somewhere in front of the robot is to be lifted by `lift_height` and held.

    Attributes:
        cube_size: Edge, metres.
        cube_mass: Kilograms.
        cube_rgba: Colour.
        region: Where the cube starts.
        arm: Where the arm starts.
        lift_height: Of the cube above its rest on the table, metres.
    """

    name: ClassVar[str] = "pick_cube"
    max_steps: ClassVar[int] = 200

    cube_size: float = 0.045
    cube_mass: float = 0.08
    cube_rgba: tuple[float, float, float, float] = (0.80, 0.12, 0.10, 1.0)
    region: TableRegion = field(default_factory=lambda: TableRegion((0.40, -0.18), (0.60, 0.18)))
    arm: ArmStart = field(default_factory=ArmStart)
    lift_height: float = 0.10

    def __post_init__(self) -> None:
        require_graspable("cube_size", self.cube_size)

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
        (place,) = self.region.draw(rng, [self.cube_size])
        cube = standing(place, self.cube_size / 2, rng.uniform(-np.pi, np.pi))
        return InitialState({"cube": cube}, self.arm.draw(rng), GRIPPER_WIDTH)

    def success(self, observation: Observation) -> bool:
        lifted = observation.object_poses["cube"][2, 3] - self.cube_size / 2 >= self.lift_height
        return bool(lifted and held(observation, "cube"))

    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        return {"grasp": int(held(observation, "cube"))}


def require_graspable(name: str, size: float) -> None:
    """Raise `InvalidParameterError` unless something this wide, in metres, fits the open gripper."""
    if not 0 < size < GRIPPER_WIDTH - 0.01:
        raise InvalidParameterError(
            f"{name} = {size} m: expected 0 to {GRIPPER_WIDTH - 0.01}, to fit the gripper"
        )
