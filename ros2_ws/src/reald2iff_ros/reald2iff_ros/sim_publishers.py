"""Puts observations, images and outcomes of the simulation on their topics, with the stamp of their step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header, String

from reald2iff_ros import topics
from reald2iff_ros.messages import (
    array_to_image,
    depth_to_image,
    intrinsics_to_camera_info,
    nanoseconds_to_stamp,
)
from reald2iff_ros.qos import PUBLISH, qos_overrides
from reald2iff_ros.sim_episode import EpisodeStatus
from reald2iff_sim.simulator import (
    ARM_JOINTS,
    FINGER_JOINTS,
    CameraCalibration,
    CameraImages,
    Observation,
    StepResult,
)

EPISODE_TOPIC = "~/episode"
"""std_msgs/String, JSON of `EpisodeStatus`, kept for late joiners, sent whenever state or phase changes."""

_LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


class SimPublishers:
    """The publishers of the simulation node. Stamps are nanoseconds of simulation time."""

    def __init__(self, node: LifecycleNode, objects: Iterable[str]) -> None:
        """Args:
        node: The node.
        objects: Names of the scene's objects.
        """
        self._node = node
        self._all: list[Any] = []
        self._clock = self._make(Clock, topics.CLOCK)
        self._joints = self._make(JointState, topics.JOINT_STATES)
        self._eef = self._make(PoseStamped, topics.SIM_EEF_POSE)
        self._objects = {
            name: self._make(PoseStamped, f"{topics.SIM_OBJECTS}/{name}/pose") for name in objects
        }
        self._depth_pose = self._make(PoseStamped, topics.SIM_CAMERA_POSE)
        self._color_pose = self._make(PoseStamped, topics.SIM_COLOR_POSE)
        self._depth = self._make(Image, topics.SIM_DEPTH_IMAGE)
        self._depth_info = self._make(CameraInfo, topics.SIM_DEPTH_INFO)
        self._color = self._make(Image, topics.COLOR_IMAGE)
        self._color_info = self._make(CameraInfo, topics.COLOR_INFO)
        self._action = self._make(JointState, topics.SIM_ACTION)
        self._target = self._make(PoseStamped, topics.SIM_TARGET_POSE)
        self._task = self._make(JointState, topics.SIM_TASK_STATE)
        self._episode = self._make(String, EPISODE_TOPIC, _LATCHED)

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._all:
            self._node.destroy_lifecycle_publisher(publisher)

    @property
    def images_wanted(self) -> bool:
        """Whether somebody subscribes to one of the images."""
        return self._depth.get_subscription_count() > 0 or self._color.get_subscription_count() > 0

    def observation(
        self, stamp: int, state: Observation, depth: CameraCalibration, color: CameraCalibration
    ) -> None:
        """/clock, joint states and the poses of end effector, objects and cameras."""
        time = nanoseconds_to_stamp(stamp)
        self._clock.publish(Clock(clock=time))
        finger = state.gripper_width / 2
        self._joints.publish(
            _joint_state(
                stamp,
                (*ARM_JOINTS, *FINGER_JOINTS),
                [*state.joint_positions, finger, finger],
                # A JointState has as many velocities as names; simulators report none of the fingers.
                [*state.joint_velocities, 0.0, 0.0],
            )
        )
        self._eef.publish(_pose(stamp, state.eef_pose))
        for name, pose in state.object_poses.items():
            self._objects[name].publish(_pose(stamp, pose))
        self._depth_pose.publish(_pose(stamp, depth.pose))
        self._color_pose.publish(_pose(stamp, color.pose))

    def images(
        self, stamp: int, images: CameraImages, depth: CameraCalibration, color: CameraCalibration
    ) -> None:
        """Clean depth and colour with their calibrations, which go first."""
        header = Header(stamp=nanoseconds_to_stamp(stamp), frame_id=depth.frame_id)
        self._depth_info.publish(intrinsics_to_camera_info(depth.intrinsics, header))
        self._depth.publish(depth_to_image(images.depth, "32FC1", header))
        header = Header(stamp=nanoseconds_to_stamp(stamp), frame_id=color.frame_id)
        self._color_info.publish(intrinsics_to_camera_info(color.intrinsics, header))
        self._color.publish(array_to_image(images.color, "rgb8", header))

    def outcome(self, stamp: int, result: StepResult) -> None:
        """Action, its target and what came of it, with the stamp of the frame that it was chosen on."""
        self._action.publish(_joint_state(stamp, topics.ACTION_NAMES, result.action))
        self._target.publish(_pose(stamp, result.target_pose))
        signals = result.subtask_signals
        self._task.publish(
            _joint_state(
                stamp,
                ("reward", "success", *signals),
                [result.reward, float(result.success), *map(float, signals.values())],
            )
        )

    def episode(self, status: EpisodeStatus) -> None:
        """The state of the episode."""
        self._episode.publish(String(data=json.dumps(status.fields())))

    def _make(self, kind: type, topic: str, profile: QoSProfile = PUBLISH) -> Any:
        publisher = self._node.create_lifecycle_publisher(
            kind, topic, profile, qos_overriding_options=qos_overrides()
        )
        self._all.append(publisher)
        return publisher


def _joint_state(
    stamp: int,
    names: Sequence[str],
    positions: Sequence[float] | NDArray[np.float64],
    velocities: Sequence[float] = (),
) -> JointState:
    return JointState(
        header=Header(stamp=nanoseconds_to_stamp(stamp)),
        name=list(names),
        position=[float(v) for v in positions],
        velocity=[float(v) for v in velocities],
    )


def _pose(stamp: int, matrix: NDArray[np.float64]) -> PoseStamped:
    x, y, z = (float(v) for v in matrix[:3, 3])
    qx, qy, qz, qw = (float(v) for v in Rotation.from_matrix(matrix[:3, :3]).as_quat())
    return PoseStamped(
        header=Header(stamp=nanoseconds_to_stamp(stamp), frame_id=topics.WORLD_FRAME),
        pose=Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw)),
    )
