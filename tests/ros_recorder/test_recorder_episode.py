"""The number of steps that the simulation counted is held against those that came."""

import dataclasses

import pytest
from rclpy.serialization import serialize_message
from recorder_harness import ACTION, ARM, FINGERS, STEP
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from test_recorder_settings import SETTINGS

from reald2iff.demos import DemoWriter
from reald2iff_ros.diagnostics import FrameStatistics
from reald2iff_ros.messages import nanoseconds_to_stamp
from reald2iff_ros.recorder_episode import EpisodeRecorder, RefusedEpisodeError
from reald2iff_ros.recorder_streams import logged_streams


@pytest.fixture
def episode(tmp_path):
    """An episode of 20 steps."""
    settings = dataclasses.replace(
        SETTINGS, required=("action", "joint_states"), objects=(), record_mcap=False, out=str(tmp_path)
    )
    writer = DemoWriter(settings.master, settings.env_args)
    names = {name: stream.topic for name, stream in logged_streams(settings.streams).items()}
    episode = EpisodeRecorder(writer, settings, names, FrameStatistics(), pytest.fail)
    for stamp in range(STEP, 21 * STEP, STEP):
        for stream, joints in (("joint_states", ARM + FINGERS), ("action", ACTION)):
            zeros = [0.0] * len(joints)
            header = Header(stamp=nanoseconds_to_stamp(stamp))
            message = JointState(header=header, name=joints, position=zeros, velocity=zeros)
            episode.add(stream, stamp, bytes(serialize_message(message)))
    yield episode
    writer.close()


def test_steps_that_never_came_are_counted(episode):
    episode.expect(21)
    assert not episode.full
    answer = episode.commit(None, None)
    assert (answer["frames"], answer["incomplete"], answer["missing"]) == (20, 1, {"action": 1})


def test_too_many_of_them_are_refused(episode):
    episode.expect(22)
    with pytest.raises(RefusedEpisodeError, match=r"2 of 22 frames lack a part \(sim/action 2\)"):
        episode.commit(None, None)


def test_steps_of_another_episode_are_refused(episode):
    episode.expect(19)
    with pytest.raises(RefusedEpisodeError, match="20 steps came: expected 19"):
        episode.commit(None, None)
