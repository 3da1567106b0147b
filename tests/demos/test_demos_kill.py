"""Killing a writer: no episode that was answered saved is lost, and the file always opens."""

import multiprocessing
import os
import random
import signal
import time

import pytest
from durable_kill import kill_at_call
from make_episodes import ENV_ARGS, assert_equal, make_episode, names_in

from reald2iff.demos import DemoWriter, list_episodes, read_episode, verify

FORK = multiprocessing.get_context("fork")
DURABLE_CALLS = ("fsync", "replace", "link", "unlink", "rmdir")


def write_episodes(path, answers, rounds, kill_call=0):
    if kill_call:
        kill_at_call(kill_call, DURABLE_CALLS)
    for round_ in range(rounds):
        writer = DemoWriter(path, ENV_ARGS)
        for _ in range(1 + round_ % 2):
            number = int(writer.next_name.removeprefix("demo_"))
            answers.send(writer.save(make_episode(number, length=3, height=6, width=8)))
        writer.finish()
    answers.send("done")


def saved_before_death(path, rounds, kill_call=0, kill_after=None):
    answers, child_end = FORK.Pipe(duplex=False)
    child = FORK.Process(target=write_episodes, args=(path, child_end, rounds, kill_call))
    child.start()
    child_end.close()
    if kill_after is not None:
        # Counted from the first answer: how long the writer takes to begin depends on the machine.
        assert answers.poll(30)
        time.sleep(kill_after)
        os.kill(child.pid, signal.SIGKILL)
    child.join(30)
    saved = []
    while answers.poll():
        try:
            saved.append(answers.recv())
        except EOFError:
            break
    return saved, child.exitcode


def assert_holds(path, saved):
    assert set(saved) <= {e.name for e in list_episodes(path)}
    assert verify(path) == []
    for name in saved:
        expected = make_episode(int(name.removeprefix("demo_")), length=3, height=6, width=8)
        assert_equal(expected, read_episode(path, name))


def test_a_kill_before_every_durable_operation(tmp_path):
    """Every instant at which the files on disk differ from the instant before, over two sessions."""
    for call in range(1, 200):
        path = tmp_path / str(call) / "demos.hdf5"
        saved, exitcode = saved_before_death(path, rounds=2, kill_call=call)
        if saved and saved[-1] == "done":
            break
        assert exitcode == -signal.SIGKILL
        if path.exists():
            assert_holds(path, saved)
        else:
            assert saved == []
        with DemoWriter(path, ENV_ARGS) as writer:  # tidies up and goes on
            assert set(saved) <= set(writer.names)
            writer.save(
                make_episode(int(writer.next_name.removeprefix("demo_")), length=3, height=6, width=8)
            )
            names = writer.names
            writer.finish()
        assert [e.name for e in list_episodes(path)] == list(names)
        assert names_in(path.parent) == ["demos.hdf5"]
    else:
        pytest.fail("the writer was still not done")
    assert call > 30


def test_kills_at_random_instants_of_one_growing_file(tmp_path):
    path = tmp_path / "demos.hdf5"
    instants = random.Random(11)
    kept = []
    for _ in range(16):
        saved, exitcode = saved_before_death(path, rounds=100, kill_after=instants.uniform(0.02, 0.15))
        assert exitcode == -signal.SIGKILL
        kept += saved
        if path.exists():
            assert_holds(path, kept[-10:])
    assert len(kept) == len(set(kept)) >= 16
    assert {e.name for e in list_episodes(path)} >= set(kept)
