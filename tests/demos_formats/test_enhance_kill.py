"""Killing `reald2iff enhance`: resumed, it gives the bytes of an undisturbed run.

`tests/job_kills.py` does the same twenty times with worker processes at random instants.
"""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from durable_kill import kill_at_call
from job_kills import ENHANCE, kill_at, run, start
from planar_demos import write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.errors import DatasetError

FORK = multiprocessing.get_context("fork")
DURABLE_CALLS = ("fsync", "replace", "unlink", "rmdir", "mkdir", "rename")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    def run(function, items, *_, **__):
        return ((item, function(item)) for item in items)

    monkeypatch.setattr("reald2iff.demos.enhance.command.run_jobs", run)


def enhance_until(config, call):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    kill_at_call(call, DURABLE_CALLS)
    enhance(config)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_kill_before_every_change_on_disk(tmp_path):
    clean = write_robomimic(tmp_path / "clean.hdf5", episodes=2, length=3)
    enhance(EnhanceConfig(clean, tmp_path / "undisturbed.hdf5", model="gaussian"))
    expected = (tmp_path / "undisturbed.hdf5").read_bytes()
    for call in range(1, 100):
        out = tmp_path / str(call) / "out.hdf5"
        out.parent.mkdir()
        config = EnhanceConfig(clean, out, model="gaussian")
        child = FORK.Process(target=enhance_until, args=(config, call))
        child.start()
        child.join(60)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        parts = Path(f"{out}.parts")
        if out.exists() and not (parts.exists() and any(parts.iterdir())):  # killed when all was done
            with pytest.raises(DatasetError, match="--overwrite"):
                enhance(config)
        else:
            enhance(config)
        assert out.read_bytes() == expected
        assert names_in(out.parent) == ["out.hdf5"]
    else:
        pytest.fail("it was still not done")
    assert call > 10


def test_a_kill_of_the_command_with_its_workers(tmp_path):
    clean = write_robomimic(tmp_path / "clean.hdf5", episodes=6, length=10)
    straight, out = tmp_path / "straight.hdf5", tmp_path / "out.hdf5"
    enhance(EnhanceConfig(clean, straight, model="gaussian", keep_clean=True))
    kill_at(start(ENHANCE, [clean], out), out, parts=2, seconds=0)
    assert not out.exists()
    run(ENHANCE, [clean], out)
    assert out.read_bytes() == straight.read_bytes()
    assert names_in(tmp_path) == ["clean.hdf5", "out.hdf5", "straight.hdf5"]


def test_parts_of_other_options_are_not_mixed_in(tmp_path):
    clean = write_robomimic(tmp_path / "clean.hdf5", episodes=2, length=3)
    out = tmp_path / "out.hdf5"
    child = FORK.Process(target=enhance_until, args=(EnhanceConfig(clean, out, model="gaussian"), 9))
    child.start()
    child.join(60)
    assert Path(f"{out}.parts").exists()
    other = EnhanceConfig(clean, out, model="gaussian", seed=5)
    with pytest.raises(DatasetError, match="other options"):
        enhance(other)
    enhance(EnhanceConfig(clean, out, model="gaussian", seed=5, overwrite=True))
    enhance(EnhanceConfig(clean, tmp_path / "straight.hdf5", model="gaussian", seed=5))
    assert out.read_bytes() == (tmp_path / "straight.hdf5").read_bytes()
