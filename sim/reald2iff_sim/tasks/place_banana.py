"""Place Banana: put a banana on a marked target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks import banana as fruit
from reald2iff_sim.tasks.base import InitialState, Subtask, Task
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part
from reald2iff_sim.tasks.predicates import at_rest, held, released
from reald2iff_sim.tasks.starts import ArmStart, TableRegion, standing

_WITHDRAWN = 0.08  # metres between the end effector and the banana
_SETTLED = 0.01  # metres that the banana may lie higher than flat on the table


@dataclass(frozen=True)
class PlaceBanana(Task):
    """A banana is to lie with its middle on the middle of a round mark on the table, let go of.

    Attributes:
        banana_mass: Kilograms.
        target_diameter: Of the mark, metres.
        tolerance: Greatest distance between the two middles, metres.
        region: Where banana and mark start.
        arm: Where the arm starts.
    """

    name: ClassVar[str] = "place_banana"
    max_steps: ClassVar[int] = 300

    banana_mass: float = 0.12
    target_diameter: float = 0.16
    tolerance: float = 0.04
    region: TableRegion = field(default_factory=TableRegion)
    arm: ArmStart = field(default_factory=ArmStart)

    def __post_init__(self) -> None:
        if not 0 < self.tolerance <= self.target_diameter / 2:
            raise InvalidParameterError(
                f"tolerance = {self.tolerance} m: expected 0 to {self.target_diameter / 2}, on the mark"
            )

    @property
    def language(self) -> str:
        return "place the banana on the blue target"

    @property
    def objects(self) -> tuple[ObjectSpec, ...]:
        sizes = (self.target_diameter, 0.86 * self.target_diameter, 0.3 * self.target_diameter)
        looks = ((0.10, 0.25, 0.55, 1.0), (0.88, 0.90, 0.93, 1.0), (0.10, 0.25, 0.55, 1.0))
        rings = tuple(
            Part("cylinder", (size, size, height), Material(look, specular=0.05), solid=False)
            for size, look, height in zip(sizes, looks, (0.001, 0.0016, 0.0022), strict=True)
        )
        return (
            fruit.banana("banana", self.banana_mass),
            ObjectSpec("target", rings, movable=False),
        )

    @property
    def subtasks(self) -> tuple[Subtask, ...]:
        return (
            Subtask("grasp the banana", "banana", "grasp"),
            Subtask("place the banana", "target", None),
        )

    def draw(self, rng: np.random.Generator) -> InitialState:
        banana, target = self.region.draw(rng, [fruit.LENGTH / 2, self.target_diameter / 2])
        poses = {
            "banana": standing(banana, fruit.THICKNESS / 2, rng.uniform(-np.pi, np.pi)),
            "target": standing(target, 0.0, 0.0),
        }
        return InitialState(poses, self.arm.draw(rng), GRIPPER_WIDTH)

    def success(self, observation: Observation) -> bool:
        banana = observation.object_poses["banana"][:3, 3]
        target = observation.object_poses["target"][:3, 3]
        on_target = np.linalg.norm(banana[:2] - target[:2]) <= self.tolerance
        low = banana[2] <= fruit.THICKNESS / 2 + _SETTLED
        return bool(
            on_target
            and low
            and released(observation, "banana", _WITHDRAWN)
            and at_rest(observation, "banana")
        )

    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        return {"grasp": int(held(observation, "banana"))}
