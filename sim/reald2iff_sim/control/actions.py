"""The 7-D action: an increment of the end effector's target pose, and the gripper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim.control.limits import GRIPPER_WIDTH
from reald2iff_sim.control.rotations import rotation_matrix, rotation_vector

Array = NDArray[np.float64]

# Lowest points of the open hand in the end effector's frame, metres: finger tips and the palm's corners.
_HAND_POINTS = np.array(
    [(x, s * 0.05, 0.009) for x in (-0.011, 0.011) for s in (-1, 1)]
    + [(x, s * 0.105, -0.037) for x in (-0.033, 0.033) for s in (-1, 1)]
)


@dataclass(frozen=True)
class ActionSpace:
    """Scales and limits of the normalised action ``(dx, dy, dz, drx, dry, drz, gripper)`` in [-1, 1].

    Translation and rotation vector are in the world frame and move the *target* pose, which is kept from
    step to step. The gripper's value maps linearly to its opening: -1 closed, +1 open.

    Attributes:
        translation: Metres per step at 1, along each axis.
        rotation: Radians per step at 1, about each axis.
        workspace_low: Lower corner of the box that the target's position stays in, metres, world frame.
        workspace_high: Its upper corner.
        max_tilt: Greatest angle of the fingers from the vertical, radians; beyond it the arm's wrist would
            reach the table.
        table_clearance: Least height of the hand at the target above the table (z = 0), metres. A tilted
            hand is held higher than the box alone would allow.
    """

    translation: float = 0.05
    rotation: float = 0.25
    workspace_low: tuple[float, float, float] = (0.28, -0.32, 0.0)
    workspace_high: tuple[float, float, float] = (0.72, 0.32, 0.55)
    max_tilt: float = 0.9
    table_clearance: float = 0.002

    def __post_init__(self) -> None:
        if self.translation <= 0 or self.rotation <= 0:
            raise InvalidParameterError(
                f"translation, rotation = {self.translation}, {self.rotation}: expected positive scales"
            )
        if not 0 < self.max_tilt < np.pi:
            raise InvalidParameterError(f"max_tilt = {self.max_tilt}: expected 0 to pi, radians")
        if not np.all(np.asarray(self.workspace_low) < np.asarray(self.workspace_high)):
            raise InvalidParameterError(
                f"workspace {self.workspace_low} to {self.workspace_high}: expected low < high on each axis"
            )

    def checked(self, action: Array) -> Array:
        """``action`` as ``(7,) float64``, clipped to [-1, 1].

        Raises:
            SimulationError: for another shape, or values not finite.
        """
        array = np.asarray(action, dtype=np.float64)
        if array.shape != (7,):
            raise SimulationError(f"action has shape {array.shape}: expected (7,)")
        if not np.isfinite(array).all():
            raise SimulationError(f"action {array}: expected finite values")
        return np.clip(array, -1.0, 1.0)

    def target_pose(self, previous: Array, action: Array) -> Array:
        """Target ``T_world_eef (4, 4)`` that ``action`` makes of the ``previous`` target, within limits."""
        target = np.eye(4)
        target[:3, :3] = rotation_matrix(self.rotation * action[3:6]) @ previous[:3, :3]
        target[:3, 3] = previous[:3, 3] + self.translation * action[:3]
        return self.limited(target)

    def limited(self, target: Array) -> Array:
        """``target`` turned back to the greatest tilt, moved into the workspace and above the table."""
        limited = target.copy()
        tilt = float(np.arccos(np.clip(-target[2, 2], -1.0, 1.0)))
        if tilt > self.max_tilt:
            axis = np.cross(target[:3, 2], (0.0, 0.0, -1.0))
            length = np.linalg.norm(axis)
            axis = axis / length if length > 1e-9 else target[:3, 0]  # fingers straight up
            limited[:3, :3] = rotation_matrix((tilt - self.max_tilt) * axis) @ target[:3, :3]
        limited[:3, 3] = np.clip(target[:3, 3], self.workspace_low, self.workspace_high)
        lowest = float((_HAND_POINTS @ limited[2, :3]).min())
        limited[2, 3] = max(limited[2, 3], self.table_clearance - lowest)
        return limited

    def action(self, previous: Array, target: Array, gripper_width: float) -> Array:
        """The action ``(7,)`` that leads from the ``previous`` target to ``target`` (clipped to [-1, 1])."""
        turn = rotation_vector(target[:3, :3] @ previous[:3, :3].T)
        move = target[:3, 3] - previous[:3, 3]
        gripper = 2.0 * gripper_width / GRIPPER_WIDTH - 1.0
        return np.clip([*(move / self.translation), *(turn / self.rotation), gripper], -1.0, 1.0)

    def gripper_width(self, action: Array) -> float:
        """Opening in metres that ``action`` asks for."""
        return float(0.5 * (action[6] + 1.0) * GRIPPER_WIDTH)
