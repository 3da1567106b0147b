import itertools

import numpy as np
import pytest

from reald2iff_sim import make_expert
from reald2iff_sim.experts.base import rollout


@pytest.fixture(scope="module")
def expert():
    return make_expert("pick_cube")


@pytest.mark.parametrize("seed", range(6))
def test_the_expert_picks_the_cube(simulator, expert, seed):
    results = [result for _, result in rollout(simulator, expert, seed)]
    assert results[-1].success and results[-1].reward == 1.0
    assert 40 <= len(results) <= 120
    assert all(np.abs(result.action).max() <= 1.0 for result in results)
    signal = [result.subtask_signals["grasp"] for result in results]
    assert signal[0] == 0 and signal[-1] == 1


def test_the_expert_repeats_itself_under_one_seed(simulator, expert):
    runs = [np.array([result.action for _, result in rollout(simulator, expert, 3)]) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


def test_recorded_targets_follow_from_recorded_actions(simulator, expert):
    space = simulator.config.actions
    results = [result for _, result in rollout(simulator, expert, 2)]
    for before, after in itertools.pairwise(results):
        expected = space.target_pose(before.target_pose, after.action)
        np.testing.assert_allclose(after.target_pose, expected, atol=1e-9)


def test_the_gripper_holds_the_cube_while_it_is_shaken(simulator, expert):
    assert [result for _, result in rollout(simulator, expert, 0)][-1].success
    rng = np.random.default_rng(0)
    for _ in range(30):
        action = np.array([*rng.uniform(-0.4, 0.4, 3), *rng.uniform(-0.2, 0.2, 3), -1.0])
        result = simulator.step(action)
        assert result.subtask_signals["grasp"] == 1


def test_opening_the_gripper_drops_the_cube(simulator, expert):
    assert [result for _, result in rollout(simulator, expert, 1)][-1].success
    for _ in range(15):
        result = simulator.step(np.array([0.0, 0, 0, 0, 0, 0, 1]))
    assert not result.success and result.subtask_signals["grasp"] == 0
    resting = result.observation.object_poses["cube"][2, 3]
    assert resting == pytest.approx(simulator.task.cube_size / 2, abs=3e-3)
