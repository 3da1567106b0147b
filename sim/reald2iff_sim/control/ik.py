"""Differential inverse kinematics of the FR3 with mink (needs the `sim` extra)."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError, InvalidParameterError, SimulationError
from reald2iff_sim.backends.mujoco.fr3 import EEF_SITE, fr3_spec
from reald2iff_sim.control.limits import GRIPPER_WIDTH, HOME_JOINTS, JOINT_LOWER, JOINT_UPPER, velocity_bounds

try:
    import mink
except ModuleNotFoundError as error:
    raise DependencyError("inverse kinematics needs mink: pip install 'reald2iff-ros[sim]'") from error

Array = NDArray[np.float64]

# What the arm can touch the table with in its workspace, and how near it may come, metres.
_LOW_GEOMS = (
    *(f"fr3_link{i}_collision" for i in (5, 6, 7)),
    *(f"{body}_collision_0" for body in ("hand", "left_finger", "right_finger")),
)
_CLEARANCE = 0.001


@dataclass(frozen=True)
class IKConfig:
    """Weights and limits of the inverse kinematics.

    Attributes:
        rate: Solutions per second of simulated time.
        orientation_cost: Of one radian, against 1 for one metre.
        posture_cost: Of one radian away from `HOME_JOINTS`; decides what the redundant elbow does.
        damping: Levenberg-Marquardt damping, which keeps velocities low near singular poses.
        velocity_scale: Share of the robot's joint velocity limits that is used.
        acceleration: Greatest change of a joint's velocity, rad/s2. It rounds off steps that would make the
            servos overshoot the velocity limits; braking before a position limit may be harder.
        solver: Of the quadratic programme, for qpsolvers.
    """

    rate: float = 100.0
    orientation_cost: float = 0.3
    posture_cost: float = 2e-3
    damping: float = 1e-5
    velocity_scale: float = 0.9
    acceleration: float = 40.0
    solver: str = "daqp"

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise InvalidParameterError(f"rate = {self.rate}: expected more than 0 per second")
        if not 0 < self.velocity_scale <= 1:
            raise InvalidParameterError(f"velocity_scale = {self.velocity_scale}: expected (0, 1]")
        if self.acceleration <= 0:
            raise InvalidParameterError(f"acceleration = {self.acceleration}: expected more than 0 rad/s2")


class InverseKinematics:
    """Joint positions that follow a target pose within the FR3's position and velocity limits.

    It integrates its own joint positions, not the measured ones, so that commands are smooth.
    """

    def __init__(self, config: IKConfig | None = None) -> None:
        self.config = config or IKConfig()
        model = _arm_above_table()
        self._configuration = mink.Configuration(model)
        self._frame = mink.FrameTask(EEF_SITE, "site", 1.0, self.config.orientation_cost)
        self._posture = mink.PostureTask(model, cost=self.config.posture_cost)
        self._velocity_limit = _FrankaVelocityLimit(self.config)
        table_limit = mink.CollisionAvoidanceLimit(
            model,
            [(_LOW_GEOMS, ["table"])],
            gain=0.3,
            minimum_distance_from_collisions=_CLEARANCE,
            collision_detection_distance=0.08,
        )
        self._limits = [mink.ConfigurationLimit(model), self._velocity_limit, table_limit]
        self._posture.set_target(_with_fingers(HOME_JOINTS))
        self.reset(HOME_JOINTS)

    @property
    def joints(self) -> Array:
        """Present joint positions ``(7,)``, rad."""
        return self._configuration.q[:7].copy()

    @property
    def pose(self) -> Array:
        """``T_world_eef (4, 4)`` at the present joint positions."""
        return self._configuration.get_transform_frame_to_world(EEF_SITE, "site").as_matrix()

    def reset(self, joints: Array) -> None:
        """Be at rest at ``joints (7,)`` rad, clipped to the position limits."""
        self._move(joints)
        self._velocity_limit.velocity = np.zeros(7)

    @property
    def state_size(self) -> int:
        """Length of `get_state`."""
        return 14

    def get_state(self) -> Array:
        """``(state_size,)``: all that the next step depends on."""
        return np.concatenate([self.joints, self._velocity_limit.velocity])

    def set_state(self, state: Array) -> None:
        """Take over what `get_state` returned."""
        self._move(state[:7])
        self._velocity_limit.velocity = state[7:14].copy()

    def hold_back(self, joints: Array) -> None:
        """Go on from ``joints (7,)`` rad, which the robot was given instead of those that `step` returned."""
        self._move(joints)

    def _move(self, joints: Array) -> None:
        self._configuration.update(_with_fingers(np.clip(joints, JOINT_LOWER, JOINT_UPPER)))

    def step(self, target: Array) -> Array:
        """Joint positions ``(7,)`` rad one period (1 / rate) on the way to ``target``, ``T_world_eef``."""
        self._frame.set_target(mink.SE3.from_matrix(target))
        period = 1.0 / self.config.rate
        try:
            velocity = mink.solve_ik(
                self._configuration,
                [self._frame, self._posture],
                period,
                self.config.solver,
                damping=self.config.damping,
                limits=self._limits,
            )
        except mink.NoSolutionFound:  # table or position limits ask for harder braking than `acceleration`
            velocity = np.zeros(9)
        self._move(self._configuration.q[:7] + period * velocity[:7])
        self._velocity_limit.velocity = velocity[:7]
        return self.joints

    def solve(self, target: Array, steps: int = 300, tolerance: float = 1e-3) -> Array:
        """Joint positions ``(7,)`` rad that reach ``target``, found from the home pose.

        Raises:
            SimulationError: if it is not reached within ``tolerance`` metres.
        """
        self.reset(HOME_JOINTS)
        for _ in range(steps):
            before = self.joints
            self.step(target)
            if np.abs(self.joints - before).max() < 1e-5:
                break
        miss = float(np.linalg.norm(self.pose[:3, 3] - target[:3, 3]))
        if miss > tolerance:
            raise SimulationError(
                f"no joint positions found for the end effector at {target[:3, 3].round(3)}: "
                f"{miss * 1000:.1f} mm missing, expected a reachable pose"
            )
        return self.joints


def _arm_above_table() -> mujoco.MjModel:
    spec = fr3_spec()
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, pos=(0.5, 0.0, -0.05), size=(1.0, 1.0, 0.05)
    )
    return spec.compile()


class _FrankaVelocityLimit(mink.Limit):
    """The robot's velocity limits, which fall towards its position limits (mink's own are constant).

    Attributes:
        velocity: Of the joints in the period before, ``(7,)`` rad/s; it changes by a limited acceleration.
    """

    def __init__(self, config: IKConfig) -> None:
        self._config = config
        self.velocity = np.zeros(7)
        arm = np.eye(7, 9)  # without the fingers
        self._matrix = np.vstack([arm, -arm])

    def compute_qp_inequalities(self, configuration: mink.Configuration, dt: float) -> mink.Constraint:
        lower, upper = (self._config.velocity_scale * v for v in velocity_bounds(configuration.q[:7]))
        change = self._config.acceleration * dt
        slowest = np.clip(self.velocity - change, lower, upper)
        fastest = np.clip(self.velocity + change, lower, upper)
        return mink.Constraint(G=self._matrix, h=dt * np.concatenate([fastest, -slowest]))


def _with_fingers(joints: Array) -> Array:
    return np.concatenate([joints, [GRIPPER_WIDTH / 2] * 2])
