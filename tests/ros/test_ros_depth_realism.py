"""The realism node in a process of its own, over real Fast DDS."""

from array import array

import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_harness import HANG, Harness, depth_frame, end_node, info_for, slope, start_node

from reald2iff_ros.lifecycle_client import LifecycleClient, TransitionError
from reald2iff_ros.messages import depth_from_image, image_to_array

NAMESPACE = "/realism"
NODE = f"{NAMESPACE}/depth_realism"
IN = f"{NAMESPACE}/sim/camera/depth"
RELIABLE_INPUT = [
    argument
    for topic in ("image_rect_raw", "camera_info")
    for argument in ("-p", f"qos_overrides.{IN}/{topic}.subscription.reliability:=reliable")
]


@pytest.fixture(scope="module")
def process():
    process = start_node(
        "depth_realism",
        *("-r", f"__ns:={NAMESPACE}", "-p", "model:=gaussian", "-p", "seed:=3"),
        *("-p", "diagnostics_period:=0.1", "-p", "autostart:=true", *RELIABLE_INPUT),
    )
    yield process
    status, output = end_node(process)
    print(output)
    assert status == 0, output


@pytest.fixture(scope="module")
def ros(process):
    harness = Harness(NAMESPACE)
    harness.wait_connected()
    yield harness
    harness.close()


@pytest.fixture(scope="module")
def lifecycle(process):
    client = LifecycleClient(watch=lambda: None)
    client.wait_for(NODE, HANG)
    yield client
    client.close()


def set_parameter(ros, name, value):
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return ros.call(SetParameters, f"{NODE}/set_parameters", request).results[0]


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1"])
def test_a_frame_keeps_stamp_frame_and_size_and_brings_its_camera_info(ros, encoding):
    depth = slope()
    pixels = depth if encoding == "32FC1" else np.rint(depth * 1000).astype(np.uint16)
    sent = depth_frame(pixels, 12_345_678_901, frame_id="some_optical_frame")
    info = info_for(sent)
    image, info_back = ros.exchange(sent, info)
    assert image.header == sent.header
    assert (image.height, image.width, image.encoding, image.step) == (48, 64, "16UC1", 128)
    assert info_back == info
    answer = depth_from_image(image)
    valid = answer > 0
    assert valid.mean() > 0.5
    assert np.median(np.abs(answer - depth)[valid]) < 0.1
    assert np.any(answer != depth)


def test_the_noise_depends_on_seed_and_stamp_only(ros):
    first, _ = ros.exchange(depth_frame(slope(), 100))
    other, _ = ros.exchange(depth_frame(slope(), 200))
    again, _ = ros.exchange(depth_frame(slope(), 100))
    assert first.data == again.data
    assert first.data != other.data


def test_row_padding_and_byte_order_do_not_change_the_answer(ros):
    packed = depth_frame(slope(), 300)
    expected, _ = ros.exchange(packed)
    padded = depth_frame(slope(), 300)
    padded.step += 12
    rows = np.pad(slope().view(np.uint8).reshape(48, 256), ((0, 0), (0, 12)), constant_values=0xAB)
    padded.data = array("B", rows.tobytes())
    swapped = depth_frame(slope(), 300)
    swapped.is_bigendian = 1
    swapped.data = array("B", slope().astype(">f4").tobytes())
    for variant in (padded, swapped):
        assert ros.exchange(variant)[0].data == expected.data


def test_invalid_pixels_stay_invalid(ros):
    depth = slope()
    bad = [np.nan, np.inf, -np.inf, -1.0, 0.0]
    depth[:, : len(bad)] = bad
    image, _ = ros.exchange(depth_frame(depth, 400))
    assert not image_to_array(image)[:, : len(bad)].any()


@pytest.mark.parametrize(("height", "width", "dtype"), [(1, 1, np.float32), (2160, 3840, np.uint16)])
def test_any_size_passes(ros, height, width, dtype):
    value = 1.0 if dtype is np.float32 else 1000
    image, info = ros.exchange(depth_frame(np.full((height, width), value, dtype), 500))
    assert (image.height, image.width, info.height, info.width) == (height, width, height, width)


def broken(name):
    message = depth_frame(slope(), 600)
    if name == "encoding":
        message.encoding = "yuv422"
    if name == "size":
        message.height, message.data = 0, array("B")
    if name == "step":
        message.step = 255
    if name == "data_length":
        message.data = array("B")
    return message


