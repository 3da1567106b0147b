"""Parameters of the recorder, checked before it starts, and messages that make no step."""

import dataclasses

import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, JointState

from reald2iff.errors import InvalidParameterError, RealD2iffError
from reald2iff_ros.messages import nanoseconds_to_stamp
from reald2iff_ros.recorder_decode import InvalidFrameError, decode_step
from reald2iff_ros.recorder_settings import RecorderSettings
from reald2iff_ros.recorder_streams import STREAMS, required_streams, serialized_stamp

SETTINGS = RecorderSettings(
    out="out",
    record_mcap=True,
    required=tuple(STREAMS),
    objects=("cube",),
    reference="",
    sync_tolerance=0.0,
    max_missing_ratio=0.05,
    save_timeout=10.0,
    max_backlog_mb=100,
    consolidate=True,
    auto=False,
    episode_topic="mujoco_sim/episode",
    noise_model_node="depth_realism",
    env_name="pick_cube",
    env_kwargs="{}",
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"required": ("depth", "lidar")}, "required: lidar: expected some of color, depth"),
        ({"required": ()}, "required: nothing"),
        ({"reference": "clock"}, "reference: 'clock': expected one of those required"),
        ({"auto": True, "episode_topic": ""}, "auto: true needs an episode_topic"),
        ({"env_kwargs": "{"}, "env_kwargs: '{': expected a JSON object"),
        ({"env_kwargs": "[]"}, "expected a JSON object"),
    ],
)
def test_wrong_parameters_are_named(changes, message):
    with pytest.raises(InvalidParameterError, match=message):
        dataclasses.replace(SETTINGS, **changes)


def test_the_reference_is_the_action_or_else_the_first_stream():
    assert SETTINGS.reference_stream == "action"
    assert dataclasses.replace(SETTINGS, required=("depth", "color")).reference_stream == "depth"


def test_images_need_their_calibration():
    assert {"depth_info", "color_info", "object/cup"} <= set(required_streams(("depth", "color"), ("cup",)))


def test_the_stamp_is_read_from_a_serialised_message():
    for stamp in (0, 1, 12_000_000_034, 2_147_483_647_999_999_999):
        message = CameraInfo()
        message.header.stamp = nanoseconds_to_stamp(stamp)
        assert serialized_stamp(serialize_message(message)) == stamp


JOINTS = [f"fr3_joint{i}" for i in range(1, 8)]


@pytest.mark.parametrize(
    ("stream", "message", "words"),
    [
        (
            "joint_states",
            JointState(name=JOINTS, position=[0.0] * 7, velocity=[0.0] * 7),
            "lacks fr3_finger_joint1",
        ),
        ("joint_states", JointState(name=JOINTS, position=[0.0] * 7), "0 velocities for 7 names"),
        ("joint_states", JointState(name=JOINTS, position=[0.0]), "1 positions for 7 names"),
        ("action", JointState(name=["dx"], position=[0.0]), "action lacks dy: it has dx"),
        ("eef_pose", STREAMS["eef_pose"].kind(), None),
        ("color", Image(encoding="yuv422"), "encoding 'yuv422'"),
    ],
)
def test_messages_that_make_no_step_are_named(stream, message, words):
    if stream == "eef_pose":
        message.pose.orientation.w = 0.0
        words = "expected finite, a unit quaternion"
    parts = {stream: serialize_message(message)}
    with pytest.raises(RealD2iffError, match=words):
        decode_step(0, parts, required_streams((stream,), ()))
    assert issubclass(InvalidFrameError, RealD2iffError)
