"""`reald2iff demo` as a user runs it: processes, Fast DDS, MuJoCo, HDF5, MCAP; only the images are small."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import h5py
import imageio.v2 as imageio
import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from reald2iff.demos import list_episodes, verify

WIDTH, HEIGHT = 160, 120

# Only a demo that hangs takes this long: on a machine that does other work too, one takes minutes.
HANG = 240
pytestmark = pytest.mark.timeout(2 * HANG)


def start(out, *options):
    """The command in a process of its own, which is not reached by a Ctrl-C meant for pytest."""
    command = [sys.executable, "-m", "reald2iff.cli", "demo", "--out", str(out)]
    command += ["--model", "gaussian", "--camera-width", str(WIDTH), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(process, timeout=HANG):
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate()
        pytest.fail(f"the demo did not end within {timeout} s:\n{output}")
    return process.returncode, output


def wait_for(condition, process, what, timeout=HANG):
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            pytest.fail(f"waited for {what}:\n{process.communicate()[0]}")
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Results of a demo of one episode."""
    folder = tmp_path_factory.mktemp("demo") / "results"
    status, output = finish(start(folder, "--episodes", "1", "--seed", "3"))
    assert status == 0, output
    assert "1 of 1 episodes succeeded" in output
    assert str(folder) in output
    return folder


@pytest.fixture(scope="module")
def summary(out):
    return json.loads((out / "summary.json").read_text())


def test_summary_holds_the_figures(summary):
    assert (summary["episodes"], summary["successes"], summary["dropped"]) == (1, 1, 0)
    assert (summary["seed"], summary["model"]) == (3, "gaussian")
    assert summary["frames"] > 20
    assert summary["fps"] > 0
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p95"]
    assert set(summary["hole_ratio"]) == {"clean", "realistic"}
    assert {"reald2iff", "python", "rclpy", "mujoco"} <= summary["versions"].keys()
    assert summary["lockstep_timeouts"] == 0


def test_demonstrations_are_whole(out, summary):
    assert verify(out / "demos.hdf5") == []
    (episode,) = list_episodes(out / "demos.hdf5")
    assert (episode.samples, episode.success, episode.seed) == (summary["frames"], True, 3)
    with h5py.File(out / "demos.hdf5") as file:
        obs = file["data/demo_0/obs"]
        assert obs["camera_image"].shape == (summary["frames"], HEIGHT, WIDTH, 3)
        noise = json.loads(file["data/demo_0"].attrs["noise_model"])
        assert (noise["name"], noise["seed"]) == ("gaussian", 3)
        assert np.abs(obs["camera_depth"][:] - obs["camera_depth_clean"][:]).max() > 0


def test_the_log_holds_the_same_images_at_the_same_stamps(out):
    topics = {
        "/camera/camera/color/image_raw": "camera_image",
        "/sim/camera/depth/image_rect_raw": "camera_depth_clean",
        "/camera/camera/depth/image_rect_raw": "camera_depth",
    }
    with h5py.File(out / "demos.hdf5") as file, (out / "mcap" / "demo_0.mcap").open("rb") as stream:
        demo = file["data/demo_0"]
        index = {int(stamp): i for i, stamp in enumerate(demo["stamps"])}
        seen = dict.fromkeys(topics, 0)
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        for _, channel, _, message in reader.iter_decoded_messages(topics=list(topics)):
            stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
            if stamp not in index:
                continue
            recorded = demo["obs"][topics[channel.topic]][index[stamp]]
            if message.encoding == "16UC1":
                recorded = np.rint(recorded * 1000).astype(np.uint16)
            assert bytes(message.data) == recorded.tobytes()
            seen[channel.topic] += 1
    assert set(seen.values()) == {len(index)}


def test_picture_and_video_can_be_looked_at(out, summary):
    picture = cv2.imread(str(out / "preview.png"))
    assert picture.shape[1] >= 1200
    assert picture.std() > 20
    with imageio.get_reader(out / "preview.mp4") as video:
        assert video.count_frames() == summary["frames"]


def test_results_are_not_replaced_unasked(out):
    before = (out / "summary.json").read_bytes()
    status, output = finish(start(out))
    assert status == 2
    assert "--overwrite" in output
    assert (out / "summary.json").read_bytes() == before


def test_an_interrupt_keeps_the_saved_episodes(tmp_path):
    process = start(tmp_path, "--episodes", "50")
    wait_for((tmp_path / "demos.hdf5").is_file, process, "a saved episode")
    wait_for(lambda: list_episodes(tmp_path / "demos.hdf5"), process, "a saved episode")
    process.send_signal(signal.SIGINT)
    status, output = finish(process)
    assert status == 130, output
    assert "Traceback" not in output
    assert len(list_episodes(tmp_path / "demos.hdf5")) >= 1
    assert verify(tmp_path / "demos.hdf5") == []
    assert "are saved in" in output


def test_a_dead_node_ends_the_demo(tmp_path):
    process = start(tmp_path)

    def simulation():
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [p for p in children if b"mujoco_sim" in Path(f"/proc/{p}/cmdline").read_bytes()]

    (pid,) = wait_for(simulation, process, "the simulation to start")
    os.kill(int(pid), signal.SIGKILL)
    status, output = finish(process)
    assert status == 2
    assert "node /mujoco_sim ended by SIGKILL" in output
    assert "Traceback" not in output
