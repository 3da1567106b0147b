"""Depth images of the arm alone, in known joint positions, from any pose: what alignment compares with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff_sim.backends.mujoco.fr3 import fr3_spec
from reald2iff_sim.backends.mujoco.rendering import HeadlessRenderer, mujoco
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

Array = NDArray[np.float64]


class ArmRenderer:
    """The FR3 and its hand in several postures, nothing else around it. World frame = ``fr3_link0``.

    Raises:
        DependencyError: without the `sim` extra or EGL.
    """

    def __init__(
        self, joints: Sequence[Array], gripper_widths: Sequence[float], size: tuple[int, int]
    ) -> None:
        """Nothing is rendered yet.

        Args:
            joints: Of each posture ``(7,)`` rad.
            gripper_widths: Of each posture, metres.
            size: Columns and rows of the largest image.
        """
        model = _arm_model()
        arm = [model.joint(name).qposadr[0] for name in ARM_JOINTS]
        fingers = [model.joint(name).qposadr[0] for name in FINGER_JOINTS]
        self._postures = []
        for positions, width in zip(joints, gripper_widths, strict=True):
            data = mujoco.MjData(model)
            data.qpos[arm] = positions
            data.qpos[fingers] = width / 2
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            self._postures.append(data)
        self._renderer = HeadlessRenderer(model, *size)

    def depth(self, posture: int, pose: Array, intrinsics: PinholeIntrinsics) -> NDArray[np.float32]:
        """Planar depth ``(H, W) float32`` metres seen from ``T_base_camera (4, 4)``, 0 beside the arm."""
        return self._renderer.depth(self._postures[posture], pose, intrinsics)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def __enter__(self) -> ArmRenderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@lru_cache(maxsize=1)
def _arm_model() -> mujoco.MjModel:
    """Compiled once: that takes longer than a refinement of small images."""
    return fr3_spec().compile()
