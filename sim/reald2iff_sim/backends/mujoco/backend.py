"""The MuJoCo backend: physics, position servos, inverse kinematics and the D435-like camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim.backends.mujoco.fr3 import EEF_SITE, GRIPPER_ACTUATOR
from reald2iff_sim.backends.mujoco.objects import SceneObjects, pose_matrix
from reald2iff_sim.backends.mujoco.scene import build_scene
from reald2iff_sim.backends.mujoco.views import SceneViews
from reald2iff_sim.camera import WorkspaceCamera
from reald2iff_sim.control.actions import ActionSpace
from reald2iff_sim.control.limits import (
    GRIPPER_SPEED,
    GRIPPER_WIDTH,
    JOINT_LOWER,
    JOINT_UPPER,
    JOINT_VELOCITY,
)
from reald2iff_sim.control.rotations import rotation_matrix
from reald2iff_sim.control.whole_body import ControlConfig, WholeBodyController, pose_error
from reald2iff_sim.simulator import (
    ARM_JOINTS,
    CONTROL_RATE,
    FINGER_JOINTS,
    Array,
    CameraImages,
    Observation,
    Simulator,
    StepResult,
)
from reald2iff_sim.tasks.base import InitialState, Task

_SETTLE = 0.1  # seconds of physics before an episode begins
_STATE = mujoco.mjtState.mjSTATE_INTEGRATION.value  # with the solver's warm start, so that bytes repeat


@dataclass(frozen=True)
class MujocoConfig:
    """How the MuJoCo backend simulates and renders.

    Attributes:
        timestep: Of the physics, seconds; an action's period must be a whole number of the controller's
            periods, and each of those a whole number of timesteps.
        actions: Scales and limits of the action.
        control: Of the arm.
        camera: Where the camera stands.
        max_lead: The target pose runs ahead of what the arm's limits let it reach by no more than this,
            metres and radians.
        color_samples: Samples per pixel of the colour image (0 = one). On a software renderer 4 of them cost
            three times as much.
        shadow_size: Edge of the shadow map in pixels, 0 = no shadows.
    """

    timestep: float = 0.002
    actions: ActionSpace = field(default_factory=ActionSpace)
    control: ControlConfig = field(default_factory=ControlConfig)
    camera: WorkspaceCamera = field(default_factory=WorkspaceCamera)
    max_lead: tuple[float, float] = (0.15, 0.6)
    color_samples: int = 0
    shadow_size: int = 1024

    def __post_init__(self) -> None:
        for name, ratio in (
            ("action period / control period", self.control.rate / CONTROL_RATE),
            (
                "control period / timestep",
                1.0 / (self.control.rate * self.timestep) if self.timestep > 0 else 0.0,
            ),
        ):
            if ratio < 1 - 1e-9 or abs(ratio - round(ratio)) > 1e-6:
                raise InvalidParameterError(f"{name} = {ratio:.3f}: expected a whole number of at least 1")
        if self.color_samples < 0 or self.shadow_size < 0:
            raise InvalidParameterError(
                f"color_samples, shadow_size = {self.color_samples}, {self.shadow_size}: expected 0 or more"
            )
        if min(self.max_lead) <= 0:
            raise InvalidParameterError(f"max_lead = {self.max_lead}: expected positive metres and radians")


class MujocoSimulator(Simulator):
    """See `Simulator`. Renderers are made with the first image, so that physics alone needs no EGL.

    Attributes:
        model: Of MuJoCo.
        data: Of MuJoCo.
        on_period: Called after every period of the controller, e.g. to trace the motion.
    """

    Config = MujocoConfig

    def __init__(self, task: Task, config: MujocoConfig | None = None) -> None:
        self.task = task
        self.config = config or MujocoConfig()
        self.actions = self.config.actions
        self.model = build_scene(task, self.config.timestep)
        self.model.vis.quality.shadowsize = self.config.shadow_size
        self.data = mujoco.MjData(self.model)
        self.on_period: Callable[[], None] | None = None
        self._control = WholeBodyController(self.config.control)
        self._periods = round(self.config.control.rate / CONTROL_RATE)
        self._substeps = round(1.0 / (self.config.control.rate * self.config.timestep))
        self._qpos = np.array([self.model.joint(name).qposadr[0] for name in ARM_JOINTS])
        self._qvel = np.array([self.model.joint(name).dofadr[0] for name in ARM_JOINTS])
        self._fingers = np.array([self.model.joint(name).qposadr[0] for name in FINGER_JOINTS])
        self._arm_actuators = np.array([self.model.actuator(name).id for name in ARM_JOINTS])
        self._gripper = self.model.actuator(GRIPPER_ACTUATOR).id
        self._site = self.model.site(EEF_SITE).id
        damping = -self.model.actuator_biasprm[self._arm_actuators, 2]
        self._servo_lag = damping / self.model.actuator_gainprm[self._arm_actuators, 0]  # seconds
        self._target = np.eye(4)
        self._objects = SceneObjects(self.model, task.objects)
        self._views = SceneViews(self.model, self._objects.names, self.config.color_samples)
        self.reset(0)

    @property
    def target_pose(self) -> Array:
        return self._target.copy()

    def reset(self, seed: int, start: InitialState | None = None) -> Observation:
        if seed < 0:
            raise InvalidParameterError(f"seed {seed}: expected 0 or more")
        for_task, for_camera = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
        self.depth_camera, self.color_camera = self.config.camera.draw(for_camera)
        if start is None:
            start = self.task.draw(for_task)
        mujoco.mj_resetData(self.model, self.data)
        joints = self._control.solve(start.eef_pose)
        self.data.qpos[self._qpos] = joints
        self.data.qpos[self._fingers] = start.gripper_width / 2
        self.data.ctrl[self._arm_actuators] = joints
        self.data.ctrl[self._gripper] = start.gripper_width
        self._objects.place(self.data, start.object_poses)
        mujoco.mj_step(self.model, self.data, round(_SETTLE / self.config.timestep))
        self.data.time = 0.0
        mujoco.mj_forward(self.model, self.data)
        self._target = self._control.pose
        return self.observe()

    def step(self, action: Array) -> StepResult:
        actions = self.config.actions
        checked = actions.checked(action)
        previous, target = self._target, actions.target_pose(self._target, checked)
        width = actions.gripper_width(checked)
        for waypoint in _between(previous, target, self._periods):
            self._period(partial(self._control.step, waypoint), width)
        self._target = _leashed(target, self._control.pose, *self.config.max_lead)
        return self._result(checked, target)

    def step_joints(self, positions: Array, gripper_width: float) -> StepResult:
        goal = np.asarray(positions, dtype=np.float64)
        if goal.shape != (7,) or not np.isfinite(goal).all() or not np.isfinite(gripper_width):
            raise SimulationError(
                f"joint positions {goal} and gripper width {gripper_width}: expected 7 and 1 finite values"
            )
        lead = JOINT_VELOCITY / CONTROL_RATE * 2
        start = self._control.joints
        goal = np.clip(goal, np.maximum(start - lead, JOINT_LOWER), np.minimum(start + lead, JOINT_UPPER))
        width = float(np.clip(gripper_width, 0.0, GRIPPER_WIDTH))
        previous, self._target = self._target, self._control.pose_at(goal)
        for _ in range(self._periods):
            self._period(partial(self._control.step_joints, goal), width)
        return self._result(self.config.actions.action(previous, self._target, width), self._target)

    def observe(self) -> Observation:
        data = self.data
        return Observation(
            time=float(data.time),
            joint_positions=data.qpos[self._qpos].copy(),
            joint_velocities=data.qvel[self._qvel].copy(),
            gripper_width=float(data.qpos[self._fingers].sum()),
            eef_pose=pose_matrix(data.site_xpos[self._site], data.site_xmat[self._site]),
            object_poses=self._objects.poses(data),
            object_velocities=self._objects.velocities(data),
            finger_forces=self._objects.finger_forces(data),
        )

    def place_objects(self, poses: Mapping[str, Array]) -> Observation:
        unknown = sorted(set(poses) - set(self._objects.names))
        if unknown:
            raise SimulationError(
                f"no object {', '.join(unknown)}: expected some of {', '.join(self._objects.names)}"
            )
        self._objects.place(self.data, poses)
        mujoco.mj_forward(self.model, self.data)
        return self.observe()

    def get_state(self) -> Array:
        physics = np.empty(mujoco.mj_stateSize(self.model, _STATE))
        mujoco.mj_getState(self.model, self.data, physics, _STATE)
        return np.concatenate([physics, self._target.ravel(), self._control.get_state()])

    def set_state(self, state: Array) -> Observation:
        values = np.asarray(state, dtype=np.float64)
        size = mujoco.mj_stateSize(self.model, _STATE)
        expected = (size + 16 + self._control.STATE_SIZE,)
        if values.shape != expected or not np.isfinite(values).all():
            raise SimulationError(f"state of shape {values.shape}: expected {expected} finite values")
        mujoco.mj_setState(self.model, self.data, values[:size], _STATE)
        mujoco.mj_forward(self.model, self.data)
        mujoco.mj_setState(self.model, self.data, values[:size], _STATE)  # the warm start that `forward` used
        self._target = values[size : size + 16].reshape(4, 4).copy()
        self._control.set_state(values[size + 16 :])
        return self.observe()

    def render(self, segmentation: bool = False) -> CameraImages:
        if not segmentation:
            return CameraImages(color=self.render_color(), depth=self.render_depth())
        depth, labels = self._views.depth_and_segmentation(self.data, self.depth_camera)
        return CameraImages(self.render_color(), depth, labels)

    def render_color(self) -> NDArray[np.uint8]:
        """Colour image ``(H, W, 3) uint8`` RGB of the present instant."""
        return self._views.color(self.data, self.color_camera)

    def render_depth(self) -> NDArray[np.float32]:
        """Clean depth ``(H, W) float32`` metres of the present instant, 0 where nothing is hit."""
        return self._views.depth(self.data, self.depth_camera)

    def close(self) -> None:
        self._views.close()

    def __del__(self) -> None:
        # A rendering context that is collected while another is current frees that one's objects.
        if hasattr(self, "_views"):
            self.close()

    def _period(self, move: Callable[[], None], width: float) -> None:
        """Let the controller ``move``; then physics, while the servos follow it and the fingers ``width``."""
        controller, control, data = self._control, self.data.ctrl, self.data
        start, velocity = controller.joints, controller.velocity
        move()
        # A servo's error at its joint's full speed: one that was held up catches up no faster.
        reach = JOINT_VELOCITY * self._servo_lag
        travel = GRIPPER_SPEED * self.config.timestep
        times = self.config.timestep * np.arange(1, self._substeps + 1)[:, None]
        speeds = velocity + times * controller.acceleration
        for command in start + times * (velocity + speeds) / 2 + self._servo_lag * speeds:
            measured = data.qpos[self._qpos]
            control[self._arm_actuators] = np.minimum(np.maximum(command, measured - reach), measured + reach)
            control[self._gripper] += min(max(width - control[self._gripper], -travel), travel)
            mujoco.mj_step(self.model, data)
        controller.hold_back(data.qpos[self._qpos], reach)
        if self.on_period is not None:
            self.on_period()

    def _result(self, action: Array, target: Array) -> StepResult:
        mujoco.mj_forward(self.model, self.data)  # poses of the state after the last step, not before it
        observation = self.observe()
        success = self.task.success(observation)
        return StepResult(
            observation=observation,
            reward=float(success),
            success=success,
            action=action,
            target_pose=target,
            subtask_signals=self.task.subtask_signals(observation),
        )


def _between(start: Array, goal: Array, count: int) -> list[Array]:
    """Poses ``(4, 4)``, evenly on the way from ``start`` (left out) to ``goal``."""
    error = pose_error(start, goal)
    return [_moved(start, share * error) for share in np.linspace(0.0, 1.0, count + 1)[1:]]


def _leashed(target: Array, reached: Array, max_distance: float, max_angle: float) -> Array:
    """``target`` pulled back to within the given metres and radians of ``reached``."""
    error = pose_error(reached, target)
    distance, angle = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
    if distance <= max_distance and angle <= max_angle:
        return target
    error[:3] /= max(1.0, distance / max_distance)
    error[3:] /= max(1.0, angle / max_angle)
    return _moved(reached, error)


def _moved(pose: Array, error: Array) -> Array:
    """``pose`` moved by ``error (6,)`` of `pose_error`."""
    moved = np.eye(4)
    moved[:3, 3] = pose[:3, 3] + error[:3]
    moved[:3, :3] = rotation_matrix(error[3:]) @ pose[:3, :3]
    return moved
