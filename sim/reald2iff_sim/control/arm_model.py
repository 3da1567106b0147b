"""The arm over its table, as kinematics and distances see it (needs the `sim` extra)."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError, SimulationError
from reald2iff_sim.backends.mujoco.fr3 import EEF_SITE, fr3_spec
from reald2iff_sim.control.limits import GRIPPER_WIDTH, HOME_JOINTS, JOINT_LOWER, JOINT_UPPER

try:
    import mink
except ModuleNotFoundError as error:
    raise DependencyError("the arm's control needs mink: pip install 'reald2iff-ros[sim]'") from error

Array = NDArray[np.float64]

_HAND = tuple(f"{body}_collision_0" for body in ("hand", "left_finger", "right_finger"))
_LOWER_ARM = tuple(f"fr3_link{i}_collision" for i in (5, 6, 7))
_UPPER_ARM = tuple(f"fr3_link{i}_collision" for i in (0, 1, 2))
_TABLE = "table"
_POSTURE_COST = 2e-3
_UPTO = np.tri(7, dtype=bool).T[..., None]  # [i, j]: i <= j


class ArmModel:
    """Forward kinematics, Jacobian and distances of the FR3 at joint positions ``(7,)`` rad."""

    def __init__(self, clearance: float, detection: float, approach_gain: float) -> None:
        """Build it, at home.

        Args:
            clearance: Least distance to the table and between arm and hand, metres.
            detection: Distances beyond this are not looked at, metres.
            approach_gain: See `collision_rows`, 1/s.
        """
        self._model = _above_table()
        self._configuration = mink.Configuration(self._model)
        self._site = self._model.site(EEF_SITE).id
        self._jacobian = np.zeros((6, self._model.nv))
        # mink's limit is on a step's motion; over one second the rows are those of velocities.
        self._collisions = mink.CollisionAvoidanceLimit(
            self._model,
            [([*_LOWER_ARM, *_HAND], [_TABLE]), ([*_LOWER_ARM, *_HAND], list(_UPPER_ARM))],
            gain=approach_gain,
            minimum_distance_from_collisions=clearance,
            collision_detection_distance=detection,
        )
        self.move(HOME_JOINTS)

    def move(self, joints: Array) -> None:
        """Be at ``joints (7,)`` rad."""
        self._configuration.update(_with_fingers(joints))

    @property
    def pose(self) -> Array:
        """``T_world_eef (4, 4)``."""
        pose = np.eye(4)
        pose[:3, 3] = self._configuration.data.site_xpos[self._site]
        pose[:3, :3] = self._configuration.data.site_xmat[self._site].reshape(3, 3)
        return pose

    def jacobian(self) -> Array:
        """``(6, 7)``: from joint velocities to the end effector's twist, m/s and rad/s in the world frame."""
        data = self._configuration.data
        mujoco.mj_jacSite(self._model, data, self._jacobian[:3], self._jacobian[3:], self._site)
        return self._jacobian[:, :7].copy()

    def collision_rows(self) -> tuple[Array, Array]:
        """Rows ``G (K, 7)`` and bounds ``h (K,)`` of G v <= h.

        The distance of each near pair shrinks by no more than approach_gain times what it is above the
        clearance, per second.
        """
        limit = self._collisions.compute_qp_inequalities(self._configuration, 1.0)
        assert limit.G is not None and limit.h is not None
        near = np.isfinite(limit.h)
        return limit.G[near, :7], limit.h[near]

    def solve(self, target: Array, tolerance: float = 1e-3) -> Array:
        """Joint positions ``(7,)`` rad that reach ``T_world_eef (4, 4)`` from home, at any speed.

        Raises:
            SimulationError: if it is not reached within ``tolerance`` metres and ten times as many radians.
        """
        frame = mink.FrameTask(EEF_SITE, "site", 1.0, 0.3)
        frame.set_target(mink.SE3.from_matrix(target))
        posture = mink.PostureTask(self._model, cost=_POSTURE_COST)
        posture.set_target(_with_fingers(HOME_JOINTS))
        limits = [mink.ConfigurationLimit(self._model)]
        self.move(HOME_JOINTS)
        for _ in range(100):
            step = mink.solve_ik(
                self._configuration, [frame, posture], 1.0, "daqp", damping=1e-5, limits=limits
            )
            joints = self._configuration.q[:7] + np.clip(step[:7], -0.3, 0.3)
            self.move(np.clip(joints, JOINT_LOWER, JOINT_UPPER))
            if np.abs(step[:7]).max() < 1e-7:
                break
        error = frame.compute_error(self._configuration)
        miss, turn = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
        if miss > tolerance or turn > 10 * tolerance:
            raise SimulationError(
                f"no joint positions found for the end effector at {target[:3, 3].round(3)}: "
                f"{miss * 1000:.1f} mm and {turn:.3f} rad missing, expected a reachable pose"
            )
        return self._configuration.q[:7].copy()


def manipulability_gradient(jacobian: Array, inverse: Array) -> Array:
    """Gradient ``(7,)`` of log sqrt(det(J J^T)) over the joint angles (Yoshikawa's measure, its logarithm).

    Of a chain of revolute joints the derivative of J is known from J: with columns (v_j, w_j),
    d w_j / d q_i = w_i x w_j for i < j and 0 otherwise, and
    d v_j / d q_i = w_i x v_j for i <= j, w_j x v_i otherwise.

    Args:
        jacobian: ``(6, 7)`` in the world frame, linear part first.
        inverse: Its pseudo-inverse J^T (J J^T)^-1 ``(7, 6)``.
    """
    linear, angular = jacobian[:3].T, jacobian[3:].T
    turn_linear = _crosses(angular, linear)  # [i, j] = w_i x v_j
    turn_angular = _crosses(angular, angular)
    d_linear = np.where(_UPTO, turn_linear, turn_linear.transpose(1, 0, 2))
    d_angular = np.where(_UPTO, turn_angular, 0.0)
    gradient: Array = (d_linear * inverse[:, :3]).sum(axis=(1, 2)) + (d_angular * inverse[:, 3:]).sum(
        axis=(1, 2)
    )
    return gradient


def _crosses(first: Array, second: Array) -> Array:
    """``(N, N, 3)`` cross products of each with each of ``(N, 3)``, in a third of `np.cross`'s time."""
    a, b = first[:, None], second[None]
    return a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]]


def _above_table() -> mujoco.MjModel:
    spec = fr3_spec()
    spec.worldbody.add_geom(
        name=_TABLE, type=mujoco.mjtGeom.mjGEOM_BOX, pos=(0.5, 0.0, -0.05), size=(1.0, 1.0, 0.05)
    )
    return spec.compile()


def _with_fingers(joints: Array) -> Array:
    return np.concatenate([joints, [GRIPPER_WIDTH / 2] * 2])
