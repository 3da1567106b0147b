"""Scripted expert for Pick Cube: approach from above, descend, close, lift, hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.experts.base import Expert
from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.base import Array
from reald2iff_sim.tasks.pick_cube import PickCube

_ARRIVED = 0.004  # metres
_ALIGNED = 0.04  # radians
_CLOSING_STEPS = 9  # 45 mm at 0.1 m/s
_TURN = 0.08  # radians per step, at most
_SLOW_DOWN = 0.3  # share of the remaining way that one step covers, at most
_OVERLIFT = 0.03  # metres above what success asks for


@dataclass(frozen=True)
class PickCubeStyle:
    """Ranges that each episode's way of doing it is drawn from.

    Attributes:
        hover: Height of the fingers above the cube's centre before the descent, metres.
        approach_speed: Metres per step.
        descend_speed: Metres per step.
        lift_speed: Metres per step.
        grasp_offset: Greatest distance of the grasp from the cube's centre along x and along y, metres.
    """

    hover: tuple[float, float] = (0.08, 0.12)
    approach_speed: tuple[float, float] = (0.010, 0.018)
    descend_speed: tuple[float, float] = (0.006, 0.010)
    lift_speed: tuple[float, float] = (0.007, 0.011)
    grasp_offset: float = 0.004

    def __post_init__(self) -> None:
        for name in ("hover", "approach_speed", "descend_speed", "lift_speed"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise InvalidParameterError(f"{name} = {(low, high)}: expected 0 < low <= high")


class PickCubeExpert(Expert):
    """State machine over the phases approach, descend, close, lift.

    It moves a copy of the simulator's target pose from step to step, so that the arm's lag behind its
    target does not feed back into the actions.
    """

    def __init__(
        self,
        task: PickCube | None = None,
        actions: ActionSpace | None = None,
        style: PickCubeStyle | None = None,
    ) -> None:
        self._task = task or PickCube()
        self._actions = actions or ActionSpace()
        self._style = style or PickCubeStyle()
        self.reset(np.random.default_rng(0))

    def reset(self, rng: np.random.Generator) -> None:
        style = self._style
        self._hover = rng.uniform(*style.hover)
        self._speed = {
            "approach": rng.uniform(*style.approach_speed),
            "descend": rng.uniform(*style.descend_speed),
            "close": 0.0,
            "lift": rng.uniform(*style.lift_speed),
        }
        self._offset = np.array([*rng.uniform(-style.grasp_offset, style.grasp_offset, 2), 0.0])
        self.phase = "approach"
        self._target: Array | None = None
        self._grasp = np.eye(4)
        self._closing = 0

    def act(self, observation: Observation) -> Array:
        if self._target is None:
            self._target = observation.eef_pose.copy()
        if self.phase in ("approach", "descend"):
            self._grasp = self._grasp_pose(observation)
        self._advance(observation)
        goal = self._goal()
        target = self._towards(self._target, goal, self._speed[self.phase])
        width = GRIPPER_WIDTH if self.phase in ("approach", "descend") else 0.0
        action = self._actions.action(self._target, target, width)
        self._target = self._actions.target_pose(self._target, action)
        return action

    def _goal(self) -> Array:
        goal = self._grasp.copy()
        if self.phase == "approach":
            goal[2, 3] += self._hover
        elif self.phase == "lift":
            goal[2, 3] += self._task.lift_height + _OVERLIFT
        return goal

    def _advance(self, observation: Observation) -> None:
        """Enter the next phase when this one's end is observed."""
        if self.phase == "close":
            self._closing += 1
            if self._closing > _CLOSING_STEPS:
                self.phase = "lift"
            return
        goal = self._goal()
        near = np.linalg.norm(observation.eef_pose[:3, 3] - goal[:3, 3]) < _ARRIVED
        turn = Rotation.from_matrix(goal[:3, :3] @ observation.eef_pose[:3, :3].T).magnitude()
        if near and turn < _ALIGNED:
            self.phase = {"approach": "descend", "descend": "close", "lift": "lift"}[self.phase]

    def _grasp_pose(self, observation: Observation) -> Array:
        """Fingers down, across the pair of faces that asks for the smallest turn of the hand."""
        cube = observation.object_poses["cube"]
        cube_yaw = np.arctan2(cube[1, 0], cube[0, 0])
        hand_yaw = np.arctan2(observation.eef_pose[1, 0], observation.eef_pose[0, 0])
        quarter = np.pi / 2
        # Nearest to the hand's neutral yaw (0), not its present one: far from joint 7's limits.
        yaw = (cube_yaw + quarter / 2) % quarter - quarter / 2
        if abs(yaw) > 0.9 * quarter / 2:  # either way is as far: keep to the side that the hand is on
            yaw = min((yaw, yaw - np.sign(yaw) * quarter), key=lambda angle: abs(angle - hand_yaw))
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_euler("ZX", [yaw, np.pi]).as_matrix()
        pose[:3, 3] = cube[:3, 3] + self._offset
        return pose

    @staticmethod
    def _towards(start: Array, goal: Array, speed: float) -> Array:
        """``start`` moved towards ``goal`` by at most ``speed`` metres, slowing down before it."""
        step = np.eye(4)
        way = goal[:3, 3] - start[:3, 3]
        distance = float(np.linalg.norm(way))
        stride = min(speed, max(_SLOW_DOWN * distance, 0.001), distance)
        step[:3, 3] = start[:3, 3] + (way * stride / distance if distance > 0 else 0.0)
        turn = Rotation.from_matrix(goal[:3, :3] @ start[:3, :3].T).as_rotvec()
        angle = float(np.linalg.norm(turn))
        share = min(_TURN, max(_SLOW_DOWN * angle, 0.01), angle) / angle if angle > 0 else 0.0
        step[:3, :3] = (Rotation.from_rotvec(turn * share) * Rotation.from_matrix(start[:3, :3])).as_matrix()
        return step
