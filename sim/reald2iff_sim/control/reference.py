"""A smooth way to a pose that jumps: what the end effector is to follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.control.rotations import rotation_matrix, rotation_vector

Array = NDArray[np.float64]

_SUBSTEP = 0.002  # seconds, at most


class PoseReference:
    """Three nested loops, from the pose's error to speed, acceleration and jerk, each with its limit.

    While no limit is reached they are a filter with three equal real poles: acceleration is continuous,
    nothing overshoots, and a target that moves steadily is followed 3 / bandwidth seconds behind. Far from
    its target the speed falls with the square root of the distance, as a constant deceleration asks for.

    Attributes:
        pose: ``T_world_eef (4, 4)``.
        twist: ``(6,)`` m/s and rad/s, world frame.
        acceleration: ``(6,)`` m/s2 and rad/s2.
    """

    STATE_SIZE = 28

    def __init__(
        self,
        bandwidth: float,
        period: float,
        max_speed: tuple[float, float],
        max_acceleration: tuple[float, float],
    ) -> None:
        """At the origin, at rest.

        Args:
            bandwidth: Of the poles, rad/s.
            period: Of a step, seconds.
            max_speed: m/s and rad/s.
            max_acceleration: m/s2 and rad/s2.
        """
        self._gains = bandwidth / 3, bandwidth, 3 * bandwidth
        self._substeps = int(np.ceil(period / _SUBSTEP - 1e-9))
        self._dt = period / self._substeps
        self._max_speed = np.array(max_speed)[:, None]
        self._max_acceleration = np.array(max_acceleration)[:, None]
        self.go_on(np.eye(4), np.zeros(6))

    def go_on(self, pose: Array, twist: Array) -> None:
        """Go on from a pose and a twist, unaccelerated."""
        self.pose, self.twist, self.acceleration = pose.copy(), twist.copy(), np.zeros(6)

    def step(self, target: Array) -> None:
        """One period towards ``target``, ``T_world_eef (4, 4)``."""
        turn = rotation_vector(target[:3, :3] @ self.pose[:3, :3].T)
        way = np.stack([target[:3, 3] - self.pose[:3, 3], turn])
        twist, acceleration = self.twist.reshape(2, 3), self.acceleration.reshape(2, 3)
        _, to_acceleration, to_jerk = self._gains
        for _ in range(self._substeps):
            wanted = _capped(to_acceleration * (self._speed(way) - twist), self._max_acceleration)
            acceleration = acceleration + self._dt * to_jerk * (wanted - acceleration)
            twist = twist + self._dt * acceleration
            way = way - self._dt * twist
        self.pose = np.eye(4)
        self.pose[:3, 3] = target[:3, 3] - way[0]
        self.pose[:3, :3] = rotation_matrix(-way[1]) @ target[:3, :3]
        self.twist, self.acceleration = twist.ravel(), acceleration.ravel()

    def get_state(self) -> Array:
        """``(STATE_SIZE,)``."""
        return np.concatenate([self.pose.ravel(), self.twist, self.acceleration])

    def set_state(self, state: Array) -> None:
        """Take over what `get_state` returned."""
        self.pose = state[:16].reshape(4, 4).copy()
        self.twist, self.acceleration = state[16:22].copy(), state[22:28].copy()

    def _speed(self, way: Array) -> Array:
        """Velocities ``(2, 3)`` at which to go ``way (2, 3)``: slower nearby."""
        distance = np.linalg.norm(way, axis=1, keepdims=True)
        braking = self._max_acceleration / 2  # leaves room for the way to bend
        speed = np.minimum(approach_speed(distance, self._gains[0], braking), self._max_speed)
        return way * (speed / np.maximum(distance, 1e-12))


def approach_speed(distance: Array, gain: float, braking: Array | float) -> Array:
    """Speed at which to come near: in proportion to a short distance, to the root of a long one.

    Args:
        distance: 0 or more, of any shape.
        gain: 1/s.
        braking: Deceleration, of a shape that goes with the distance's.
    """
    near = braking / gain**2
    root = np.sqrt(2 * braking * np.maximum(distance - near / 2, near / 2))
    return np.where(distance > near, root, gain * distance)


def _capped(vectors: Array, longest: Array) -> Array:
    """Rows of ``vectors (2, 3)`` shortened to ``longest (2, 1)``."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors * np.minimum(1.0, longest / np.maximum(length, 1e-12))
