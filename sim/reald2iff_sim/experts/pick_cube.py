"""Scripted expert for Pick Cube: approach from above, descend, close, lift, hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.experts.grasp import GraspStyle, grasp_phases, grasp_yaw
from reald2iff_sim.experts.motion import Phase, PhasedExpert, raised
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import Array
from reald2iff_sim.tasks.pick_cube import PickCube
from reald2iff_sim.tasks.starts import reaching_down

_OVERLIFT = 0.03  # metres above what success asks for


class PickCubeExpert(PhasedExpert):
    """Fingers down, across the pair of faces that asks for the smallest turn of the hand."""

    def __init__(
        self,
        task: PickCube | None = None,
        actions: ActionSpace | None = None,
        style: GraspStyle | None = None,
    ) -> None:
        self._task = task or PickCube()
        self._style = style or GraspStyle()
        super().__init__(actions)

    def plan(self, rng: np.random.Generator) -> Sequence[Phase]:
        offset = self._style.draw_offset(rng)

        def grasp(observation: Observation) -> Array:
            cube = observation.object_poses["cube"]
            return reaching_down(cube[:3, 3] + offset, grasp_yaw(observation, cube, np.pi / 2))

        height = self._task.lift_height + _OVERLIFT
        return (
            *grasp_phases(self._style, rng, grasp),
            Phase(
                "lift",
                lambda observation: raised(observation.eef_pose, height),
                rng.uniform(*self._style.lift_speed),
                0.0,
            ),
        )
