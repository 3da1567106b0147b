"""The parts of the demo that need no graph."""

import socket
from collections import deque

import numpy as np
import pytest

from reald2iff.errors import DatasetError, InvalidParameterError, NodeError
from reald2iff_ros import demo_domain, demo_video
from reald2iff_ros.demo import demo
from reald2iff_ros.demo_config import DemoConfig
from reald2iff_ros.demo_domain import find_free_domain
from reald2iff_ros.demo_frames import DemoFrame
from reald2iff_ros.demo_preview import Scale
from reald2iff_ros.demo_record import Recorded, record_episodes
from reald2iff_ros.demo_report import report
from reald2iff_ros.demo_video import DemoVideo


def frame(rng, height=30, width=40):
    clean = rng.uniform(0.5, 2.0, (height, width)).astype(np.float32)
    realistic = np.where(rng.random((height, width)) < 0.1, 0, clean + 0.01).astype(np.float32)
    return DemoFrame(rng.integers(0, 256, (height, width, 3), dtype=np.uint8), clean, realistic)


class Session:
    """Answers as a graph whose episodes end as told."""

    def __init__(self, *successes):
        self._successes = deque(successes)
        self.calls = []
        self.steps = 0
        self.episode = {"episode": -1}

    def call(self, service, timeout):
        self.calls.append(service)
        if service == "mujoco_sim/start":
            number = self.episode["episode"] + 1
            success = self._successes.popleft()
            self.episode = {
                "episode": number,
                "seed": number,
                "state": "finished",
                "success": success,
                "error": "",
            }
            return {"episode": number}
        return {"frames": 10, "incomplete": 0, "lead_in": 0}

    def wait(self, condition, what, timeout, meanwhile):
        meanwhile()
        assert condition()

    def refresh_diagnostics(self, node, timeout):
        return {}


class Display:
    def __getattr__(self, name):
        return lambda *values: None


def test_failed_episodes_are_discarded_and_counted():
    session, result = Session(False, True, True), Recorded()
    record_episodes(session, Display(), result, 2, 6, keep_failed=False)
    assert (result.attempts, result.successes, result.frames) == (3, 2, 20)
    assert session.calls.count("demo_recorder/discard") == 1
    assert session.calls.count("mujoco_sim/reset") == 2


def test_failed_episodes_are_kept_when_asked():
    result = Recorded()
    record_episodes(Session(False, True), Display(), result, 1, 4, keep_failed=True)
    assert (len(result.saved), result.successes) == (2, 1)


def test_retries_are_bounded():
    with pytest.raises(NodeError, match="only 0 of 3 episodes succeeded"):
        record_episodes(Session(*[False] * 9), Display(), Recorded(), 1, 3, keep_failed=False)


@pytest.mark.parametrize(
    "options",
    [
        {"episodes": 0},
        {"seed": -1},
        {"episodes": 3, "max_attempts": 2},
        {"model": "perfect"},
        {"task": "juggle"},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidParameterError, match="expected"):
        DemoConfig(**options)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot hold the results"):
        demo(DemoConfig(out=tmp_path / "file"))


def test_a_domain_in_use_is_not_taken(monkeypatch):
    monkeypatch.setattr(demo_domain, "DOMAINS", range(38, 40))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 7400 + 250 * 38 + 10))
        assert {find_free_domain() for _ in range(5)} == {39}


def test_the_scale_holds_the_scene_but_not_the_far_background():
    depth = np.full((10, 10), 1.0, np.float32)
    depth[0], depth[1] = 0.52, 9.0
    scale = Scale.of(DemoFrame(np.zeros((10, 10, 3), np.uint8), depth, depth))
    assert scale.near == pytest.approx(0.5)
    assert scale.far < 3.0


def test_a_gif_where_there_is_no_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_video, "_has_ffmpeg", lambda: False)
    rng = np.random.default_rng(0)
    with DemoVideo(tmp_path / "preview", Scale(0.5, 2.0), "gaussian", 20.0) as video:
        for _ in range(4):
            video.append(frame(rng))
    assert video.path.name == "preview.gif"
    assert video.path.read_bytes()[:3] == b"GIF"


def test_a_slow_demo_says_why(tmp_path):
    summary = {
        "successes": 1,
        "attempts": 1,
        "frames": 100,
        "fps": 0.2,
        "dropped": 0,
        "latency_ms": {"p50": 4000.0, "p95": 5000.0},
        "hole_ratio": {"clean": 0.0, "realistic": 0.1},
        "device": "cpu",
        "frame_ms": {"physics": 5.0, "render": 60.0, "publish": 3.0, "lockstep": 4100.0},
        "seconds": {"start": 9, "episodes": 450, "saving": 1, "finish": 2, "preview": 3, "total": 470},
    }
    assert "mostly for depth realism and transport" in report(summary, tmp_path, "preview.mp4")
    summary["seconds"] = summary["seconds"] | {"total": 300}
    assert "slower" not in report(summary, tmp_path, "preview.mp4")
