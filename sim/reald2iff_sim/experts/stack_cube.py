"""Scripted expert for Stack Cube: grasp the red cube, set it on the green one, faces parallel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.experts.grasp import GraspStyle, grasp_phases, grasp_yaw, place_phases
from reald2iff_sim.experts.motion import Phase, PhasedExpert, nearest_turn, yaw_of
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import Array
from reald2iff_sim.tasks.stack_cube import StackCube
from reald2iff_sim.tasks.starts import reaching_down, standing

_CARRIED = 0.06  # metres above its place
_DROP = 0.002


class StackCubeExpert(PhasedExpert):
    """Both cubes are taken at the pair of faces that asks for the smallest turn of the hand."""

    def __init__(
        self,
        task: StackCube | None = None,
        actions: ActionSpace | None = None,
        style: GraspStyle | None = None,
    ) -> None:
        self._task = task or StackCube()
        self._style = style or GraspStyle()
        super().__init__(actions)

    def plan(self, rng: np.random.Generator) -> Sequence[Phase]:
        offset = self._style.draw_offset(rng)
        miss = self._style.draw_offset(rng)
        above = (self._task.upper_size + self._task.lower_size) / 2

        def grasp(observation: Observation) -> Array:
            cube = observation.object_poses["red_cube"]
            return reaching_down(cube[:3, 3] + offset, grasp_yaw(observation, cube, np.pi / 2))

        def place(observation: Observation) -> Array:
            red, green = (observation.object_poses[name] for name in ("red_cube", "green_cube"))
            place = green[:3, 3] + miss
            hand = grasp_yaw(observation, green, np.pi / 2)
            # As the red cube lies in the hand, it is turned by the hand's turn and quarters.
            turn = nearest_turn(hand, np.pi / 2, preferred=yaw_of(red))
            return standing(place[:2], place[2] + above + _DROP, turn)

        return (
            *grasp_phases(self._style, rng, grasp),
            *place_phases(self._style, rng, "red_cube", place, _CARRIED),
        )
