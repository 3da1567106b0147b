"""MCAP logs are read back by rosbags' and mcap's own readers."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from make_episodes import names_in
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from reald2iff.demos.mcap_log import McapLog
from reald2iff.errors import DatasetError

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE, JOINTS, POSE = "sensor_msgs/msg/Image", "sensor_msgs/msg/JointState", "geometry_msgs/msg/PoseStamped"


def header(stamp):
    time = TYPES.types["builtin_interfaces/msg/Time"](stamp // 10**9, stamp % 10**9)
    return TYPES.types["std_msgs/msg/Header"](time, "frame")


def nanoseconds(time):
    return time.sec * 10**9 + time.nanosec


def image(stamp):
    pixels = np.random.default_rng(stamp).integers(0, 256, 6 * 8 * 2, dtype=np.uint8)
    return TYPES.types[IMAGE](header(stamp), 6, 8, "16UC1", 0, 16, pixels)


def joints(stamp):
    return TYPES.types[JOINTS](header(stamp), ["a", "b"], np.array([1.0, stamp]), np.zeros(0), np.zeros(0))


def fill(log, stamps=(5, 7, 9_000_000_001)):
    for stamp in stamps:
        log.write("/image", IMAGE, TYPES.serialize_cdr(image(stamp), IMAGE).tobytes(), stamp)
        log.write("/joints", JOINTS, TYPES.serialize_cdr(joints(stamp), JOINTS).tobytes(), stamp)
    return stamps


def test_rosbags_reads_the_payloads_untouched(tmp_path):
    log = McapLog(tmp_path / "demo_0.mcap")
    stamps = fill(log)
    assert log.counts == {"/image": 3, "/joints": 3}
    path = log.finish()
    with Reader(path) as reader:
        assert {c.topic: c.msgtype for c in reader.connections} == {"/image": IMAGE, "/joints": JOINTS}
        assert all(c.ext.offered_qos_profiles[0].reliability.name == "RELIABLE" for c in reader.connections)
        messages = [(c.topic, t, data) for c, t, data in reader.messages()]
    for stamp, (topic, time, data) in zip(np.repeat(stamps, 2), messages, strict=True):
        expected = image(int(stamp)) if topic == "/image" else joints(int(stamp))
        assert time == stamp
        assert data == TYPES.serialize_cdr(expected, IMAGE if topic == "/image" else JOINTS).tobytes()


def test_mcaps_ros2_decoder_understands_the_definitions(tmp_path):
    log = McapLog(tmp_path / "demo_0.mcap")
    stamps = fill(log)
    with log.finish().open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == "ros2"
        decoded = [
            (
                message.log_time,
                message.publish_time,
                ros.header.stamp.sec * 10**9 + ros.header.stamp.nanosec,
                ros,
            )
            for _, _, message, ros in reader.iter_decoded_messages(topics=["/image"])
        ]
    assert [times[:3] for times in decoded] == [(s, s, s) for s in stamps]
    assert all(
        bytes(ros.data) == image(s).data.tobytes() for (*_, ros), s in zip(decoded, stamps, strict=True)
    )


@pytest.mark.parametrize("message_type", [IMAGE, JOINTS, POSE, "sensor_msgs/msg/CameraInfo"])
def test_the_definitions_have_the_hashes_of_the_installed_messages(message_type):
    described = Path(sys.prefix, "share", message_type).with_suffix(".json")
    if not described.exists():
        pytest.skip(f"{described} is not there: the ROS message wheels are not installed")
    hashes = {h["type_name"]: h["hash_string"] for h in json.loads(described.read_text())["type_hashes"]}
    assert TYPES.hash_rihs01(message_type) == hashes[message_type]


def test_an_unfinished_log_has_no_name_and_a_discarded_one_no_file(tmp_path):
    log = McapLog(tmp_path / "demo_0.mcap")
    fill(log)
    assert names_in(tmp_path) == ["demo_0.mcap.tmp"]
    log.discard()
    assert names_in(tmp_path) == []


def test_messages_are_compressed(tmp_path):
    log = McapLog(tmp_path / "demo_0.mcap")
    blank = TYPES.serialize_cdr(
        TYPES.types[IMAGE](header(1), 480, 640, "mono8", 0, 640, np.zeros(640 * 480, np.uint8)), IMAGE
    )
    log.write("/image", IMAGE, blank.tobytes(), 1)
    assert log.finish().stat().st_size < 10_000


def test_an_unknown_message_type_is_refused(tmp_path):
    log = McapLog(tmp_path / "demo_0.mcap")
    with pytest.raises(DatasetError, match="/x has type my_msgs/msg/Own"):
        log.write("/x", "my_msgs/msg/Own", b"", 1)
    log.discard()
