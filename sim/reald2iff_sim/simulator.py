"""The interface of every simulation backend (MuJoCo here; Isaac Sim implements the same)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics

if TYPE_CHECKING:
    from reald2iff_sim.control.actions import ActionSpace
    from reald2iff_sim.tasks.base import InitialState, Task

ARM_JOINTS = tuple(f"fr3_joint{i}" for i in range(1, 8))
FINGER_JOINTS = ("fr3_finger_joint1", "fr3_finger_joint2")
CONTROL_RATE = 20.0
"""Actions per second."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CameraCalibration:
    """Intrinsics and the pose of the optical frame.

    Attributes:
        intrinsics: Pinhole of the image.
        pose: ``T_world_optical (4, 4) float64``.
        frame_id: Of the images.
    """

    intrinsics: PinholeIntrinsics
    pose: Array
    frame_id: str


@dataclass(frozen=True)
class Observation:
    """State of the robot and the scene at one instant. World frame = ``fr3_link0``, the robot's base.

    Attributes:
        time: Simulation time, seconds.
        joint_positions: ``(7,)`` rad, in the order of `ARM_JOINTS`.
        joint_velocities: ``(7,)`` rad/s.
        gripper_width: Opening in metres, 0 to 0.08.
        eef_pose: ``T_world_eef (4, 4)``, the point between the finger tips, z along the fingers.
        object_poses: ``T_world_object (4, 4)`` by object name.
        object_velocities: ``(6,)`` by object name: linear m/s and angular rad/s, world frame.
        finger_forces: ``(2,)`` N by object name: what the left and the right finger press on it with.
    """

    time: float
    joint_positions: Array
    joint_velocities: Array
    gripper_width: float
    eef_pose: Array
    object_poses: dict[str, Array]
    object_velocities: dict[str, Array] = field(default_factory=dict)
    finger_forces: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class StepResult:
    """What one control step led to.

    Attributes:
        observation: After the step.
        reward: 1.0 on success, else 0.0.
        success: The task's predicate.
        action: ``(7,)`` in [-1, 1], as executed.
        target_pose: ``T_world_eef (4, 4)`` that the action asked for.
        subtask_signals: 0 or 1 by name (MimicGen's subtask_term_signals), of the observation.
    """

    observation: Observation
    reward: float
    success: bool
    action: Array
    target_pose: Array
    subtask_signals: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CameraImages:
    """One rendered instant of the D435-like camera.

    Attributes:
        color: ``(H, W, 3) uint8`` RGB, in the colour camera's frame.
        depth: ``(H, W) float32`` metres, clean planar depth of the depth camera; 0 where nothing is hit.
        segmentation: ``(H, W) uint8`` what each pixel of ``depth`` shows: 0 = the room, 1 = the robot,
            2 + i = the task's object i. None where it was not asked for.
    """

    color: NDArray[np.uint8]
    depth: NDArray[np.float32]
    segmentation: NDArray[np.uint8] | None = None


class Simulator(ABC):
    """A robot, a task's scene and a camera, stepped at `CONTROL_RATE`.

    Attributes:
        task: What is simulated and judged.
        actions: What an action means; `ActionSpace.action` finds the one that leads to a pose.
        depth_camera: Of the present episode. `render` takes it as it is: set another pose or size at will.
        color_camera: Likewise.
    """

    task: Task
    actions: ActionSpace
    depth_camera: CameraCalibration
    color_camera: CameraCalibration

    @abstractmethod
    def reset(self, seed: int, start: InitialState | None = None) -> Observation:
        """New episode, at time 0; the same seed gives the same scene, camera pose and bytes.

        Args:
            seed: Draws the camera's pose and the start.
            start: Instead of the one that the task draws.

        Raises:
            InvalidParameterError: for a negative seed.
            SimulationError: for a start that the arm cannot reach.
        """

    @property
    @abstractmethod
    def target_pose(self) -> Array:
        """``T_world_eef (4, 4)`` that the arm is on its way to; the next action is relative to it."""

    @abstractmethod
    def step(self, action: Array) -> StepResult:
        """One control period.

        Args:
            action: ``(7,)`` in [-1, 1]: end-effector translation (x, y, z) and rotation vector in the world
                frame, scaled by the backend's `ActionSpace`, and the gripper (-1 close, +1 open). Values
                outside are clipped.

        Raises:
            SimulationError: for another shape, or values not finite.
        """

    @abstractmethod
    def step_joints(self, positions: Array, gripper_width: float) -> StepResult:
        """One control period towards joint positions ``(7,)`` rad and a gripper opening in metres.

        Both are clipped to the robot's position and velocity limits. The result's action is the one that
        would have asked for the same target pose, clipped to [-1, 1].

        Raises:
            SimulationError: for another shape, or values not finite.
        """

    @abstractmethod
    def observe(self) -> Observation:
        """The present instant, as the last reset or step returned it."""

    @abstractmethod
    def place_objects(self, poses: Mapping[str, Array]) -> Observation:
        """Put objects somewhere else, at rest; time and robot stay.

        Args:
            poses: ``T_world_object (4, 4)`` by object name; objects left out stay where they are.

        Raises:
            SimulationError: for a name that the task does not have.
        """

    @abstractmethod
    def get_state(self) -> Array:
        """All that decides what follows, physics and control, as ``(D,) float64``; D is fixed for a task.

        A simulator of the same backend, version and task that is set to it renders the same images and goes
        on with the same bytes. The cameras are not part of it.
        """

    @abstractmethod
    def set_state(self, state: Array) -> Observation:
        """Take over what `get_state` returned, here or in another simulator of the same task.

        Raises:
            SimulationError: for another shape, or values not finite.
        """

    @abstractmethod
    def render(self, segmentation: bool = False) -> CameraImages:
        """Images of the present instant; with ``segmentation`` if asked for."""

    @abstractmethod
    def close(self) -> None:
        """Free the renderer."""
