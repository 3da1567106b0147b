"""mujoco_sim in its own process, in lockstep with a stand-in for depth_realism in this one."""

import json

import numpy as np
import pytest
from sim_probe import ACTION_TOPICS, COLOR, DEPTH, TOPICS, SimProbe

from reald2iff_ros.messages import image_to_array

STEPS = 12


@pytest.fixture(scope="module")
def probe():
    """A node that waits for ~/start and ends every episode after a few steps."""
    with SimProbe(
        lockstep=True, wait_for_start=True, max_steps=STEPS, camera_width=160, lockstep_timeout=20.0
    ) as probe:
        probe.wait_connected()
        yield probe


def play(probe, seed):
    """An episode from reset to end; returns the stamps of its frames with an action."""
    first = probe.reset(seed)
    assert probe.trigger("start").success
    stamps = [first + k * 50_000_000 for k in range(1, STEPS + 2)]
    ends = {topic: stamps[-2] if topic in ACTION_TOPICS else stamps[-1] for topic in TOPICS}
    probe.wait(lambda: all(end in probe.got[topic] for topic, end in ends.items()), "the last frame")
    probe.wait(lambda: probe.episodes[-1]["state"] == "finished", "the end of the episode")
    return stamps[:-1]


def test_every_topic_carries_the_stamp_of_its_step_once(probe):
    stamps = play(probe, seed=3)
    for topic in TOPICS:
        missing = [s for s in stamps if s not in probe.got[topic]]
        assert not missing, f"{topic} lacks {missing}"
    assert not probe.repeated
    assert int(probe.diagnostics["lockstep_timeouts"]) == 0
    ticks = [(t.sec, t.nanosec) for t in probe.clock]
    assert ticks == sorted(set(ticks)), "/clock repeats or goes back"


def test_images_follow_the_contract(probe):
    stamp = probe.reset(4)
    depth, color = probe.got[DEPTH][stamp], probe.got[COLOR][stamp]
    assert (depth.encoding, depth.header.frame_id) == ("32FC1", "camera_depth_optical_frame")
    assert (color.encoding, color.header.frame_id) == ("rgb8", "camera_color_optical_frame")
    metres = image_to_array(depth)
    assert metres.shape == (120, 160)
    assert 0.3 < np.median(metres[metres > 0]) < 3.0
    info = probe.got["/sim/camera/depth/camera_info"][stamp]
    assert (info.width, info.height) == (160, 120)
    assert info.k[0] == pytest.approx(382.6 / 4)


def test_the_simulation_waits_for_the_answer(probe):
    probe.answering = False
    first = probe.reset(5)
    probe.trigger("start")
    waiting = first + 50_000_000
    probe.wait(lambda: waiting in probe.got[DEPTH], "the frame that wants an answer")
    probe.spin(0.5)
    assert max(probe.got[DEPTH]) == waiting, "it went on without an answer"
    assert waiting not in probe.got["/sim/action"]
    probe.answering = True
    probe.answer(probe.got[DEPTH][waiting])
    probe.wait(lambda: waiting in probe.got["/sim/action"], "the step after the answer")


def test_a_reset_interrupts_the_wait(probe):
    probe.answering = False
    probe.reset(6)
    probe.trigger("start")
    probe.spin(0.3)
    answer = probe.trigger("reset")
    probe.answering = True
    assert answer.success
    assert json.loads(answer.message)["seed"] == 7


def test_the_same_seed_gives_the_same_first_frame(probe):
    first, other, again = (probe.reset(seed) for seed in (11, 12, 11))
    for topic in (DEPTH, COLOR):
        frames = probe.got[topic]
        assert bytes(frames[first].data) == bytes(frames[again].data)
        assert bytes(frames[first].data) != bytes(frames[other].data)
    poses = probe.got["/sim/camera/pose"]
    assert poses[first].pose == poses[again].pose
    assert poses[first].pose != poses[other].pose


def test_an_episode_begins_once(probe):
    probe.reset(13)
    assert probe.trigger("start").success
    probe.wait(lambda: probe.episodes[-1]["state"] == "finished", "the end of the episode")
    answer = probe.trigger("start")
    assert not answer.success
    assert "reset" in answer.message


def test_it_stands_still_after_the_episode(probe):
    play(probe, seed=14)
    frames = len(probe.got[DEPTH])
    probe.spin(0.4)
    assert len(probe.got[DEPTH]) == frames
    assert probe.episodes[-1] == probe.episodes[-1] | {"seed": 14, "steps": STEPS, "success": False}
