"""An expert that goes through phases, each a pose to reach and an opening of the gripper."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.control.rotations import rotation_matrix, rotation_vector
from reald2iff_sim.experts.base import Expert
from reald2iff_sim.simulator import Observation

Array = NDArray[np.float64]

_ALIGNED = 0.04  # radians
_TURN = 0.08  # radians per step, at most
_SLOW_DOWN = 0.3  # share of the remaining way that one step covers, at most


@dataclass(frozen=True)
class Phase:
    """A stretch of the way.

    Attributes:
        name: For displays.
        goal: ``T_world_eef (4, 4)`` to reach, from the observation.
        speed: Metres per step.
        width: Opening of the gripper, metres.
        arrived: The phase may end when the end effector is within this of the goal, metres.
        steps: It lasts this many steps or more, e.g. for the fingers to close.
        follows: The goal is found anew at every step, not only at the first.
    """

    name: str
    goal: Callable[[Observation], Array]
    speed: float
    width: float
    arrived: float = 0.004
    steps: int = 0
    follows: bool = False


class PhasedExpert(Expert):
    """Goes through the phases of `plan`; in the last one it stays.

    It moves a copy of the simulator's target pose from step to step, so that the arm's lag behind its
    target does not feed back into the actions.
    """

    def __init__(self, actions: ActionSpace | None = None) -> None:
        self._actions = actions or ActionSpace()
        self.reset(np.random.default_rng(0))

    @abstractmethod
    def plan(self, rng: np.random.Generator) -> Sequence[Phase]:
        """Phases of an episode, done in a way that ``rng`` draws."""

    def reset(self, rng: np.random.Generator) -> None:
        self._phases = tuple(self.plan(rng))
        self._index = self._steps = 0
        self._target: Array | None = None
        self._goal: Array | None = None

    @property
    def phase(self) -> str:  # type: ignore[override]
        return self._phases[self._index].name

    def act(self, observation: Observation) -> Array:
        if self._target is None:
            self._target = observation.eef_pose.copy()
        goal = self._advance(observation)
        phase = self._phases[self._index]
        target = _towards(self._target, goal, phase.speed)
        action = self._actions.action(self._target, target, phase.width)
        self._target = self._actions.target_pose(self._target, action)
        self._steps += 1
        return action

    def _advance(self, observation: Observation) -> Array:
        """Enter the next phase when this one's end is observed; the present goal."""
        goal = self._present_goal(observation)
        phase = self._phases[self._index]
        way = np.linalg.norm(observation.eef_pose[:3, 3] - goal[:3, 3])
        turn = np.linalg.norm(rotation_vector(goal[:3, :3] @ observation.eef_pose[:3, :3].T))
        over = way < phase.arrived and turn < max(_ALIGNED, 5 * phase.arrived) and self._steps >= phase.steps
        if not over or self._index == len(self._phases) - 1:
            return goal
        self._index, self._steps, self._goal = self._index + 1, 0, None
        return self._present_goal(observation)

    def _present_goal(self, observation: Observation) -> Array:
        phase = self._phases[self._index]
        if self._goal is None or phase.follows:
            self._goal = phase.goal(observation)
        return self._goal


def raised(pose: Array, height: float) -> Array:
    """``pose`` moved up by ``height`` metres."""
    up = pose.copy()
    up[2, 3] += height
    return up


def nearest_turn(yaw: float, period: float, preferred: float = 0.0) -> float:
    """Of ``yaw`` plus whole multiples of ``period``, the angle nearest to ``preferred``; radians."""
    return preferred + (yaw - preferred + period / 2) % period - period / 2


def yaw_of(pose: Array) -> float:
    """Angle of the pose's x axis about the vertical, radians."""
    return float(np.arctan2(pose[1, 0], pose[0, 0]))


def _towards(start: Array, goal: Array, speed: float) -> Array:
    """``start`` moved towards ``goal`` by at most ``speed`` metres, slowing down before it."""
    step = np.eye(4)
    way = goal[:3, 3] - start[:3, 3]
    distance = float(np.linalg.norm(way))
    stride = min(speed, max(_SLOW_DOWN * distance, 0.001), distance)
    step[:3, 3] = start[:3, 3] + (way * stride / distance if distance > 0 else 0.0)
    turn = rotation_vector(goal[:3, :3] @ start[:3, :3].T)
    angle = float(np.linalg.norm(turn))
    share = min(_TURN, max(_SLOW_DOWN * angle, 0.01), angle) / angle if angle > 0 else 0.0
    step[:3, :3] = rotation_matrix(turn * share) @ start[:3, :3]
    return step
