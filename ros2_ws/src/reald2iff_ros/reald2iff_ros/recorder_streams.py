"""The topics that the recorder listens to, and what each is for."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, Image, JointState

from reald2iff.errors import InvalidParameterError
from reald2iff_ros import topics


@dataclass(frozen=True)
class Stream:
    """A topic of stamped messages.

    Attributes:
        topic: Name, relative.
        kind: Class of its messages.
        calibration: Stream of the camera_info that belongs to the images; empty for other messages.
    """

    topic: str
    kind: type
    calibration: str = ""

    @property
    def message_type(self) -> str:
        """``package/msg/Name``."""
        package = self.kind.__module__.partition(".")[0]
        return f"{package}/msg/{self.kind.__name__}"


STREAMS = {
    "color": Stream(topics.COLOR_IMAGE, Image, "color_info"),
    "depth": Stream(topics.DEPTH_IMAGE, Image, "depth_info"),
    "clean_depth": Stream(topics.SIM_DEPTH_IMAGE, Image),
    "joint_states": Stream(topics.JOINT_STATES, JointState),
    "eef_pose": Stream(topics.SIM_EEF_POSE, PoseStamped),
    "action": Stream(topics.SIM_ACTION, JointState),
    "target_pose": Stream(topics.SIM_TARGET_POSE, PoseStamped),
    "task_state": Stream(topics.SIM_TASK_STATE, JointState),
    "camera_pose": Stream(topics.SIM_CAMERA_POSE, PoseStamped),
    "color_pose": Stream(topics.SIM_COLOR_POSE, PoseStamped),
}
"""What can be required of a frame."""

_CALIBRATIONS = {
    "color_info": Stream(topics.COLOR_INFO, CameraInfo),
    "depth_info": Stream(topics.DEPTH_INFO, CameraInfo),
}
_LOGGED_ONLY = {"clean_info": Stream(topics.SIM_DEPTH_INFO, CameraInfo)}
OBJECT = "object/"
"""Prefix of the streams of objects' poses."""


def required_streams(required: Sequence[str], objects: Sequence[str]) -> dict[str, Stream]:
    """The streams that make a frame: those asked for, the calibration of their images, the objects' poses.

    Raises:
        InvalidParameterError: for a name that is not one of `STREAMS`, or none at all.
    """
    unknown = [name for name in required if name not in STREAMS]
    if unknown or not required:
        raise InvalidParameterError(
            f"parameter required: {', '.join(unknown) or 'nothing'}: expected some of {', '.join(STREAMS)}"
        )
    streams = {name: STREAMS[name] for name in required}
    for stream in list(streams.values()):
        if stream.calibration:
            streams[stream.calibration] = _CALIBRATIONS[stream.calibration]
    for name in objects:
        streams[OBJECT + name] = Stream(f"{topics.SIM_OBJECTS}/{name}/pose", PoseStamped)
    return streams


def logged_streams(required: dict[str, Stream]) -> dict[str, Stream]:
    """What goes into the MCAP log: all that is known, whether frames need it or not."""
    return {**STREAMS, **_CALIBRATIONS, **_LOGGED_ONLY, **required}


def serialized_stamp(payload: bytes) -> int:
    """Stamp, in nanoseconds, of a serialised message that begins with a header.

    CDR: four bytes of which the second tells the byte order, then seconds and nanoseconds.
    """
    seconds, nanoseconds = struct.unpack_from("<iI" if payload[1] & 1 else ">iI", payload, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)
