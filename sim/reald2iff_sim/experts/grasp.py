"""Grasping from above and setting down again, as phases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.experts.motion import Array, Phase, nearest_turn, raised, yaw_of
from reald2iff_sim.simulator import Observation

_CLOSING_STEPS = 9  # 45 mm at 0.1 m/s
_OPENING_STEPS = 6
_PASSING = 0.02  # metres; nearer than this a waypoint in the air counts as reached

Goal = Callable[[Observation], Array]


@dataclass(frozen=True)
class GraspStyle:
    """Ranges that each episode's way of doing it is drawn from.

    Attributes:
        hover: Height above the grasp before the descent, metres.
        approach_speed: Metres per step.
        descend_speed: Metres per step.
        lift_speed: Metres per step.
        offset: Greatest distance of the grasp from its nominal place along x and along y, metres.
    """

    hover: tuple[float, float] = (0.08, 0.12)
    approach_speed: tuple[float, float] = (0.010, 0.018)
    descend_speed: tuple[float, float] = (0.006, 0.010)
    lift_speed: tuple[float, float] = (0.007, 0.011)
    offset: float = 0.004

    def __post_init__(self) -> None:
        for name in ("hover", "approach_speed", "descend_speed", "lift_speed"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise InvalidParameterError(f"{name} = {(low, high)}: expected 0 < low <= high")

    def draw_offset(self, rng: np.random.Generator) -> Array:
        """``(3,)`` metres, level."""
        return np.array([*rng.uniform(-self.offset, self.offset, 2), 0.0])


def grasp_phases(style: GraspStyle, rng: np.random.Generator, grasp: Goal) -> tuple[Phase, ...]:
    """Approach over ``grasp``, descend to it, close the fingers."""
    hover = rng.uniform(*style.hover)
    approach, descend = rng.uniform(*style.approach_speed), rng.uniform(*style.descend_speed)
    return (
        Phase("approach", lambda o: raised(grasp(o), hover), approach, GRIPPER_WIDTH, follows=True),
        Phase("descend", grasp, descend, GRIPPER_WIDTH, follows=True),
        Phase("close", lambda o: o.eef_pose, 0.001, 0.0, arrived=np.inf, steps=_CLOSING_STEPS),
    )


def place_phases(
    style: GraspStyle, rng: np.random.Generator, name: str, place: Goal, clearance: float
) -> tuple[Phase, ...]:
    """Lift the object held, carry it over its place, set it down, open the fingers, withdraw upwards.

    Args:
        style: Speeds.
        rng: Draws from the style.
        name: Of the object.
        place: ``T_world_object (4, 4)`` that it is set down at, from the observation.
        clearance: Height above its place at which it is carried there, metres.
    """
    carry, lower = rng.uniform(*style.approach_speed), rng.uniform(*style.descend_speed)
    lift, withdraw = rng.uniform(*style.lift_speed), rng.uniform(*style.lift_speed)

    def hand(observation: Observation) -> Array:
        """Where the hand is when the object, as it lies in the hand, is at its place."""
        grasp = np.linalg.inv(observation.object_poses[name]) @ observation.eef_pose
        return place(observation) @ grasp

    def above(observation: Observation) -> Array:
        height = clearance + hand(observation)[2, 3] - observation.eef_pose[2, 3]
        return raised(observation.eef_pose, max(0.0, height))

    return (
        Phase("lift", above, lift, 0.0, arrived=_PASSING),
        Phase("carry", lambda o: raised(hand(o), clearance), carry, 0.0, follows=True),
        Phase("lower", hand, lower, 0.0),
        Phase("open", lambda o: o.eef_pose, 0.001, GRIPPER_WIDTH, arrived=np.inf, steps=_OPENING_STEPS),
        Phase("withdraw", lambda o: raised(o.eef_pose, clearance + 0.05), withdraw, GRIPPER_WIDTH),
    )


def grasp_yaw(observation: Observation, pose: Array, period: float) -> float:
    """Turn of the hand, radians, for fingers along an object's y axis.

    The object looks alike after each turn by ``period``. Nearest to the hand's neutral turn (0), not its
    present one: far from joint 7's limits. Where two are about as near, the one on the hand's side.
    """
    yaw = nearest_turn(yaw_of(pose), period)
    if abs(yaw) > 0.45 * period:
        present = yaw_of(observation.eef_pose)
        yaw = min((yaw, yaw - np.sign(yaw) * period), key=lambda angle: abs(angle - present))
    return yaw
