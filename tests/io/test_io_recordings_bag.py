"""RealSense recordings give back the depth that went into them."""

import time

import numpy as np
import pytest

from reald2iff.errors import DatasetError
from reald2iff.io.recordings import read_recordings

pytest.importorskip("rosbags", reason="needs rosbags: pip install 'reald2iff-ros[ros]'")

WIDTH, HEIGHT = 64, 48
STREAM = "/device_0/sensor_0/Depth_0"


def write_bag(path, images, *, encoding="mono16", unit=0.001, baseline=None, info=True, fps=30):
    """A bag as the RealSense SDK before 2.58 wrote it (ROS 1), without the topics that nobody reads."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    header = types["std_msgs/msg/Header"](
        seq=0, stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id="0"
    )
    with Writer(path) as bag:

        def write(topic, kind, message, stamp=0):
            if topic not in connections:
                connections[topic] = bag.add_connection(topic, kind, typestore=store)
            bag.write(connections[topic], stamp, store.serialize_ros1(message, kind))

        connections = {}
        write(
            "/device_0/sensor_0/option/Depth Units/value",
            "std_msgs/msg/Float32",
            types["std_msgs/msg/Float32"](unit),
        )
        if baseline is not None:
            topic = "/device_0/sensor_0/option/Stereo Baseline/value"
            write(topic, "std_msgs/msg/Float32", types["std_msgs/msg/Float32"](baseline))
        if info:
            k = np.array([400.0, 0, 31.5, 0, 400.0, 23.5, 0, 0, 1])
            region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
            message = types["sensor_msgs/msg/CameraInfo"](
                header, HEIGHT, WIDTH, "", np.zeros(5), k, np.eye(3).ravel(), np.zeros(12), 0, 0, region
            )
            write(f"{STREAM}/info/camera_info", "sensor_msgs/msg/CameraInfo", message)
        for number, image in enumerate(images):
            data = np.ascontiguousarray(image).astype("<u2").view(np.uint8).ravel()
            message = types["sensor_msgs/msg/Image"](
                header, image.shape[0], image.shape[1], encoding, 0, 2 * image.shape[1], data
            )
            write(f"{STREAM}/image/data", "sensor_msgs/msg/Image", message, int(number * 1e9 / fps))
    return path


def moving(count):
    """A slope that comes nearer from frame to frame, so that nothing stands still."""
    ramp = np.arange(WIDTH) + 20 * np.arange(HEIGHT)[:, None]
    return [(2000 - 40 * number + ramp).astype(np.uint16) for number in range(count)]


def test_frames_come_back_as_metres_with_their_camera(tmp_path):
    images = moving(20)
    (recording,) = read_recordings(write_bag(tmp_path / "mine.bag", images, unit=0.0005, baseline=49.9))
    assert recording.name == "mine" and not recording.registered
    assert recording.baseline == pytest.approx(0.0499)
    assert (recording.intrinsics.fx, recording.intrinsics.cy) == (400.0, 23.5)
    np.testing.assert_allclose(recording.frames[0].depth(), images[0] * 0.0005, rtol=1e-6)


def test_a_frame_in_a_quarter_of_a_second_is_taken(tmp_path):
    images = moving(32)
    (recording,) = read_recordings(write_bag(tmp_path / "mine.bag", images))
    assert not any(frame.static_burst for frame in recording.frames)
    for frame, number in zip(recording.frames, (0, 8, 16, 24), strict=True):
        np.testing.assert_allclose(frame.depth(), images[number] * 0.001, rtol=1e-6)


def test_where_the_camera_stands_still_a_burst_is_taken(tmp_path):
    images = moving(30)
    standing = images[10:11] * 16
    (recording,) = read_recordings(write_bag(tmp_path / "mine.bag", images[:10] + standing + images[11:]))
    burst = [frame for frame in recording.frames if frame.static_burst]
    assert len(burst) == 8 and len({frame.segment for frame in burst}) == 1
    for frame in burst:
        np.testing.assert_allclose(frame.depth(), images[10] * 0.001, rtol=1e-6)


def test_a_long_bag_gives_a_bounded_number_of_frames(tmp_path):
    (image,) = moving(1)
    (recording,) = read_recordings(write_bag(tmp_path / "long.bag", [image, 2 * image] * 300, fps=2))
    assert 100 <= len(recording.frames) <= 120


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"info": False}, "holds no camera_info of /device_0"),
        ({"encoding": "rgb8"}, "is 'rgb8': expected mono16, 16UC1"),
        ({"unit": 0.0}, r"Depth Units/value = 0\.0"),
        ({"images": []}, "holds /device_0/sensor_0/.*expected depth images under /device_0"),
        ({"images": [np.ones((10, 10), np.uint16)]}, "holds 10x10 px .* expected 64x48"),
    ],
)
def test_a_bag_without_usable_depth_is_an_error_in_words(tmp_path, options, message):
    path = write_bag(tmp_path / "mine.bag", **{"images": moving(2), **options})
    with pytest.raises(DatasetError, match=message):
        read_recordings(path)


@pytest.mark.parametrize("suffix", [".bag", ".db3", ".mcap"])
def test_a_file_that_is_no_bag_is_an_error_in_words(tmp_path, suffix):
    path = tmp_path / f"text{suffix}"
    path.write_text("not a bag")
    with pytest.raises(DatasetError, match="cannot be read as a bag"):
        read_recordings(path)
    with pytest.raises(DatasetError, match="no such file"):
        read_recordings(tmp_path / f"gone{suffix}")


def write_driver_bag(path, streams):
    """A ROS 2 bag of topics as the camera's ROS driver publishes them."""
    from rosbags.rosbag2 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    types = store.types
    header = types["std_msgs/msg/Header"](
        stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id="optical"
    )
    region = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    with Writer(path, version=9) as bag:
        for (topic, info_topic), (fx, images) in streams.items():
            kinds = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo")
            image_connection = bag.add_connection(topic, kinds[0], typestore=store)
            info_connection = bag.add_connection(info_topic, kinds[1], typestore=store)
            k = np.array([fx, 0, 31.5, 0, fx, 23.5, 0, 0, 1])
            info = types[kinds[1]](
                header, HEIGHT, WIDTH, "", np.zeros(5), k, np.eye(3).ravel(), np.zeros(12), 0, 0, region
            )
            for number, image in enumerate(images):
                stamp = int(number * 1e9 / 30)
                data = image.astype("<u2").view(np.uint8).ravel()
                message = types[kinds[0]](header, HEIGHT, WIDTH, "16UC1", 0, 2 * WIDTH, data)
                bag.write(info_connection, stamp, store.serialize_cdr(info, kinds[1]))
                bag.write(image_connection, stamp, store.serialize_cdr(message, kinds[0]))
    return path


