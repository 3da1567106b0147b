"""Joint commands as they come from ROS: partial, reordered, sometimes wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import JointState

from reald2iff.errors import RealD2iffError
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS, Observation


class InvalidCommandError(RealD2iffError):
    """A joint command that cannot be followed.

    Attributes:
        kind: ``length``, ``unknown_joints``, ``repeated_joint`` or ``not_finite``: a short word to count by.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class JointTarget:
    """Where the arm and the gripper are asked to go.

    Attributes:
        positions: ``(7,)`` rad, in the order of `ARM_JOINTS`.
        gripper_width: Opening in metres.
    """

    positions: NDArray[np.float64]
    gripper_width: float

    @classmethod
    def hold(cls, observation: Observation) -> JointTarget:
        """The present configuration."""
        return cls(observation.joint_positions.copy(), observation.gripper_width)

    def updated(self, message: JointState) -> JointTarget:
        """This target with the joints that a command names replaced.

        Joints of other robots are ignored. A gripper opening is the sum of both fingers; one finger alone
        stands for both.

        Raises:
            InvalidCommandError: if names and positions differ in number, a name is repeated, no name is the
                robot's, or a position is not finite.
        """
        names, values = list(message.name), list(message.position)
        if len(names) != len(values):
            raise InvalidCommandError(
                "length",
                f"joint command has {len(names)} names and {len(values)} positions: expected as many",
            )
        if len(set(names)) != len(names):
            raise InvalidCommandError("repeated_joint", f"joint command repeats a joint: {', '.join(names)}")
        command = {n: v for n, v in zip(names, values, strict=True) if n in ARM_JOINTS + FINGER_JOINTS}
        if not command:
            raise InvalidCommandError(
                "unknown_joints",
                f"joint command names {', '.join(names) or 'nothing'}: "
                f"expected some of {', '.join(ARM_JOINTS + FINGER_JOINTS)}",
            )
        bad = [f"{name} = {value}" for name, value in command.items() if not math.isfinite(value)]
        if bad:
            raise InvalidCommandError("not_finite", f"joint command has {', '.join(bad)}: expected finite")
        positions = self.positions.copy()
        for index, name in enumerate(ARM_JOINTS):
            positions[index] = command.get(name, positions[index])
        fingers = [command[name] for name in FINGER_JOINTS if name in command]
        width = 2.0 * sum(fingers) / len(fingers) if fingers else self.gripper_width
        return replace(self, positions=positions, gripper_width=width)
