"""Whole images between processes."""

import os
import shutil
from types import SimpleNamespace

import pytest
from sim_probe import SimProbe

from reald2iff_ros.qos import NEWEST_IMAGE
from reald2iff_ros.transport import use_large_shared_memory

PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


@pytest.fixture
def environment(monkeypatch):
    """Without a profile; what a test sets is taken back."""
    for name in PROFILES:
        monkeypatch.setenv(name, "")
    return monkeypatch


def test_best_effort_subscribers_get_whole_images():
    # With the default shared memory nearly every image of this size is lost, and awaited in vain for longer
    # than the end of the episode is.
    with SimProbe(
        depth_qos=NEWEST_IMAGE, lockstep=True, wait_for_start=True, max_steps=8, lockstep_timeout=20.0
    ) as probe:
        probe.wait_connected()
        probe.trigger("start")
        probe.wait(lambda: probe.episodes[-1]["state"] == "finished", "the end of the episode")
        probe.wait(lambda: probe.diagnostics.get("steps") == "8", "its diagnostics")
        assert int(probe.diagnostics["lockstep_timeouts"]) <= 1


def test_a_profile_of_the_users_own_stays(environment):
    environment.setenv(PROFILES[1], "mine.xml")
    use_large_shared_memory()
    assert os.environ[PROFILES[0]] == ""


def test_little_shared_memory_is_left_alone(environment):
    environment.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**24))
    use_large_shared_memory()
    assert os.environ[PROFILES[0]] == ""


def test_otherwise_the_segments_are_enlarged(environment):
    use_large_shared_memory()
    assert os.environ[PROFILES[0]].endswith("fastdds.xml")
