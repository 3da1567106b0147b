"""From the messages of one frame to the arrays of one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, JointState

from reald2iff.demos import EpisodeCamera
from reald2iff.errors import NodeError
from reald2iff_ros.messages import color_from_image, depth_from_image, intrinsics_from_camera_info
from reald2iff_ros.recorder_streams import OBJECT, Stream
from reald2iff_ros.topics import ACTION_NAMES
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

Array = NDArray[Any]


class InvalidFrameError(NodeError):
    """Messages that do not make a step.

    Attributes:
        kind: A short word to count by.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass
class Step:
    """One step; what was not recorded is None or empty. Units as in `reald2iff.demos.Episode`.

    Attributes:
        stamp: Nanoseconds.
        images: By observation key, ``(H, W, C)``.
        obs: The other observations but ``eef_quat``, ``(D,)``.
        action: ``(7,)``.
        eef: ``T_world_eef (4, 4)``.
        target: ``T_world_eef (4, 4)`` that the action asked for.
        reward: Of the step.
        success: After the step.
        signals: Subtask signals after the step, by name.
        objects: ``T_world_object (4, 4)`` by name.
        cameras: Calibration by camera.
    """

    stamp: int
    images: dict[str, Array] = field(default_factory=dict)
    obs: dict[str, Array] = field(default_factory=dict)
    action: Array | None = None
    eef: Array | None = None
    target: Array | None = None
    reward: float | None = None
    success: bool = False
    signals: dict[str, int] = field(default_factory=dict)
    objects: dict[str, Array] = field(default_factory=dict)
    cameras: dict[str, EpisodeCamera] = field(default_factory=dict)


def decode_step(stamp: int, parts: Mapping[str, bytes], streams: Mapping[str, Stream]) -> Step:
    """Decode a frame.

    Args:
        stamp: Of the frame, nanoseconds.
        parts: Serialised message by stream.
        streams: Says what the messages are.

    Raises:
        InvalidFrameError, InvalidImageError, InvalidIntrinsicsError: for what cannot be made sense of.
    """
    messages = {name: deserialize_message(payload, streams[name].kind) for name, payload in parts.items()}
    step = Step(stamp)
    if "color" in messages:
        step.images["camera_image"] = np.ascontiguousarray(color_from_image(messages["color"]))
    for name, key in (("depth", "camera_depth"), ("clean_depth", "camera_depth_clean")):
        if name in messages:
            step.images[key] = depth_from_image(messages[name])[..., None]
    if "joint_states" in messages:
        step.obs |= _joints(messages["joint_states"])
    if "eef_pose" in messages:
        step.eef = pose_matrix(messages["eef_pose"])
        step.obs["eef_pos"] = step.eef[:3, 3].copy()
    if "action" in messages:
        values = _named(messages["action"], "action")
        step.action = np.array([_get(values, name, "action") for name in ACTION_NAMES])
    if "target_pose" in messages:
        step.target = pose_matrix(messages["target_pose"])
    if "task_state" in messages:
        values = _named(messages["task_state"], "task_state")
        step.reward = _get(values, "reward", "task_state")
        step.success = _get(values, "success", "task_state") > 0.5
        step.signals = {n: int(v > 0.5) for n, v in values.items() if n not in ("reward", "success")}
    for name, message in messages.items():
        if name.startswith(OBJECT):
            step.objects[name.removeprefix(OBJECT)] = pose_matrix(message)
    for camera, image, pose, keys in (
        ("camera", "depth", "camera_pose", ("camera_depth", "camera_depth_clean")),
        ("camera_color", "color", "color_pose", ("camera_image",)),
    ):
        if image in messages:
            info = messages[streams[image].calibration]
            extrinsics = pose_matrix(messages[pose]) if pose in messages else None
            taken = tuple(key for key in keys if key in step.images)
            step.cameras[camera] = _camera(info, extrinsics, taken, step.images)
    return step


def pose_matrix(message: PoseStamped) -> Array:
    """``(4, 4)`` of a pose, its quaternion normalised.

    Raises:
        InvalidFrameError: for a quaternion of length 0 or values that are not finite.
    """
    p, q = message.pose.position, message.pose.orientation
    position, quaternion = np.array([p.x, p.y, p.z]), np.array([q.x, q.y, q.z, q.w])
    norm = float(np.linalg.norm(quaternion))
    if not np.isfinite(position).all() or not np.isfinite(norm) or norm < 1e-6:
        raise InvalidFrameError("pose", f"pose {position} {quaternion}: expected finite, a unit quaternion")
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    matrix[:3, 3] = position
    return matrix


def _joints(message: JointState) -> dict[str, Array]:
    positions = _named(message, "joint_states")
    if len(message.velocity) != len(message.name):
        raise InvalidFrameError(
            "joint_velocities",
            f"joint_states has {len(message.velocity)} velocities for {len(message.name)} names",
        )
    velocities = dict(zip(message.name, message.velocity, strict=True))
    return {
        "joint_positions": np.array([_get(positions, name, "joint_states") for name in ARM_JOINTS]),
        "joint_velocities": np.array([velocities[name] for name in ARM_JOINTS]),
        "gripper_width": np.array([sum(_get(positions, name, "joint_states") for name in FINGER_JOINTS)]),
    }


def _named(message: JointState, stream: str) -> dict[str, float]:
    if len(message.name) != len(message.position):
        raise InvalidFrameError(
            "length", f"{stream} has {len(message.position)} positions for {len(message.name)} names"
        )
    return dict(zip(message.name, message.position, strict=True))


def _get(values: Mapping[str, float], name: str, stream: str) -> float:
    if name not in values:
        have = ", ".join(values) or "nothing"
        raise InvalidFrameError("names", f"{stream} lacks {name}: it has {have}")
    return float(values[name])


def _camera(
    info: CameraInfo, extrinsics: Array | None, keys: tuple[str, ...], images: Mapping[str, Array]
) -> EpisodeCamera:
    intrinsics = intrinsics_from_camera_info(info)
    for key in keys:
        if images[key].shape[:2] != (intrinsics.height, intrinsics.width):
            height, width = images[key].shape[:2]
            raise InvalidFrameError(
                "camera_info",
                f"camera_info is of {intrinsics.width}x{intrinsics.height}: {key} is {width}x{height}",
            )
    return EpisodeCamera(
        intrinsics.matrix, intrinsics.width, intrinsics.height, info.header.frame_id, keys, extrinsics
    )
