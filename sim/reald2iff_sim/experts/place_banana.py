"""Scripted expert for Place Banana: grasp it across its middle, set it down on the mark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.experts.grasp import GraspStyle, grasp_phases, grasp_yaw, place_phases
from reald2iff_sim.experts.motion import Phase, PhasedExpert
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks import banana as fruit
from reald2iff_sim.tasks.base import Array
from reald2iff_sim.tasks.place_banana import PlaceBanana
from reald2iff_sim.tasks.starts import reaching_down

_CARRIED = 0.08  # metres above the table
_DROP = 0.002  # metres above its rest at which it is let go


class PlaceBananaExpert(PhasedExpert):
    """It keeps the banana turned as it was found."""

    def __init__(
        self,
        task: PlaceBanana | None = None,
        actions: ActionSpace | None = None,
        style: GraspStyle | None = None,
    ) -> None:
        self._task = task or PlaceBanana()
        self._style = style or GraspStyle()
        super().__init__(actions)

    def plan(self, rng: np.random.Generator) -> Sequence[Phase]:
        offset = self._style.draw_offset(rng)
        miss = self._style.draw_offset(rng)

        def grasp(observation: Observation) -> Array:
            banana = observation.object_poses["banana"]
            return reaching_down(banana[:3, 3] + offset, grasp_yaw(observation, banana, np.pi))

        def place(observation: Observation) -> Array:
            pose = observation.object_poses["banana"].copy()
            pose[:3, 3] = observation.object_poses["target"][:3, 3] + miss
            pose[2, 3] = fruit.THICKNESS / 2 + _DROP
            return pose

        return (
            *grasp_phases(self._style, rng, grasp),
            *place_phases(self._style, rng, "banana", place, _CARRIED),
        )
