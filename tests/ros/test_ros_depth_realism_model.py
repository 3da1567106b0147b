"""How the realism node treats its model: slow, failing, with a discrepancy map. A stand-in is the model."""

import threading

import numpy as np
import pytest
from rclpy.parameter import Parameter
from ros_harness import HANG, RELIABLE, Harness, depth_frame, slope
from sensor_msgs.msg import Image

from reald2iff_ros import depth_realism
from reald2iff_ros.depth_realism import DepthRealism
from reald2iff_ros.depth_realism_model import RealisticDepth
from reald2iff_ros.messages import image_to_array


class StandIn:
    """Adds a metre, after ``go_on`` is set; raises while ``fails``."""

    device = "cpu"

    def __init__(self, config):
        self.go_on = threading.Event()
        self.go_on.set()
        self.busy = threading.Event()
        self.fails = False
        self.sequences = []

    def warm_up(self):
        pass

    def __call__(self, depth, intrinsics, rng, sequence):
        self.sequences.append(sequence)
        self.busy.set()
        assert self.go_on.wait(HANG)
        if self.fails:
            raise RuntimeError("no such luck")
        return RealisticDepth(depth + 1, np.full(depth.shape, 0.5, np.float32))


@pytest.fixture
def ros(monkeypatch):
    monkeypatch.setattr(depth_realism, "DepthModel", StandIn)
    harness = Harness("/standin")
    parameters = {"publish_discrepancy": True, "diagnostics_period": 0.05}
    node = DepthRealism(
        context=harness.context,
        namespace="/standin",
        parameter_overrides=[Parameter(name, value=value) for name, value in parameters.items()],
    )
    harness.executor.add_node(node)
    node.trigger_configure()
    node.trigger_activate()
    harness.realism, harness.model = node, node._model
    harness.wait_connected()
    yield harness
    node.trigger_shutdown()
    node.destroy_node()
    harness.close()


def test_the_newest_frame_wins_while_the_model_is_busy_and_callbacks_go_on(ros):
    ros.model.go_on.clear()
    ros.send(depth_frame(slope(), 1))
    ros.wait(ros.model.busy.is_set, "the model")
    for stamp in (2, 3, 4):
        ros.send(depth_frame(slope(), stamp))
        ros.wait(lambda stamp=stamp: ros.count("received") == stamp, f"frame {stamp}")
    ros.model.go_on.set()
    ros.wait(lambda: len(ros.images) == 2, "two answers")
    assert [image.header.stamp.nanosec for image in ros.images] == [1, 4]
    ros.wait(lambda: ros.count("dropped.replaced") == 2, "the count")
    assert ros.count("dropped") == 2


def test_a_failing_model_drops_the_frame_or_passes_it_through(ros):
    ros.model.fails = True
    ros.send(depth_frame(slope(), 1))
    ros.wait(lambda: ros.count("dropped.RuntimeError") == 1, "the drop")
    assert "no such luck" in ros.diagnostics["last_error"]
    ros.realism.set_parameters([Parameter("passthrough_on_failure", value=True)])
    image, _ = ros.exchange(depth_frame(slope(), 2))
    np.testing.assert_array_equal(image_to_array(image), np.rint(slope() * 1000))
    ros.wait(lambda: ros.count("passed_through") == 1, "the count")
    assert ros.count("dropped") == 1


def test_the_discrepancy_map_comes_with_the_frames_header_when_somebody_listens(ros):
    maps = []
    ros.node.create_subscription(Image, "depth_realism/discrepancy", maps.append, RELIABLE)
    ros.wait(lambda: ros.node.count_publishers("depth_realism/discrepancy"), "the topic")
    sent = depth_frame(slope(), 1)

    def arrived():
        ros.exchange(sent)
        return maps

    ros.wait(arrived, "a map")
    assert (maps[0].header, maps[0].encoding) == (sent.header, "32FC1")
    np.testing.assert_array_equal(image_to_array(maps[0]), np.full((48, 64), 0.5))


def test_what_stays_from_frame_to_frame_changes_after_a_minute_of_stamps_and_with_the_seed(ros):
    def sequence_of(stamp, seconds):
        image = depth_frame(slope(), stamp)
        image.header.stamp.sec = seconds
        ros.exchange(image)
        return ros.model.sequences[-1]

    ros.realism.set_parameters([Parameter("seed", value=3)])
    first = sequence_of(1, 60)
    assert first == sequence_of(2, 119)
    assert first != sequence_of(3, 120)
    ros.realism.set_parameters([Parameter("seed", value=4)])
    assert first != sequence_of(4, 119)


def test_frames_without_camera_info_are_dropped_and_counted(ros):
    ros.image_in.publish(depth_frame(slope(), 1))
    ros.wait(lambda: ros.count("dropped.no_camera_info") == 1, "the drop")
    assert not ros.images
