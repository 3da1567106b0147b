"""What alignment is given: depth images of the arm in known joint positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError, InvalidIntrinsicsError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics, require_depth, sanitize_depth
from reald2iff_sim.control.limits import GRIPPER_WIDTH, JOINT_LOWER, JOINT_UPPER
from reald2iff_sim.simulator import ARM_JOINTS

Array = NDArray[np.float64]

_JOINT_MARGIN = 0.05  # rad: encoders of a real robot read a little beyond its limits


@dataclass(frozen=True)
class ArmView:
    """One image of the arm. The camera stands still from view to view.

    Attributes:
        depth: ``(H, W) float32`` metres, 0 = invalid.
        joint_positions: ``(7,)`` rad, of `ARM_JOINTS`.
        gripper_width: Metres.
        intrinsics: Of the depth image.
        color: ``(H, W, 3) uint8`` RGB in the depth image's frame, for the picture; None = none.
        name: Of the view, for messages and pictures.

    Raises:
        InvalidDepthError: for a depth image of another type or unit of shape.
        InvalidIntrinsicsError: if the image and the intrinsics differ in size.
        InvalidParameterError: for another number of joints, or positions the arm cannot have.
    """

    depth: NDArray[np.float32]
    joint_positions: Array
    gripper_width: float
    intrinsics: PinholeIntrinsics
    color: NDArray[np.uint8] | None = None
    name: str = "view"

    def __post_init__(self) -> None:
        depth = sanitize_depth(require_depth(self.depth, f"{self.name}: depth"))
        expected = (self.intrinsics.height, self.intrinsics.width)
        if depth.shape != expected:
            raise InvalidIntrinsicsError(
                f"{self.name}: the image is {depth.shape[1]}x{depth.shape[0]} and the intrinsics are of "
                f"{expected[1]}x{expected[0]}: expected one size"
            )
        if not depth.any():
            raise InvalidDepthError(f"{self.name}: no pixel is valid: expected depth in metres")
        if self.color is not None and self.color.shape != (*expected, 3):
            raise InvalidDepthError(
                f"{self.name}: colour has shape {self.color.shape}: "
                f"expected {(*expected, 3)}, aligned to depth"
            )
        joints = np.asarray(self.joint_positions, dtype=np.float64)
        if joints.shape != (len(ARM_JOINTS),) or not np.isfinite(joints).all():
            raise InvalidParameterError(
                f"{self.name}: joint positions {np.array2string(joints, precision=3)}: expected "
                f"{len(ARM_JOINTS)} finite values, of {ARM_JOINTS[0]} to {ARM_JOINTS[-1]}, in radians"
            )
        outside = (joints < JOINT_LOWER - _JOINT_MARGIN) | (joints > JOINT_UPPER + _JOINT_MARGIN)
        if outside.any():
            worst = int(np.flatnonzero(outside)[0])
            raise InvalidParameterError(
                f"{self.name}: {ARM_JOINTS[worst]} = {joints[worst]:.3f} rad: expected "
                f"{JOINT_LOWER[worst]:.3f} to {JOINT_UPPER[worst]:.3f} (degrees, or another joint order?)"
            )
        if not -1e-3 <= self.gripper_width <= GRIPPER_WIDTH + 5e-3:
            raise InvalidParameterError(
                f"{self.name}: gripper width {self.gripper_width} m: expected 0 to {GRIPPER_WIDTH}"
            )
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "joint_positions", joints)
