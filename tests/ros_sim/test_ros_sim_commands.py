"""mujoco_sim in its own process, driven by joint commands."""

import itertools
import subprocess
import sys

import pytest
from sensor_msgs.msg import JointState
from sim_probe import DEPTH, HANG, SimProbe


@pytest.fixture(scope="module")
def probe():
    """A node without expert, with every second step an image."""
    with SimProbe(expert=False, camera_rate=10.0, camera_width=64) as probe:
        probe.wait_connected()
        probe.wait(probe.command.get_subscription_count, "the node to take commands")
        yield probe


def joints(probe):
    """The newest joint positions by name."""
    message = probe.got["/joint_states"][max(probe.got["/joint_states"])]
    return dict(zip(message.name, message.position, strict=True))


def test_a_partial_command_moves_its_joints_and_no_other(probe):
    before = joints(probe)
    wanted = {"fr3_finger_joint1": 0.01, "fr3_joint6": before["fr3_joint6"] + 0.2}
    probe.command.publish(JointState(name=list(wanted), position=list(wanted.values())))
    probe.wait(lambda: abs(joints(probe)["fr3_joint6"] - wanted["fr3_joint6"]) < 0.02, "joint 6 to move")
    probe.wait(lambda: joints(probe)["fr3_finger_joint2"] < 0.012, "the gripper to close")
    after = joints(probe)
    others = [name for name in before if name not in (*wanted, "fr3_finger_joint2")]
    assert [after[name] for name in others] == pytest.approx([before[name] for name in others], abs=0.02)


def test_bad_commands_are_counted_and_ignored(probe):
    bad = {
        "length": JointState(name=["fr3_joint1"], position=[]),
        "unknown_joints": JointState(name=["panda_joint1"], position=[1.0]),
        "not_finite": JointState(name=["fr3_joint1"], position=[float("nan")]),
        "repeated_joint": JointState(name=["fr3_joint1", "fr3_joint1"], position=[1.0, 1.0]),
    }
    before = joints(probe)["fr3_joint1"]
    for message in bad.values():
        probe.command.publish(message)
    for kind in bad:
        key = f"commands_rejected.{kind}"
        probe.wait(lambda key=key: probe.diagnostics.get(key) == "1", key)
    assert joints(probe)["fr3_joint1"] == pytest.approx(before, abs=0.01)


def test_the_camera_runs_at_its_own_rate(probe):
    probe.wait(lambda: len(probe.got[DEPTH]) > 5, "images")
    stamps = sorted(probe.got[DEPTH])[:5]
    assert {b - a for a, b in itertools.pairwise(stamps)} == {100_000_000}


def test_parameters_out_of_range_end_the_node_with_a_message():
    done = subprocess.run(
        [sys.executable, "-m", "reald2iff_ros.mujoco_sim", "--ros-args", "-p", "camera_rate:=7.0"],
        capture_output=True,
        text=True,
        timeout=HANG,
    )
    assert done.returncode == 2
    assert "camera_rate: 7.0 Hz: expected 20 Hz divided by a whole number" in done.stderr
    assert "Traceback" not in done.stderr