def test_native_and_aligned_topics_of_the_ros_driver_are_two_recordings(tmp_path):
    images = moving(9)
    native, aligned = "/camera/camera/depth", "/camera/camera/aligned_depth_to_color"
    path = write_driver_bag(
        tmp_path / "driver",
        {
            (f"{native}/image_rect_raw", f"{native}/camera_info"): (400.0, images),
            (f"{aligned}/image_raw", f"{aligned}/camera_info"): (600.0, images[::-1]),
        },
    )
    recordings = {r.name: r for r in read_recordings(path)}
    assert {name: r.registered for name, r in recordings.items()} == {
        f"driver{native}": False,
        f"driver{aligned}": True,
    }
    registered = recordings[f"driver{aligned}"]
    assert registered.intrinsics.fx == 600.0
    np.testing.assert_allclose(registered.frames[0].depth(), images[-1] * 0.001, rtol=1e-6)


def test_a_recording_of_the_realsense_sdk_gives_back_its_frames(tmp_path):
    rs = pytest.importorskip(
        "pyrealsense2", reason="needs pyrealsense2: pip install 'reald2iff-ros[realsense]'"
    )
    images = moving(4)
    path = tmp_path / "sdk.db3"
    record_with_sdk(rs, path, images)
    (recording,) = read_recordings(path)
    assert recording.baseline == pytest.approx(0.05)
    assert recording.intrinsics.fx == 400.0
    np.testing.assert_allclose(recording.frames[0].depth(), images[0] * 0.001, rtol=1e-6)


def record_with_sdk(rs, path, images):
    """The SDK's own recorder, fed by a camera in software."""
    device = rs.software_device()
    device.register_info(rs.camera_info.name, "Intel RealSense D435")
    sensor = device.add_sensor("Stereo Module")
    stream = rs.video_stream()
    stream.type, stream.fmt, stream.bpp = rs.stream.depth, rs.format.z16, 2
    stream.width, stream.height, stream.fps = WIDTH, HEIGHT, 30
    intrinsics = rs.intrinsics()
    intrinsics.width, intrinsics.height = WIDTH, HEIGHT
    intrinsics.fx = intrinsics.fy = 400.0
    intrinsics.ppx, intrinsics.ppy = 31.5, 23.5
    intrinsics.model, intrinsics.coeffs = rs.distortion.brown_conrady, [0.0] * 5
    stream.intrinsics = intrinsics
    sensor.add_video_stream(stream)
    sensor.add_read_only_option(rs.option.depth_units, 0.001)
    sensor.add_read_only_option(rs.option.stereo_baseline, 50.0)
    try:
        recorder = rs.recorder(str(path), device)
    except RuntimeError as error:
        pytest.skip(f"this SDK records another format: {error}")
    recorded = recorder.query_sensors()[0]
    profile = recorded.get_stream_profiles()[0]
    queue = rs.frame_queue(16)
    recorded.open(profile)
    recorded.start(queue)
    for number, image in enumerate(images):
        frame = rs.software_video_frame()
        frame.pixels, frame.stride, frame.bpp = image, 2 * WIDTH, 2
        frame.timestamp, frame.frame_number, frame.depth_units = number * 33.3, number, 0.001
        frame.domain = rs.timestamp_domain.hardware_clock
        frame.profile = profile.as_video_stream_profile()
        sensor.on_video_frame(frame)
        queue.wait_for_frame()
    time.sleep(0.2)  # the recorder writes behind the queue's back
    recorded.stop()
    recorded.close()
    recorder.pause()
    del recorder
