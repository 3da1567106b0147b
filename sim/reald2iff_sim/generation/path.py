"""From segments to waypoints: the way to a segment, and how fast to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.generation.frames import angle_between, distance_between
from reald2iff_sim.simulator import Array

_CHANGE = 0.5
"""The gripper opens or closes where its action changes by more than this."""


@dataclass(frozen=True)
class Waypoint:
    """What one control step asks for.

    Attributes:
        target: ``T_world_eef (4, 4)``.
        gripper: In [-1, 1].
        noisy: Whether action noise is added.
    """

    target: Array
    gripper: float
    noisy: bool


@dataclass(frozen=True)
class VelocityConfig:
    """Adaptive velocity: no step is longer than a limit that falls towards contacts.

    A contact is where the gripper opens or closes. Steps that are too long are divided; none are joined.

    Attributes:
        far: Metres per step in free space.
        near: Metres per step at a contact.
        inner: Distance from a contact within which ``near`` holds, metres.
        outer: Distance beyond which ``far`` holds; the limit is linear between the two.
        turn: Radians per step, anywhere.
    """

    far: float = 0.018
    near: float = 0.008
    inner: float = 0.03
    outer: float = 0.10
    turn: float = 0.08

    def __post_init__(self) -> None:
        if not 0 < self.near <= self.far or self.turn <= 0:
            raise InvalidParameterError(
                f"near, far, turn = {self.near}, {self.far}, {self.turn}: "
                "expected 0 < near <= far and 0 < turn"
            )
        if not 0 <= self.inner < self.outer:
            raise InvalidParameterError(
                f"inner, outer = {self.inner}, {self.outer}: expected 0 <= inner < outer, in metres"
            )

    def limit(self, distance: float) -> float:
        """Metres per step at this distance from the nearest contact."""
        share = np.clip((distance - self.inner) / (self.outer - self.inner), 0.0, 1.0)
        return float(self.near + share * (self.far - self.near))


def between(start: Array, goal: Array, count: int) -> Array:
    """Poses ``(count, 4, 4)`` evenly on the way from ``start``, left out, to ``goal``."""
    shares = np.linspace(0.0, 1.0, count + 1)[1:, None]
    turn = Rotation.from_matrix(goal[:3, :3] @ start[:3, :3].T).as_rotvec()
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec(shares * turn).as_matrix() @ start[:3, :3]
    poses[:, :3, 3] = (1 - shares) * start[:3, 3] + shares * goal[:3, 3]
    poses[-1] = goal  # to the last bit
    return poses


def stitch(
    start: Array, targets: Array, gripper: Array, steps: int, fixed: int, noisy_way: bool
) -> list[Waypoint]:
    """The way from ``start`` to a segment, then the segment.

    Args:
        start: ``T_world_eef (4, 4)``, the target that the arm has.
        targets: ``T_world_eef (N, 4, 4)`` of the segment.
        gripper: ``(N, 1)``.
        steps: Of the way there; the gripper is the segment's first.
        fixed: Steps at the segment's first target before it goes on.
        noisy_way: Whether there is noise on the way, too.
    """
    way = [*between(start, targets[0], steps), *[targets[0]] * fixed]
    first = float(gripper[0, 0])
    return [
        *(Waypoint(pose, first, noisy_way) for pose in way),
        *(Waypoint(pose, float(g[0]), True) for pose, g in zip(targets, gripper, strict=True)),
    ]


def modulate(start: Array, waypoints: Sequence[Waypoint], config: VelocityConfig) -> list[Waypoint]:
    """Divide steps that are longer than the velocity limit where they end.

    Args:
        start: ``T_world_eef (4, 4)``, the target before the first waypoint.
        waypoints: In order.
        config: Limits.
    """
    return list(_divided(start, waypoints, config))


def _divided(start: Array, waypoints: Sequence[Waypoint], config: VelocityConfig) -> Iterator[Waypoint]:
    contacts = np.array(
        [
            after.target[:3, 3]
            for before, after in pairwise(waypoints)
            if abs(after.gripper - before.gripper) > _CHANGE
        ]
    ).reshape(-1, 3)
    previous = start
    for waypoint in waypoints:
        away = np.linalg.norm(contacts - waypoint.target[:3, 3], axis=1)
        limit = config.limit(float(away.min()) if len(away) else np.inf)
        length = distance_between(previous, waypoint.target) / limit
        turn = angle_between(previous, waypoint.target) / config.turn
        pieces = max(1, int(np.ceil(max(length, turn) - 1e-9)))
        for pose in between(previous, waypoint.target, pieces):
            yield Waypoint(pose, waypoint.gripper, waypoint.noisy)
        previous = waypoint.target
