"""The recording thread: what is lost or cannot be written spoils the episode instead of going unnoticed."""

import threading
from concurrent.futures import TimeoutError as FutureTimeout

import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from reald2iff.errors import NodeError
from reald2iff_ros.messages import nanoseconds_to_stamp
from reald2iff_ros.recorder_worker import RecorderWorker

PAYLOAD = bytes(serialize_message(JointState()))
HANG = 90.0
"""Seconds after which something will not come any more, on however slow a machine."""


class Episode:
    """Stands in for `EpisodeRecorder`."""

    name, frames, incomplete, pending, full = "demo_0", 0, 0, 0, True

    def __init__(self):
        self.reasons, self.discarded, self.free = [], False, threading.Event()
        self.on_add = self.on_commit = None
        self.free.set()

    def add(self, stream, stamp, payload):
        self.free.wait(HANG)
        if self.on_add:
            raise self.on_add

    def spoil(self, reason):
        self.reasons.append(reason)

    def stop_accepting(self):
        pass

    def commit(self, seed, noise_model):
        if self.on_commit:
            raise self.on_commit
        return {"episode": self.name, "seed": seed}

    def discard(self):
        self.discarded = True
        return {"episode": self.name, "frames": 0}


@pytest.fixture
def episode():
    return Episode()


@pytest.fixture
def errors():
    return []


def make_worker(make, errors, **changes):
    options = {
        "reference": "action",
        "save_timeout": HANG,
        "max_backlog": 3 * len(PAYLOAD),
        "auto": False,
        "noise_model": lambda: None,
        "on_error": errors.append,
        "on_automatic": lambda command, answer: None,
    }
    return RecorderWorker(make, **options | changes)


@pytest.fixture
def worker(episode, errors):
    worker = make_worker(lambda: episode, errors)
    yield worker
    episode.free.set()
    worker.close()


@pytest.mark.parametrize("command", ["save", "start"])
def test_messages_beyond_the_backlog_spoil_the_episode(worker, episode, command):
    worker.request("start").result(HANG)
    episode.free.clear()
    taken = [worker.message("action", PAYLOAD) for _ in range(5)]
    episode.free.set()
    assert taken == [True] * 3 + [False] * 2
    worker.request(command).exception(HANG)
    assert episode.reasons == ["2 messages were lost: the disk or the processor was too slow"]
    assert worker.backlog == 0
    assert worker.message("action", PAYLOAD)


def test_an_image_that_cannot_be_written_spoils_the_episode(worker, episode, errors):
    worker.request("start").result(HANG)
    episode.on_add = OSError(28, "No space left on device")
    worker.message("action", PAYLOAD)
    worker.request("discard").result(HANG)
    assert errors == [episode.on_add]
    assert "No space left on device" in episode.reasons[0]


def test_an_episode_that_cannot_be_written_is_discarded_and_the_next_can_start(worker, episode):
    worker.request("start").result(HANG)
    episode.on_commit = OSError(28, "No space left on device")
    with pytest.raises(NodeError, match=r"demo_0 could not be written, discarded: .*No space left"):
        worker.request("save").result(HANG)
    assert episode.discarded
    assert worker.request("start").result(HANG) == {"episode": "demo_0"}


def test_rubbish_instead_of_a_message_is_reported_and_survived(worker, errors):
    worker.request("start").result(HANG)
    worker.message("action", b"\x00")
    assert worker.request("save").result(HANG)["episode"] == "demo_0"
    assert len(errors) == 1


def test_nothing_else_is_obeyed_while_a_save_waits(worker, episode):
    worker.request("start").result(HANG)
    episode.full, episode.pending = False, 1
    saving = worker.request("save")
    with pytest.raises(NodeError, match="demo_0 is being saved"):
        worker.request("discard").result(HANG)
    with pytest.raises(FutureTimeout):
        saving.result(0)
    episode.full = True
    assert saving.result(HANG)["episode"] == "demo_0"


def test_a_save_does_not_wait_for_ever(episode, errors):
    worker = make_worker(lambda: episode, errors, save_timeout=0.1)
    worker.request("start").result(HANG)
    episode.full, episode.pending = False, 1
    assert worker.request("save").result(HANG)["episode"] == "demo_0"
    worker.close()


def message(stamp):
    return bytes(serialize_message(JointState(header=Header(stamp=nanoseconds_to_stamp(stamp)))))


class FollowedEpisode(Episode):
    """Keeps the stamps of its actions, and is full when as many have come as it was told to expect."""

    def __init__(self):
        super().__init__()
        self.actions, self.expected = [], None

    @property
    def full(self):
        return len(self.actions) == self.expected

    def add(self, stream, stamp, payload):
        if stream == "action" and len(self.actions) != self.expected:
            self.actions.append(stamp)

    def expect(self, steps):
        self.expected = steps

    def commit(self, seed, noise_model):
        return {"seed": seed, "actions": self.actions}


@pytest.fixture
def followed(errors):
    """Plays statuses, given as dicts, and stamps of actions to a recorder; returns the seeds and actions."""

    def play(*items):
        saved = []
        worker = make_worker(
            FollowedEpisode,
            errors,
            auto=True,
            max_backlog=2**20,
            on_automatic=lambda command, answer: saved.append(answer.result()) if command == "save" else None,
        )
        for item in items:
            if isinstance(item, dict):
                worker.status({"steps": 0, "seed": item["episode"] + 40, **item})
            else:
                worker.message("action", message(item))
        worker.close()
        assert errors == []
        return [(answer["seed"], answer["actions"]) for answer in saved]

    return play


def running(episode, stamp):
    return {"episode": episode, "state": "running", "stamp": stamp}


def finished(episode, steps, stamp, success=True):
    return {"episode": episode, "state": "finished", "steps": steps, "success": success, "stamp": stamp}


def test_steps_that_come_before_the_news_of_their_episode_are_of_it(followed):
    assert followed(1, running(0, 0), 2, finished(0, 2, 2)) == [(40, [1, 2])]


def test_steps_that_come_after_the_end_of_their_episode_are_of_it(followed):
    assert followed(running(0, 0), 1, finished(0, 3, 3), 2, 3) == [(40, [1, 2, 3])]


def test_an_episode_may_pass_while_the_one_before_waits_for_its_last_step(followed):
    passed = (running(1, 2), 3, 4, finished(1, 2, 4))
    assert followed(running(0, 0), 1, finished(0, 2, 2), *passed, 2) == [(40, [1, 2]), (41, [3, 4])]


def test_late_steps_of_an_episode_that_failed_are_not_of_the_next(followed):
    failed = (running(0, 0), 1, finished(0, 3, 3, success=False), 2)
    assert followed(*failed, running(1, 3), 3, 4, finished(1, 1, 4)) == [(41, [4])]


def test_a_simulation_that_began_anew_leaves_nothing_of_the_one_before(followed):
    second = 1_000_000_000
    assert followed(100 * second, running(0, 0), second, finished(0, 1, second)) == [(40, [second])]