@pytest.mark.parametrize("kind", ["encoding", "size", "step", "data_length"])
def test_a_malformed_frame_is_counted_and_the_next_one_passes(ros, kind):
    ros.fresh_diagnostics()
    before = ros.count(f"dropped.{kind}"), ros.count("dropped")
    for n in (1, 2):
        ros.send(broken(kind), info_for(depth_frame(slope(), 600)))
        ros.wait(lambda n=n: ros.count(f"dropped.{kind}") == before[0] + n, f"dropped.{kind}")
    assert ros.count("dropped") == before[1] + 2
    assert "expected" in ros.diagnostics["last_error"]
    ros.exchange(depth_frame(slope(), 700))


def test_camera_info_that_does_not_fit_is_counted(ros):
    ros.fresh_diagnostics()
    before = ros.count("dropped.InvalidIntrinsicsError")
    image = depth_frame(slope(), 800)
    wrong_size = info_for(depth_frame(slope(24, 32), 800))
    uncalibrated = info_for(depth_frame(slope(), 801))
    uncalibrated.k = [0.0] * 9
    ros.send(image, wrong_size)
    ros.wait(lambda: ros.count("dropped.InvalidIntrinsicsError") == before + 1, "the first drop")
    ros.send(depth_frame(slope(), 801), uncalibrated)
    ros.wait(lambda: ros.count("dropped.InvalidIntrinsicsError") == before + 2, "the second drop")


def test_diagnostics_hold_the_figures(ros):
    ros.exchange(depth_frame(slope(), 900))
    ros.exchange(depth_frame(slope(), 901))
    ros.fresh_diagnostics()
    figures = ros.diagnostics
    assert float(figures["latency_p50_ms"]) <= float(figures["latency_p95_ms"])
    assert 0 <= float(figures["invalid_ratio"]) <= 1
    assert float(figures["rate_hz"]) > 0
    assert int(figures["received"]) >= int(figures["published"]) >= 2
    assert (figures["model"], figures["device"], figures["state"]) == ("gaussian", "cpu", "active")


def test_disabled_it_passes_clean_depth_through(ros):
    assert set_parameter(ros, "enabled", False).successful
    image, _ = ros.exchange(depth_frame(slope(), 1000))
    np.testing.assert_array_equal(image_to_array(image), np.rint(slope() * 1000))
    assert set_parameter(ros, "enabled", True).successful


def test_parameters_are_checked_at_run_time(ros):
    assert set_parameter(ros, "seed", 7).successful
    assert "range" in set_parameter(ros, "seed", -2).reason
    assert "at least 1" in set_parameter(ros, "coarse_steps", 0).reason
    assert "unconfigured" in set_parameter(ros, "model", "perlin").reason
    assert set_parameter(ros, "seed", 3).successful


def test_an_image_takes_the_last_camera_info_when_its_own_does_not_come(ros):
    sent = depth_frame(slope(), 1100)
    ros.exchange(sent)
    ros.images.clear()
    ros.infos.clear()
    late = depth_frame(slope(), 1200)
    ros.image_in.publish(late)
    ros.wait(lambda: ros.images and ros.infos, "the answer")
    assert ros.images[-1].header == ros.infos[-1].header == late.header
    assert ros.infos[-1].k.tolist() == info_for(sent).k.tolist()


def test_lifecycle_deactivation_keeps_the_model_and_cleanup_allows_another(ros, lifecycle):
    assert lifecycle.state(NODE) == "active"
    with pytest.raises(TransitionError, match="stays active"):
        lifecycle.configure(NODE, HANG)  # not allowed from here, and must not end the node
    lifecycle.deactivate(NODE, HANG)
    assert lifecycle.state(NODE) == "inactive"
    ros.wait(lambda: not ros.image_in.get_subscription_count(), "the subscription to go")
    lifecycle.activate(NODE, HANG)
    ros.wait_connected()
    ros.exchange(depth_frame(slope(), 1300))
    lifecycle.deactivate(NODE, HANG)
    lifecycle.cleanup(NODE, HANG)
    assert lifecycle.state(NODE) == "unconfigured"


def test_a_model_that_does_not_load_fails_the_transition_and_the_node_survives(ros, lifecycle):
    assert set_parameter(ros, "model", "reald2iff").successful
    assert set_parameter(ros, "weights", "/no/such/folder").successful
    with pytest.raises(TransitionError, match="stays unconfigured"):
        lifecycle.configure(NODE, HANG)
    ros.wait(lambda: "/no/such/folder" in ros.diagnostics["last_error"], "the reason")
    assert set_parameter(ros, "model", "gaussian").successful
    lifecycle.configure(NODE, HANG)
    lifecycle.activate(NODE, HANG)
    ros.wait_connected()
    ros.exchange(depth_frame(slope(), 1400))


def test_shutdown_ends_the_node(process, lifecycle):
    lifecycle.shutdown(NODE, HANG)
    assert process.wait(HANG) == 0
