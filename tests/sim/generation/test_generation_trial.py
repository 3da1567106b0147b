"""Trials in the simulator."""

import h5py
import numpy as np
import pytest

from reald2iff_sim.generation.config import GenerationConfig
from reald2iff_sim.generation.demo_group import write_demo
from reald2iff_sim.generation.diagnosis import NEVER_TOUCHED
from reald2iff_sim.generation.sources import read_sources
from reald2iff_sim.generation.trial import run_trial


@pytest.fixture(scope="session")
def sources(simulator, sources_file):
    return read_sources(sources_file, simulator.task, GenerationConfig().specs(simulator.task), 2)


@pytest.fixture(scope="session")
def trial(simulator, sources):
    return run_trial(simulator, sources, GenerationConfig(), seed=0, index=0)


def test_a_trial_succeeds_and_says_what_it_is_made_of(trial):
    assert trial.success
    assert len(trial.labels) == len(trial.trajectory)
    assert trial.trajectory.states.shape[0] == len(trial.trajectory)
    assert len(trial.sources) == 2


def test_states_and_actions_lead_to_the_same_states_again(simulator, trial):
    states, actions = trial.trajectory.states, trial.trajectory.actions
    simulator.set_state(states[40])
    for step in range(40, 46):
        assert np.array_equal(simulator.get_state(), states[step])
        simulator.step(actions[step])


def test_noise_is_in_the_actions_of_segments_alone(simulator, sources, trial):
    quiet = run_trial(simulator, sources, GenerationConfig(action_noise=0.0), seed=0, index=0)
    same = [
        np.array_equal(a, b) for a, b in zip(quiet.trajectory.actions, trial.trajectory.actions, strict=False)
    ]
    assert all(same[:5]) and not all(same)


def test_a_subtask_that_failed_is_done_anew_and_leaves_nothing_behind(simulator, sources, monkeypatch):
    """The first attempt never closes its fingers."""
    from reald2iff_sim.generation import trial as module

    real, calls = module.stitch, []

    def stitch(start, targets, gripper, *rest):
        calls.append(1)
        return real(start, targets, np.ones_like(gripper) if len(calls) == 1 else gripper, *rest)

    monkeypatch.setattr(module, "stitch", stitch)
    made = run_trial(simulator, sources, GenerationConfig(retries=1), seed=0, index=1)
    first, second, *_ = made.attempts
    assert (first.subtask, first.failure) == (0, NEVER_TOUCHED)
    assert (second.subtask, second.failure) == (0, None)
    assert made.success and len(made.trajectory) == sum(a.steps for a in made.attempts[1:])
    times = [observation.time for observation in made.trajectory.observations]
    assert np.allclose(np.diff(times), 0.05)


def test_a_trial_in_isaac_lab_s_spelling_is_a_source_again(tmp_path, simulator, trial):
    with h5py.File(tmp_path / "isaac.hdf5", "w") as file:
        write_demo(file.create_group("data/demo_0"), simulator, trial, 0, "isaaclab")
        assert "object_pose" in file["data/demo_0/obs/datagen_info"]
    specs = GenerationConfig().specs(simulator.task)
    (source,) = read_sources(tmp_path / "isaac.hdf5", simulator.task, specs, 1)
    assert np.array_equal(source.info.gripper_action[:, 0], trial.trajectory.actions[:, 6])
