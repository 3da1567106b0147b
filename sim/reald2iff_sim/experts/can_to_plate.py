"""Scripted expert for Can-to-Plate: grasp the can at its upper end, stand it on the plate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.experts.grasp import GraspStyle, grasp_phases, place_phases
from reald2iff_sim.experts.motion import Phase, PhasedExpert, yaw_of
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import Array
from reald2iff_sim.tasks.can_to_plate import CanToPlate
from reald2iff_sim.tasks.starts import reaching_down, standing

_BELOW_TOP = 0.028  # metres from the can's upper end to the grasp
_CARRIED = 0.06  # metres above its place
_DROP = 0.002
_YAW = 0.4  # radians; a can looks alike from every side


class CanToPlateExpert(PhasedExpert):
    """Fingers down; the hand's turn is drawn."""

    def __init__(
        self,
        task: CanToPlate | None = None,
        actions: ActionSpace | None = None,
        style: GraspStyle | None = None,
    ) -> None:
        self._task = task or CanToPlate()
        self._style = style or GraspStyle()
        super().__init__(actions)

    def plan(self, rng: np.random.Generator) -> Sequence[Phase]:
        offset = self._style.draw_offset(rng)
        offset[2] = self._task.can_height / 2 - _BELOW_TOP
        miss = self._style.draw_offset(rng)
        yaw = rng.uniform(-_YAW, _YAW)

        def grasp(observation: Observation) -> Array:
            return reaching_down(observation.object_poses["can"][:3, 3] + offset, yaw)

        def place(observation: Observation) -> Array:
            place = observation.object_poses["plate"][:3, 3] + miss
            height = place[2] + self._task.standing_height + _DROP
            return standing(place[:2], height, yaw_of(observation.object_poses["can"]))

        return (
            *grasp_phases(self._style, rng, grasp),
            *place_phases(self._style, rng, "can", place, _CARRIED),
        )
