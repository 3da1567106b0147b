"""The recording thread: what is lost or cannot be written spoils the episode instead of going unnoticed."""

import threading
from concurrent.futures import TimeoutError as FutureTimeout

import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState

from reald2iff.errors import NodeError
from reald2iff_ros.recorder_worker import RecorderWorker

PAYLOAD = bytes(serialize_message(JointState()))


class Episode:
    """Stands in for `EpisodeRecorder`."""

    name, frames, incomplete, pending, full = "demo_0", 0, 0, 0, True

    def __init__(self):
        self.reasons, self.discarded, self.free = [], False, threading.Event()
        self.on_add = self.on_commit = None
        self.free.set()

    def add(self, stream, stamp, payload):
        self.free.wait(10)
        if self.on_add:
            raise self.on_add

    def spoil(self, reason):
        self.reasons.append(reason)

    def stop_accepting(self, after=0):
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


@pytest.fixture
def worker(episode, errors):
    worker = RecorderWorker(
        lambda: episode,
        reference="action",
        save_timeout=0.1,
        max_backlog=3 * len(PAYLOAD),
        auto=False,
        noise_model=lambda: None,
        on_error=errors.append,
        on_automatic=lambda command, answer: None,
    )
    yield worker
    episode.free.set()
    worker.close()


@pytest.mark.parametrize("command", ["save", "start"])
def test_messages_beyond_the_backlog_spoil_the_episode(worker, episode, command):
    worker.request("start").result(5)
    episode.free.clear()
    taken = [worker.message("action", PAYLOAD) for _ in range(5)]
    episode.free.set()
    assert taken == [True] * 3 + [False] * 2
    worker.request(command).exception(5)
    assert episode.reasons == ["2 messages were lost: the disk or the processor was too slow"]
    assert worker.backlog == 0
    assert worker.message("action", PAYLOAD)


def test_an_image_that_cannot_be_written_spoils_the_episode(worker, episode, errors):
    worker.request("start").result(5)
    episode.on_add = OSError(28, "No space left on device")
    worker.message("action", PAYLOAD)
    worker.request("discard").result(5)
    assert errors == [episode.on_add]
    assert "No space left on device" in episode.reasons[0]


def test_an_episode_that_cannot_be_written_is_discarded_and_the_next_can_start(worker, episode):
    worker.request("start").result(5)
    episode.on_commit = OSError(28, "No space left on device")
    with pytest.raises(NodeError, match=r"demo_0 could not be written, discarded: .*No space left"):
        worker.request("save").result(5)
    assert episode.discarded
    assert worker.request("start").result(5) == {"episode": "demo_0"}


def test_rubbish_instead_of_a_message_is_reported_and_survived(worker, errors):
    worker.request("start").result(5)
    worker.message("action", b"\x00")
    assert worker.request("save").result(5)["episode"] == "demo_0"
    assert len(errors) == 1


def test_nothing_else_is_obeyed_while_a_save_waits(worker, episode):
    worker.request("start").result(5)
    episode.full, episode.pending = False, 1
    saving = worker.request("save")
    with pytest.raises(NodeError, match="demo_0 is being saved"):
        worker.request("discard").result(5)
    with pytest.raises(FutureTimeout):
        saving.result(0)
    assert saving.result(5)["episode"] == "demo_0"  # after the time that late parts have
