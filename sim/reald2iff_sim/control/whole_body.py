"""Whole-body control: joint motion that follows a pose of the end effector, within the arm's limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError, InvalidParameterError, SimulationError
from reald2iff_sim.control.arm_model import ArmModel, manipulability_gradient
from reald2iff_sim.control.limits import (
    HOME_JOINTS,
    JOINT_ACCELERATION,
    JOINT_JERK,
    JOINT_LOWER,
    JOINT_UPPER,
    braking_bounds,
)
from reald2iff_sim.control.reference import PoseReference, approach_speed
from reald2iff_sim.control.rotations import rotation_matrix, rotation_vector

try:
    import daqp
except ModuleNotFoundError as error:
    raise DependencyError("the arm's control needs daqp: pip install 'reald2iff-ros[sim]'") from error

Array = NDArray[np.float64]

_SOFT = 8  # daqp: may be violated, at a price
_DAMPING = 1e-4
_SINGULAR = 1e-3  # singular values of the Jacobian below this count as this
_WHOLE = 0.99
_SOLVED = (1, 2)  # optimal; optimal with soft constraints violated


@dataclass(frozen=True)
class ControlConfig:
    """Weights and limits of `WholeBodyController`.

    Attributes:
        rate: Solutions per second of simulated time.
        bandwidth: Of the filter that smooths the target pose, rad/s; the hand lags 3 / bandwidth behind.
        max_speed: Of the smoothed pose, m/s and rad/s.
        max_acceleration: Of the smoothed pose, m/s2 and rad/s2; what the joints can follow.
        feedback: Share of the error to the smoothed pose that is made up for, per second.
        orientation_cost: Of 1 rad/s, against 1 for 1 m/s.
        self_motion_cost: Of 1 rad/s of the elbow off what posture and manipulability ask for.
        posture_gain: Pull of the elbow to `HOME_JOINTS`, 1/s.
        manipulability_gain: Pull of the elbow away from singular poses, rad2/s.
        limit_scale: Share of the robot's velocity, acceleration and jerk limits that is used.
        clearance: Least distance between arm, hand and table, metres.
        detection: Distance at which approaching them begins to be limited, metres.
        approach_gain: Greatest speed of approach, per metre of distance above the clearance, 1/s.
        slowing_cost: Of a lower speed along the same way, against being off it.
        max_lead: The smoothed pose runs ahead of an arm that limits hold up by no more than this, metres and
            radians.
    """

    rate: float = 100.0
    bandwidth: float = 40.0
    max_speed: tuple[float, float] = (1.0, 2.25)
    max_acceleration: tuple[float, float] = (4.0, 8.0)
    feedback: float = 20.0
    orientation_cost: float = 0.1
    self_motion_cost: float = 0.02
    posture_gain: float = 0.8
    manipulability_gain: float = 0.2
    limit_scale: float = 0.9
    clearance: float = 0.001
    detection: float = 0.10
    approach_gain: float = 10.0
    slowing_cost: float = 0.02
    max_lead: tuple[float, float] = (0.02, 0.1)

    def __post_init__(self) -> None:
        positive = ("rate", "bandwidth", "feedback", "approach_gain", "orientation_cost", "self_motion_cost")
        for name in positive:
            if getattr(self, name) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected more than 0")
        if not 0 < self.limit_scale <= 1:
            raise InvalidParameterError(f"limit_scale = {self.limit_scale}: expected (0, 1]")
        if not 0 <= self.clearance < self.detection:
            raise InvalidParameterError(
                f"clearance, detection = {self.clearance}, {self.detection} m: "
                "expected 0 <= clearance < detection"
            )
        for name in ("max_speed", "max_acceleration", "max_lead"):
            if min(getattr(self, name)) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected two positive values")


class WholeBodyController:
    """Integrates joint positions and velocities; the servos follow them.

    The target is smoothed by `PoseReference`. In every period a quadratic programme over the joint
    velocities v (at the period's end; the acceleration within it is constant) and a share s of the speed
    minimises

        |J v - s twist|^2 + slowing_cost |twist|^2 (1 - s)^2 + self_motion_cost (n v - e)^2 + damping |v|^2

    where twist is the smoothed pose's own plus feedback, n spans the null space of J, and e moves the elbow
    towards the home posture and up the gradient of the logarithm of manipulability. Bounds on v are the
    limits of joint position (braking distance), velocity, acceleration and, where those leave room, jerk.
    Distances to the table and between hand, lower and upper arm give soft rows, so that there always is a
    solution. Where the limits do not allow the twist, the arm goes slower along the same way, and the
    smoothed pose waits for it.

    Against the differential inverse kinematics that it replaces (one step to the target per period, 40
    rad/s2, constant velocities in between) it keeps the FR3's own 10 rad/s2, and the expert's episodes, which
    last as long, have a sixth of the joint jerk (`reald2iff bench sim` measures it).
    """

    STATE_SIZE = 21 + PoseReference.STATE_SIZE

    def __init__(self, config: ControlConfig | None = None) -> None:
        self.config = c = config or ControlConfig()
        self._period = 1.0 / c.rate
        self._arm = ArmModel(c.clearance, c.detection, c.approach_gain)
        self._reference = PoseReference(c.bandwidth, self._period, c.max_speed, c.max_acceleration)
        self._weights = np.array([1.0] * 3 + [c.orientation_cost] * 3)
        self.reset(HOME_JOINTS)

    @property
    def pose(self) -> Array:
        """``T_world_eef (4, 4)`` at the present joint positions."""
        return self._arm.pose

    @property
    def manipulability(self) -> float:
        """Yoshikawa's measure at the present joint positions, m3."""
        jacobian = self._arm.jacobian()
        return float(np.sqrt(np.linalg.det(jacobian @ jacobian.T)))

    def solve(self, target: Array) -> Array:
        """Be at rest where the end effector is at ``T_world_eef (4, 4)``; returns the joint positions, rad.

        Raises:
            SimulationError: if it cannot be reached.
        """
        self.reset(self._arm.solve(target))
        return self.joints.copy()

    def reset(self, joints: Array) -> None:
        """Be at rest at ``joints (7,)`` rad, clipped to the position limits."""
        self._move(np.clip(joints, JOINT_LOWER, JOINT_UPPER), np.zeros(7))
        self.acceleration = np.zeros(7)
        self._reference.go_on(self.pose, np.zeros(6))

    def step(self, target: Array) -> None:
        """One period on the way to ``target``, ``T_world_eef (4, 4)``."""
        self._reference.step(target)
        jacobian = self._arm.jacobian()
        twist = self._reference.twist + self.config.feedback * pose_error(self.pose, self._reference.pose)
        velocity, share = self._solve(jacobian, twist)
        self._go(velocity)
        if share < _WHOLE:
            self._slow_down(share)

    def step_joints(self, goal: Array) -> None:
        """One period on the way to joint positions ``goal (7,)`` rad, whatever may be in the way."""
        c = self.config
        way = goal - self.joints
        braking = c.limit_scale * JOINT_ACCELERATION / 2
        speed = np.sign(way) * approach_speed(np.abs(way), c.bandwidth / 3, braking)
        wanted = c.bandwidth * (speed - self.velocity)
        self._go(np.clip(self.velocity + self._period * wanted, *self._velocity_bounds()))
        self._reference.go_on(self.pose, self._arm.jacobian() @ self.velocity)

    def hold_back(self, measured: Array, reach: Array) -> None:
        """Stay within ``reach (7,)`` rad of the ``measured (7,)`` positions: something is in the way."""
        held = np.clip(self.joints, measured - reach, measured + reach)
        if (held != self.joints).any():
            self._move(held, np.where(held == self.joints, self.velocity, 0.0))

    def get_state(self) -> Array:
        """``(STATE_SIZE,)``: all that the next step depends on."""
        return np.concatenate([self.joints, self.velocity, self.acceleration, self._reference.get_state()])

    def set_state(self, state: Array) -> None:
        """Take over what `get_state` returned."""
        self._move(state[:7].copy(), state[7:14].copy())
        self.acceleration = state[14:21].copy()
        self._reference.set_state(state[21:])

    def pose_at(self, joints: Array) -> Array:
        """``T_world_eef (4, 4)`` at ``joints (7,)`` rad."""
        self._arm.move(joints)
        pose = self._arm.pose
        self._arm.move(self.joints)
        return pose

    def _move(self, joints: Array, velocity: Array) -> None:
        self.joints, self.velocity = joints, velocity
        self._arm.move(joints)

    def _go(self, velocity: Array) -> None:
        """To ``velocity`` at the period's end, evenly accelerated."""
        self.acceleration = (velocity - self.velocity) / self._period
        joints = self.joints + self._period * (self.velocity + velocity) / 2
        self._move(np.clip(joints, JOINT_LOWER, JOINT_UPPER), velocity)

    def _velocity_bounds(self) -> tuple[Array, Array]:
        """Least and greatest ``(7,)`` rad/s at the period's end; braking outranks acceleration, that jerk."""
        scale = self.config.limit_scale
        change = scale * JOINT_ACCELERATION
        jolt = scale * JOINT_JERK * self._period
        slowest, fastest = braking_bounds(self.joints, self._period, scale)
        least = np.maximum(-change, np.minimum(self.acceleration - jolt, change))
        most = np.minimum(change, np.maximum(self.acceleration + jolt, -change))
        low = np.clip(self.velocity + self._period * least, slowest, fastest)
        high = np.clip(self.velocity + self._period * most, slowest, fastest)
        return low, high

    def _solve(self, jacobian: Array, twist: Array) -> tuple[Array, float]:
        """Velocities ``(7,)`` rad/s at the period's end, and the share of ``twist`` that they are after."""
        c = self.config
        left, values, right = np.linalg.svd(jacobian)
        null, inverse = right[6], right[:6].T @ (left / np.maximum(values, _SINGULAR)).T
        uphill = c.manipulability_gain * manipulability_gradient(jacobian, inverse)
        elbow = null @ (c.posture_gain * (HOME_JOINTS - self.joints) + uphill)
        # Unknowns are v and the share; the residual of the twist is `toward @ unknowns`.
        toward = np.column_stack([jacobian, -twist])
        weighted = toward.T * self._weights
        hessian = weighted @ toward
        hessian[:7, :7] += c.self_motion_cost * np.outer(null, null) + _DAMPING * np.eye(7)
        slowing = c.slowing_cost * (twist * self._weights) @ twist + _DAMPING
        hessian[7, 7] += slowing
        linear = np.append(-c.self_motion_cost * elbow * null, -slowing)
        low, high = self._velocity_bounds()
        rows, bounds = self._arm.collision_rows()
        unknowns, _, flag, _ = daqp.solve(
            hessian,
            linear,
            np.column_stack([rows, np.zeros(len(rows))]),
            np.concatenate([high, [1.0], bounds]),
            np.concatenate([low, [0.0], np.full(len(bounds), -np.inf)]),
            np.concatenate([np.zeros(8), np.full(len(bounds), _SOFT)]).astype(np.int32),
        )
        if flag not in _SOLVED:
            raise SimulationError(
                f"no joint velocities found (daqp flag {flag}) at {self.joints.round(4)} rad"
            )
        return np.clip(unknowns[:7], low, high), float(unknowns[7])

    def _slow_down(self, share: float) -> None:
        """Where limits hold the arm up, its smoothed pose waits for it."""
        error = pose_error(self.pose, self._reference.pose)
        far = np.linalg.norm(error.reshape(2, 3), axis=1) / self.config.max_lead
        pose = self.pose
        pose[:3, 3] += error[:3] / max(1.0, far[0])
        pose[:3, :3] = rotation_matrix(error[3:] / max(1.0, far[1])) @ pose[:3, :3]
        acceleration = share * self._reference.acceleration
        self._reference.go_on(pose, share * self._reference.twist)
        self._reference.acceleration = acceleration


def pose_error(start: Array, goal: Array) -> Array:
    """``(6,)`` metres and radians from one pose ``(4, 4)`` to another, in the world frame."""
    turn = rotation_vector(goal[:3, :3] @ start[:3, :3].T)
    return np.concatenate([goal[:3, 3] - start[:3, 3], turn])
