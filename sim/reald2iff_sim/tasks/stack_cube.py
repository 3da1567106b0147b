"""Stack Cube: put one cube on another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import InitialState, Subtask, Task
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part
from reald2iff_sim.tasks.pick_cube import require_graspable
from reald2iff_sim.tasks.predicates import at_rest, held, released, upright
from reald2iff_sim.tasks.starts import ArmStart, TableRegion, standing

_WITHDRAWN = 0.06  # metres between the end effector and the upper cube
_TILT = 0.1  # radians
_SETTLED = 0.005  # metres that the upper cube may be higher or lower than on the lower one


@dataclass(frozen=True)
class StackCube(Task):
    """The red cube is to lie on the green one, let go of.

    Attributes:
        upper_size: Edge of the red cube, metres.
        lower_size: Edge of the green cube, metres.
        density: Of both, kg/m3.
        region: Where the cubes start.
        arm: Where the arm starts.
    """

    name: ClassVar[str] = "stack_cube"
    max_steps: ClassVar[int] = 300

    upper_size: float = 0.042
    lower_size: float = 0.052
    density: float = 700.0
    region: TableRegion = field(default_factory=lambda: TableRegion((0.40, -0.18), (0.60, 0.18)))
    arm: ArmStart = field(default_factory=ArmStart)

    def __post_init__(self) -> None:
        require_graspable("upper_size", self.upper_size)
        require_graspable("lower_size", self.lower_size)

    @property
    def language(self) -> str:
        return "stack the red cube on the green cube"

    @property
    def objects(self) -> tuple[ObjectSpec, ...]:
        looks = {
            "red_cube": (self.upper_size, (0.80, 0.12, 0.10, 1.0)),
            "green_cube": (self.lower_size, (0.13, 0.50, 0.20, 1.0)),
        }
        return tuple(
            ObjectSpec(name, (Part("box", (size,) * 3, Material(rgba)),), self.density * size**3)
            for name, (size, rgba) in looks.items()
        )

    @property
    def subtasks(self) -> tuple[Subtask, ...]:
        return (
            Subtask("grasp the red cube", "red_cube", "grasp"),
            Subtask("stack it", "green_cube", None),
        )

    def draw(self, rng: np.random.Generator) -> InitialState:
        # Half diagonals, with room for an open finger between the two.
        radii = [0.71 * self.upper_size + 0.025, 0.71 * self.lower_size]
        red, green = self.region.draw(rng, radii)
        poses = {
            "red_cube": standing(red, self.upper_size / 2, rng.uniform(-np.pi, np.pi)),
            "green_cube": standing(green, self.lower_size / 2, rng.uniform(-np.pi, np.pi)),
        }
        return InitialState(poses, self.arm.draw(rng), GRIPPER_WIDTH)

    def success(self, observation: Observation) -> bool:
        red, green = (observation.object_poses[name][:3, 3] for name in ("red_cube", "green_cube"))
        above = (self.upper_size + self.lower_size) / 2
        return bool(
            np.linalg.norm(red[:2] - green[:2]) <= self.lower_size / 2
            and abs(red[2] - green[2] - above) <= _SETTLED
            and upright(observation, "red_cube", _TILT)
            and released(observation, "red_cube", _WITHDRAWN)
            and at_rest(observation, "red_cube")
        )

    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        return {"grasp": int(held(observation, "red_cube"))}
