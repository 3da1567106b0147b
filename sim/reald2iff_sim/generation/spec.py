"""How each subtask is generated; the defaults of the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.tasks.base import Task

Strategy = Literal["random", "nearest_neighbor_object", "nearest_neighbor_robot_distance"]

TURN = 2 * np.pi
QUARTER = np.pi / 2


@dataclass(frozen=True)
class SubtaskSpec:
    """Generation of one subtask, in MimicGen's terms.

    Attributes:
        offset: The segment ends this many steps after its signal, drawn from low to high, both included.
            Unused for the last subtask, which ends with its demonstration.
        strategy: How its source is chosen; None = the source of the subtask before.
        nearest: A nearest-neighbour strategy draws from this many.
        symmetry: The object looks alike after a turn by this about its z axis, radians; 0 = after any turn.
        flips: A hand turned by half about its fingers does as well.
    """

    offset: tuple[int, int] = (5, 10)
    strategy: Strategy | None = "nearest_neighbor_object"
    nearest: int = 3
    symmetry: float = TURN
    flips: bool = False

    def __post_init__(self) -> None:
        if self.strategy is not None and self.strategy not in get_args(Strategy):
            raise InvalidParameterError(
                f"strategy {self.strategy!r}: expected one of {', '.join(get_args(Strategy))}"
            )
        if not 0 <= self.offset[0] <= self.offset[1]:
            raise InvalidParameterError(f"offset = {self.offset}: expected 0 <= low <= high, in steps")
        if self.nearest < 1:
            raise InvalidParameterError(f"nearest = {self.nearest}: expected 1 or more")
        if not 0 <= self.symmetry <= TURN + 1e-9:
            raise InvalidParameterError(f"symmetry = {self.symmetry}: expected 0 to a full turn, radians")


_PLACE = SubtaskSpec(strategy="nearest_neighbor_robot_distance", symmetry=0.0)
_LIFTED = (9, 13)  # steps from the grasp until the object is clear of what stands around

_SPECS: dict[str, tuple[SubtaskSpec, ...]] = {
    "pick_cube": (
        # Cut before it is lifted: the way up is relative to where the cube is at the cut.
        SubtaskSpec(offset=(0, 2), symmetry=QUARTER),
        SubtaskSpec(strategy=None, symmetry=QUARTER),
    ),
    "place_banana": (SubtaskSpec(offset=_LIFTED, flips=True), _PLACE),
    "can_to_plate": (SubtaskSpec(offset=_LIFTED, symmetry=0.0), _PLACE),
    "stack_cube": (
        SubtaskSpec(offset=_LIFTED, symmetry=QUARTER),
        SubtaskSpec(strategy="nearest_neighbor_robot_distance", symmetry=QUARTER),
    ),
}


def subtask_specs(task: Task) -> tuple[SubtaskSpec, ...]:
    """One for each of the task's subtasks; of a task that is not known here, the defaults."""
    return _SPECS.get(task.name, (SubtaskSpec(),) * len(task.subtasks))
