"""The recorder in a process of its own, over real Fast DDS."""

import itertools
import json
import random
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import deserialize_message
from recorder_harness import KINDS, STEP, Recorder, Source, pose
from rosbags.rosbag2 import Reader

from reald2iff.demos import list_episodes, read_episode, verify
from reald2iff.geometry import millimeters_to_meters
from reald2iff_ros import topics
from reald2iff_ros.recorder_decode import pose_matrix

STEPS = 8


NAMESPACES = (f"/recorder_{k}" for k in itertools.count())


@contextmanager
def running(out, connected=None, **parameters):
    """A recorder and its source."""
    namespace = next(NAMESPACES)
    recorder, source = Recorder(out, namespace, **parameters), Source(namespace)
    try:
        source.wait_connected(*([connected] if connected else []))
        yield recorder, source
    finally:
        recorder.process.kill()
        recorder.process.communicate()
        source.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One for all tests that only need a recorder."""
    with running(tmp_path_factory.mktemp("recorder")) as both:
        yield both


@pytest.fixture(scope="module")
def recorder(pair):
    return pair[0]


@pytest.fixture(scope="module")
def source(pair):
    return pair[1]


@pytest.fixture(scope="module")
def saved(recorder, source):
    """Answer of a saved episode and its stamps."""
    assert set(source.call("start")) == {"episode"}
    stamps = source.episode(STEPS)
    return source.call("save"), stamps


def test_the_answer_says_what_was_saved(saved, recorder):
    answer, _ = saved
    assert answer == {
        "episode": "demo_0",
        "frames": STEPS,
        "success": True,
        "seed": None,
        "file": str(recorder.master),
        "mcap": str(recorder.out / "demo_0.mcap"),
        "duration": (STEPS - 1) * STEP / 1e9,
        "lead_in": 0,
        "incomplete": 0,
        "missing": {},
    }


def test_the_file_holds_what_was_published_byte_for_byte(saved, recorder, source):
    _, stamps = saved
    episode = read_episode(recorder.master, "demo_0")
    assert episode.stamps.tolist() == stamps
    for step, stamp in enumerate(stamps):
        sent = source.sent[stamp]
        assert np.array_equal(episode.obs["camera_image"][step], sent["color"])
        assert episode.obs["camera_depth_clean"][step, ..., 0].tobytes() == sent["clean"].tobytes()
        assert (
            episode.obs["camera_depth"][step, ..., 0].tobytes()
            == millimeters_to_meters(sent["depth"]).tobytes()
        )
        assert episode.actions[step].tolist() == sent["action"]
        joints = sent["messages"][topics.JOINT_STATES]
        assert episode.obs["joint_positions"][step].tolist() == list(joints.position[:7])
        assert episode.obs["joint_velocities"][step].tolist() == list(joints.velocity[:7])
        assert episode.obs["gripper_width"][step, 0] == sum(joints.position[7:])
        eef = pose_matrix(sent["messages"][topics.SIM_EEF_POSE])
        assert np.allclose(episode.datagen_info.eef_pose[step], eef, atol=1e-12)
        assert np.allclose(episode.obs["eef_pos"][step], eef[:3, 3])
        cube = pose_matrix(sent["messages"][f"{topics.SIM_OBJECTS}/cube/pose"])
        assert np.allclose(episode.datagen_info.object_poses["cube"][step], cube, atol=1e-12)
    assert episode.rewards.tolist() == [0] * (STEPS - 1) + [1]
    assert episode.datagen_info.subtask_term_signals["grasp"].tolist() == [0] + [1] * (STEPS - 1)
    assert episode.states.shape == (STEPS, len(episode.state_names)) == (STEPS, 22)
    assert np.allclose(episode.cameras["camera"].extrinsics, pose_matrix(pose(np.random.default_rng(1), 0.4)))
    assert episode.cameras["camera"].observations == ("camera_depth", "camera_depth_clean")
    assert episode.cameras["camera_color"].frame_id == "camera_color_optical_frame"
    assert verify(recorder.master) == []


def test_the_images_of_the_mcap_equal_those_of_the_file_at_the_same_stamps(saved, recorder):
    answer, stamps = saved
    with h5py.File(recorder.master) as file, Path(answer["mcap"]).open("rb") as log:
        obs = file["data/demo_0/obs"]
        reader = make_reader(log, decoder_factories=[DecoderFactory()])
        seen = []
        for _, channel, message, ros in reader.iter_decoded_messages():
            if message.log_time not in stamps or channel.topic.split("/")[-1] not in (
                "image_raw",
                "image_rect_raw",
            ):
                continue
            step = stamps.index(message.log_time)
            pixels = bytes(ros.data)
            if ros.encoding == "16UC1":
                metres = millimeters_to_meters(np.frombuffer(pixels, np.uint16))
                assert obs["camera_depth"][step].tobytes() == metres.tobytes()
            else:
                key = {"32FC1": "camera_depth_clean", "rgb8": "camera_image"}[ros.encoding]
                assert obs[key][step].tobytes() == pixels
            seen.append((message.log_time, ros.encoding))
    assert sorted(seen) == sorted((s, e) for s in stamps for e in ("16UC1", "32FC1", "rgb8"))


def test_the_mcap_holds_every_message_as_it_was_serialised(saved, source):
    answer, stamps = saved
    expected = {
        (f"{source.namespace}/{topic}", stamp): message
        for stamp in stamps
        for topic, message in source.sent[stamp]["messages"].items()
    }
    with Reader(answer["mcap"]) as reader:
        found = {(c.topic, t): bytes(data) for c, t, data in reader.messages()}
        assert min(t for _, t in found) == stamps[0]
    # The last observation is logged as well; actions are compared with the HDF5.
    rest = found.keys() - expected.keys()
    logged_only = (topics.SIM_ACTION, topics.SIM_TASK_STATE, topics.SIM_TARGET_POSE)
    assert {t for t, s in rest if s in stamps} == {f"{source.namespace}/{t}" for t in logged_only}
    for key, message in expected.items():  # equal bytes but for CDR's padding, which is not defined
        assert deserialize_message(found[key], type(message)) == message, key


def test_a_discarded_episode_leaves_nothing(saved, recorder, source):
    source.call("start")
    source.episode(3)
    assert source.call("discard")["episode"] == "demo_1"
    assert sorted(p.name for p in recorder.out.rglob("*") if p.is_file()) == [
        "demo_0.hdf5",
        "demo_0.mcap",
        "demos.hdf5",
    ]


def test_an_empty_episode_is_refused_and_its_silent_topics_named(saved, source):
    source.call("start")
    assert "demo_1 is empty" in source.call("save")["error"]
    source.call("discard")


def test_commands_out_of_turn_are_refused(saved, source):
    assert "no episode is being recorded" in source.call("save")["error"]
    assert "no episode is being recorded" in source.call("discard")["error"]
    source.call("start")
    assert "demo_1 is being recorded" in source.call("start")["error"]
    source.call("discard")


def test_frames_that_lack_a_part_are_counted_and_left_out(saved, recorder, source):
    source.call("start")
    source.episode(30, without=lambda step: (topics.DEPTH_IMAGE,) if step == 12 else (), pause=0.005)
    answer = source.call("save")
    assert (answer["frames"], answer["incomplete"], answer["missing"]) == (29, 1, {"depth": 1})
    assert np.diff(read_episode(recorder.master, answer["episode"]).stamps).max() == 2 * STEP


def test_too_many_of_them_are_refused(saved, source):
    source.call("start")
    source.episode(10, without=lambda step: (topics.COLOR_IMAGE,) if step in (3, 4) else ())
    error = source.call("save")["error"]
    assert (
        f"2 of 10 frames lack a part ({source.namespace}/{topics.COLOR_IMAGE} 2): expected at most 5%"
        in error
    )
    source.call("discard")


def test_a_save_waits_for_depth_that_is_late(saved, source):
    source.call("start")
    late = []
    for step in range(5):
        source.stamp += STEP
        source.observe(source.stamp, without=(topics.DEPTH_IMAGE,) if step > 2 else ())
        source.act(source.stamp)
        late += [source.stamp] if step > 2 else []
    source.wait_received()
    future = source.ask("save")
    time.sleep(0.5)
    source.executor.spin_once(timeout_sec=0.01)
    assert not future.done()
    for stamp in late:
        source.publish(topics.DEPTH_IMAGE, stamp, source.sent[stamp]["messages"][topics.DEPTH_IMAGE])
    source.wait(future.done, "the answer")
    answer = json.loads(future.result().message)
    assert (answer["frames"], answer["incomplete"]) == (5, 0)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda source: source.episode(4, scale=1.5), "actions reach"),
        (lambda source: [source.episode(2), moved(source)], "camera moved by 0.1"),
        (lambda source: [source.episode(3), back(source)], "fell from"),
    ],
)
def test_an_inconsistent_episode_is_refused_and_can_be_discarded(saved, source, spoil, message):
    source.call("start")
    spoil(source)
    assert message in source.call("save")["error"]
    source.call("discard")


def moved(source):
    source.stamp += STEP
    source.observe(source.stamp, camera_x=0.5)
    source.act(source.stamp)


def back(source):
    stamp = source.stamp - 2 * STEP
    source.publish(topics.JOINT_STATES, stamp, source.sent[stamp]["messages"][topics.JOINT_STATES])


def test_an_interrupt_leaves_one_self_contained_file(tmp_path):
    connected = [t for t in KINDS if t != topics.SIM_DEPTH_INFO]  # that one is only logged
    with running(tmp_path / "out", connected, record_mcap=False) as (recorder, source):
        for _ in range(2):
            source.call("start")
            source.episode(3)
            assert source.call("save")["mcap"] is None
        source.call("start")
        source.episode(2)
        status, output = recorder.end(signal.SIGINT)
    assert status == 0, output
    assert [p.name for p in recorder.out.iterdir()] == ["demos.hdf5"]
    assert [e.samples for e in list_episodes(recorder.master)] == [3, 3]
    assert verify(recorder.master) == []


def record_on(source, seconds):
    """Record without a pause until some time after the first answer; returns the names answered saved."""
    answered, until = [], float("inf")
    while time.monotonic() < until:
        source.call("start")
        source.episode(3, pause=0.002)
        source.wait_received()
        saving = source.ask("save")
        while not saving.done() and time.monotonic() < until:
            source.executor.spin_once(timeout_sec=0.01)
        if saving.done():
            answered.append(json.loads(saving.result().message)["episode"])
            until = min(until, time.monotonic() + seconds)
    return answered


def test_a_kill_loses_at_most_the_running_episode(tmp_path):
    instants, answered = random.Random(5), []
    for _ in range(2):
        with running(tmp_path / "out") as (recorder, source):
            answered += record_on(source, instants.uniform(0.1, 0.8))
            recorder.end(signal.SIGKILL)
        assert set(answered) <= {e.name for e in list_episodes(recorder.master)}
        assert verify(recorder.master) == []
        for name in answered:
            with Reader(recorder.out / f"{name}.mcap") as reader:
                assert reader.message_count > 0
    assert len(answered) == len(set(answered)) >= 2


def test_a_robot_without_simulation_is_recorded_by_the_nearest_stamps(tmp_path):
    robot = (topics.DEPTH_IMAGE, topics.COLOR_IMAGE, topics.JOINT_STATES)
    parameters = {
        "required": "depth,color,joint_states",
        "objects": "''",
        "sync_tolerance": 0.02,
        "record_mcap": False,
        "save_timeout": 0.5,  # nothing comes after the last frame
        "episode_topic": "''",
    }
    jitter = np.random.default_rng(3).integers(-8_000_000, 8_000_000, (20, 2))
    with running(tmp_path / "out", robot, **parameters) as (recorder, source):
        source.call("start")
        for color_late, joints_late in jitter.tolist():
            source.stamp += STEP
            source.observe(source.stamp, without=(*robot, topics.COLOR_INFO))
            sent = source.sent[source.stamp]["messages"]
            source.publish(topics.DEPTH_IMAGE, source.stamp, sent[topics.DEPTH_IMAGE])
            for topic in (topics.COLOR_IMAGE, topics.COLOR_INFO):
                source.publish(topic, source.stamp + color_late, sent[topic])
            source.publish(topics.JOINT_STATES, source.stamp + joints_late, sent[topics.JOINT_STATES])
            time.sleep(0.005)
            source.acted += 1  # the images make the frames here
        answer = source.call("save")
        assert (answer["frames"], answer["incomplete"]) == (20, 0), answer
        episode = read_episode(recorder.master, answer["episode"])
    for step, stamp in enumerate(episode.stamps):
        assert np.array_equal(episode.obs["camera_image"][step], source.sent[int(stamp)]["color"])
    assert episode.actions is None and episode.cameras["camera"].extrinsics is None
    assert verify(recorder.master) == []


def simulate(source, successes, begun=lambda episode: None):
    """Episodes as the simulation announces them, without a pause but that of ``begun``."""
    for episode, success in enumerate(successes):
        status = {"episode": episode, "seed": 40 + episode, "steps": 0, "success": False}
        for state in ("ready", "running"):
            source.status(**status, state=state, stamp=source.stamp)
        begun(episode)
        source.episode(4, pause=0)
        source.status(**status | {"steps": 4, "success": success}, state="finished", stamp=source.stamp)


@pytest.fixture
def following(tmp_path):
    """A recorder that follows the simulation, and its source."""
    with running(tmp_path / "out", auto=True) as (recorder, source):
        # The topic keeps one status, so those before the two are connected are no loss of the recorder's.
        source.status(episode=-1, state="ready", steps=0, success=False)
        source.wait_diagnostics(simulated_episode="-1 ready")
        yield recorder, source


def saved_by_itself(recorder, source, count):
    source.wait(lambda: len(list_episodes(recorder.master)) == count, f"{count} saved episodes")
    return [(e.seed, e.samples) for e in list_episodes(recorder.master)]


def test_the_simulations_episodes_can_be_recorded_by_themselves(following):
    recorder, source = following
    simulate(source, (True, False, True), lambda k: source.wait_diagnostics(simulated_episode=f"{k} running"))
    assert saved_by_itself(recorder, source, 2) == [(40, 4), (42, 4)]


def test_episodes_that_pass_while_the_recorder_gets_no_processor_time_are_recorded(following):
    recorder, source = following
    recorder.process.send_signal(signal.SIGSTOP)
    simulate(source, (True, True))
    recorder.process.send_signal(signal.SIGCONT)
    assert saved_by_itself(recorder, source, 2) == [(40, 4), (41, 4)]
    for name, first in (("demo_0", 1), ("demo_1", 6)):
        stamps = sorted(source.sent)[first - 1 : first + 3]
        assert read_episode(recorder.master, name).stamps.tolist() == stamps
