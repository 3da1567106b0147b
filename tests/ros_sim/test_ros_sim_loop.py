"""The simulation's thread, with MuJoCo and with what it publishes kept in lists."""

import time

import pytest

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_ros.sim_episode import Episodes
from reald2iff_ros.sim_loop import SimulationLoop
from reald2iff_ros.sim_settings import SimSettings

SETTINGS = {
    "backend": "mujoco",
    "task": "pick_cube",
    "seed": 1,
    "expert": True,
    "wait_for_start": False,
    "max_steps": 5,
    "real_time_factor": 0.0,
    "camera_rate": 20.0,
    "camera_width": 64,
    "lockstep": False,
    "lockstep_topic": "unused",
    "lockstep_timeout": 0.1,
}


class Outlet:
    def __init__(self, images_wanted):
        self.images_wanted = images_wanted
        self.observed, self.shown, self.outcomes, self.episodes = [], [], [], []

    def observation(self, stamp, state, depth, color):
        self.observed.append(stamp)

    def images(self, stamp, images, depth, color):
        self.shown.append(stamp)

    def outcome(self, stamp, result):
        self.outcomes.append(stamp)

    def episode(self, status):
        self.episodes.append(status)


@pytest.fixture
def run(request):
    """Makes a loop that publishes into an outlet; both are closed at the end."""

    def make(outlet, on_error=print, on_timeout=print, **changes):
        loop = SimulationLoop(SimSettings(**(SETTINGS | changes)), on_error, on_timeout)
        request.addfinalizer(loop.close)
        loop.resume(outlet)
        return loop

    return make


def wait_until_finished(outlet):
    deadline = time.monotonic() + 60
    while not outlet.episodes or outlet.episodes[-1].state != "finished":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_is_rendered_while_nobody_looks(run):
    outlet = Outlet(images_wanted=False)
    loop = run(outlet)
    wait_until_finished(outlet)
    assert len(outlet.outcomes) == 5
    assert loop.frames == 0
    assert outlet.shown == []


def test_stamps_rise_over_resets(run):
    outlet = Outlet(images_wanted=False)
    loop = run(outlet)
    wait_until_finished(outlet)
    loop.reset(2)
    wait_until_finished(outlet)
    loop.pause()
    assert outlet.observed == [50_000_000 * k for k in range(1, len(outlet.observed) + 1)]
    assert [s.episode for s in outlet.episodes if s.state == "finished"] == [0, 1]


def test_the_steps_of_an_episode_lie_between_the_stamps_of_its_beginning_and_its_end(run):
    outlet = Outlet(images_wanted=False)
    loop = run(outlet)
    wait_until_finished(outlet)
    loop.reset(2)
    wait_until_finished(outlet)
    loop.pause()
    spans = []
    for episode in (0, 1):
        statuses = [s for s in outlet.episodes if s.episode == episode]
        begun = min(s.stamp for s in statuses if s.state == "running")
        ended = next(s.stamp for s in statuses if s.state == "finished")
        spans.append([stamp for stamp in outlet.outcomes if begun < stamp <= ended])
    assert [len(steps) for steps in spans] == [5, 5]
    assert [*spans[0], *spans[1]] == outlet.outcomes


def test_a_missing_answer_is_counted_and_does_not_stop_the_simulation(run):
    outlet, timeouts = Outlet(images_wanted=True), []
    loop = run(
        outlet, on_timeout=lambda: timeouts.append(1), lockstep=True, lockstep_timeout=0.02, max_steps=2
    )
    wait_until_finished(outlet)
    assert loop.timeouts == len(timeouts) == 3


def test_an_error_ends_the_episode_and_not_the_thread(run, monkeypatch):
    def fail(self, target):
        raise SimulationError("the cube exploded")

    outlet, errors = Outlet(images_wanted=False), []
    with monkeypatch.context() as patch:
        patch.setattr(Episodes, "step", fail)
        loop = run(outlet, errors.append)
        wait_until_finished(outlet)
    assert "the cube exploded" in outlet.episodes[-1].error
    assert len(errors) == 1
    assert loop.reset(3).state == "running"


def test_what_cannot_be_built_is_reported(run):
    with pytest.raises(InvalidParameterError, match="seed -1"):
        run(Outlet(images_wanted=False), seed=-1)
