"""Can-to-Plate: put a can upright on a plate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import InitialState, Subtask, Task
from reald2iff_sim.tasks.objects import ObjectSpec
from reald2iff_sim.tasks.pick_cube import require_graspable
from reald2iff_sim.tasks.predicates import at_rest, held, released, upright
from reald2iff_sim.tasks.starts import ArmStart, TableRegion, standing
from reald2iff_sim.tasks.tableware import PLATE_THICKNESS, can, plate, plate_floor

_PLATE_HEIGHT = 0.02
_WITHDRAWN = 0.10  # metres between the end effector and the can's middle
_TILT = 0.15  # radians
_SETTLED = 0.006  # metres that the can may stand higher or lower than on the plate's floor


@dataclass(frozen=True)
class CanToPlate(Task):
    """A can is to stand on the flat inside of a plate, let go of.

    Attributes:
        can_diameter: Metres.
        can_height: Metres.
        can_mass: Kilograms.
        plate_diameter: Metres.
        plate_mass: Kilograms.
        region: Where can and plate start.
        arm: Where the arm starts.
    """

    name: ClassVar[str] = "can_to_plate"
    max_steps: ClassVar[int] = 300

    can_diameter: float = 0.056
    can_height: float = 0.09
    can_mass: float = 0.20
    plate_diameter: float = 0.21
    plate_mass: float = 0.40
    region: TableRegion = field(default_factory=TableRegion)
    arm: ArmStart = field(default_factory=ArmStart)

    def __post_init__(self) -> None:
        require_graspable("can_diameter", self.can_diameter)
        if plate_floor(self.plate_diameter) <= self.can_diameter:
            raise InvalidParameterError(
                f"plate_diameter = {self.plate_diameter} m: expected a flat inside "
                f"({plate_floor(self.plate_diameter):.3f} m) wider than the can ({self.can_diameter} m)"
            )

    @property
    def language(self) -> str:
        return "put the can on the plate"

    @property
    def objects(self) -> tuple[ObjectSpec, ...]:
        return (
            can("can", self.can_diameter, self.can_height, self.can_mass),
            plate("plate", self.plate_diameter, _PLATE_HEIGHT, self.plate_mass),
        )

    @property
    def subtasks(self) -> tuple[Subtask, ...]:
        return (Subtask("grasp the can", "can", "grasp"), Subtask("place the can", "plate", None))

    @property
    def standing_height(self) -> float:
        """Of the can's middle above the plate's frame when it stands on it, metres."""
        return PLATE_THICKNESS + self.can_height / 2

    def draw(self, rng: np.random.Generator) -> InitialState:
        # With room for an open finger between the two.
        tin, dish = self.region.draw(rng, [self.can_diameter / 2 + 0.03, self.plate_diameter / 2])
        poses = {
            "can": standing(tin, self.can_height / 2, rng.uniform(-np.pi, np.pi)),
            "plate": standing(dish, 0.0, rng.uniform(-np.pi, np.pi)),
        }
        return InitialState(poses, self.arm.draw(rng), GRIPPER_WIDTH)

    def success(self, observation: Observation) -> bool:
        poses = observation.object_poses
        x, y, z = (np.linalg.inv(poses["plate"]) @ poses["can"])[:3, 3]
        inside = np.hypot(x, y) <= (plate_floor(self.plate_diameter) - self.can_diameter) / 2
        return bool(
            inside
            and abs(z - self.standing_height) <= _SETTLED
            and upright(observation, "can", _TILT)
            and released(observation, "can", _WITHDRAWN - self.can_height / 2)
            and at_rest(observation, "can")
            and at_rest(observation, "plate")
        )

    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        return {"grasp": int(held(observation, "can"))}
