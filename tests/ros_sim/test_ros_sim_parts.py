"""The parts of the simulation node that need neither a graph nor a simulator."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import JointState

from reald2iff_ros.sim_commands import InvalidCommandError, JointTarget
from reald2iff_ros.sim_lockstep import LockstepGate
from reald2iff_ros.sim_timing import StageTimes
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

HOME = JointTarget(np.arange(7, dtype=float), 0.06)
JOINTS = st.lists(st.sampled_from((*ARM_JOINTS, *FINGER_JOINTS)), unique=True, min_size=1)


@given(JOINTS, st.randoms(use_true_random=False))
def test_commands_may_be_partial_and_in_any_order(names, random):
    values = {name: random.uniform(0.0, 0.04) for name in names}
    target = HOME.updated(JointState(name=[*names, "other_joint"], position=[*values.values(), 9.0]))
    expected = [values.get(name, HOME.positions[i]) for i, name in enumerate(ARM_JOINTS)]
    assert target.positions.tolist() == expected
    fingers = [values[name] for name in FINGER_JOINTS if name in values]
    assert target.gripper_width == pytest.approx(2 * np.mean(fingers) if fingers else HOME.gripper_width)


@pytest.mark.parametrize(
    ("kind", "names", "positions"),
    [
        ("length", ["fr3_joint1"], [0.0, 1.0]),
        ("unknown_joints", [], []),
        ("unknown_joints", ["elbow"], [0.0]),
        ("repeated_joint", ["fr3_joint1"] * 2, [0.0, 1.0]),
        ("not_finite", ["fr3_joint7"], [float("inf")]),
    ],
)
def test_a_bad_command_is_refused_by_kind(kind, names, positions):
    with pytest.raises(InvalidCommandError) as caught:
        HOME.updated(JointState(name=names, position=positions))
    assert caught.value.kind == kind


def test_the_gate_opens_for_the_expected_reply_only():
    gate = LockstepGate()
    gate.expect(5)
    gate.arrived(4)
    assert not gate.wait(0.01)
    gate.expect(6)
    gate.arrived(6)
    assert gate.wait(0.01)


def test_a_cancelled_gate_lets_its_waiter_go():
    gate = LockstepGate()
    gate.expect(1)
    waiter = threading.Thread(target=lambda: gate.wait(60.0))
    waiter.start()
    gate.cancel()
    waiter.join(timeout=10.0)
    assert not waiter.is_alive()


def test_times_are_summed_by_stage():
    times = StageTimes()
    for _ in range(3):
        with times.stage("render"):
            pass
        times.step()
    assert {"render_ms", "render_s", "step_rate_hz"} <= times.values().keys()
