import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim import make_simulator
from reald2iff_sim.control.limits import JOINT_LOWER, JOINT_UPPER, JOINT_VELOCITY
from reald2iff_sim.simulator import CONTROL_RATE

STILL = np.array([0.0, 0, 0, 0, 0, 0, 1])


def state_bytes(observation):
    poses = [observation.object_poses[name] for name in sorted(observation.object_poses)]
    parts = [observation.joint_positions, observation.joint_velocities, observation.eef_pose, *poses]
    return b"".join(part.tobytes() for part in parts)


def test_same_seed_gives_the_same_bytes(simulator):
    runs = []
    for _ in range(2):
        observation = simulator.reset(11)
        images = simulator.render()
        after = simulator.step(np.array([0.3, -0.2, -0.4, 0.1, 0, 0.2, -1])).observation
        runs.append(
            (
                state_bytes(observation),
                images.depth.tobytes(),
                images.color.tobytes(),
                simulator.depth_camera.pose.tobytes(),
                state_bytes(after),
            )
        )
        simulator.reset(12)
    assert runs[0] == runs[1]


def test_another_simulator_gives_the_same_bytes(simulator):
    other = make_simulator()
    assert state_bytes(other.reset(5)) == state_bytes(simulator.reset(5))
    np.testing.assert_array_equal(other.render().depth, simulator.render().depth)
    other.close()
    simulator.reset(6)  # its context is untouched by the other's end
    assert simulator.render_depth().max() > 0


def test_seeds_differ_in_cube_arm_and_camera(simulator):
    first, first_camera = simulator.reset(1), simulator.depth_camera.pose
    second, second_camera = simulator.reset(2), simulator.depth_camera.pose
    assert not np.allclose(first.object_poses["cube"], second.object_poses["cube"], atol=1e-3)
    assert not np.allclose(first.eef_pose, second.eef_pose, atol=1e-3)
    assert not np.allclose(first_camera, second_camera, atol=1e-4)


def test_reset_reaches_the_start_that_the_task_drew(simulator):
    observation = simulator.reset(4)
    start = simulator.task.draw(np.random.default_rng(np.random.SeedSequence(4).spawn(2)[0]))
    np.testing.assert_allclose(observation.eef_pose, start.eef_pose, atol=2e-3)
    np.testing.assert_allclose(observation.object_poses["cube"], start.object_poses["cube"], atol=2e-3)
    assert observation.time == 0.0
    assert observation.gripper_width == pytest.approx(start.gripper_width, abs=1e-3)
    assert np.abs(observation.joint_velocities).max() < 1e-2


def test_a_step_lasts_one_control_period(simulator):
    simulator.reset(0)
    assert simulator.step(STILL).observation.time == pytest.approx(1 / CONTROL_RATE)


def test_a_still_action_holds_the_arm(simulator):
    before = simulator.reset(3)
    for _ in range(10):
        after = simulator.step(STILL).observation
    np.testing.assert_allclose(after.eef_pose, before.eef_pose, atol=5e-4)


def test_the_arm_follows_the_target_pose(simulator):
    simulator.reset(3)
    for _ in range(8):
        result = simulator.step(np.array([0.2, 0.3, -0.3, 0, 0, 0.3, 1]))
    for _ in range(8):
        result = simulator.step(STILL)
    np.testing.assert_allclose(result.observation.eef_pose, result.target_pose, atol=2e-3)


@pytest.mark.parametrize(
    "action", [np.zeros(6), np.zeros((1, 7)), np.array([0, 0, np.nan, 0, 0, 0, 0]), np.full(7, np.inf)]
)
def test_a_malformed_action_raises(simulator, action):
    simulator.reset(0)
    with pytest.raises(SimulationError, match="expected"):
        simulator.step(action)


def test_actions_beyond_one_are_clipped_and_reported_so(simulator):
    simulator.reset(0)
    assert np.abs(simulator.step(np.full(7, 3.0)).action).max() <= 1.0


@pytest.mark.parametrize("seed", [0, 1])
def test_extreme_actions_stay_within_joint_velocity_and_workspace_limits(simulator, seed):
    simulator.reset(seed)
    rng = np.random.default_rng(seed)
    space = simulator.config.actions
    for _ in range(15):
        action = rng.choice([-1.0, 1.0], 7)
        for _ in range(5):
            result = simulator.step(action)
            observation = result.observation
            assert (observation.joint_positions >= JOINT_LOWER - 1e-3).all()
            assert (observation.joint_positions <= JOINT_UPPER + 1e-3).all()
            assert (np.abs(observation.joint_velocities) <= JOINT_VELOCITY).all()
            position = result.target_pose[:3, 3]
            assert (position[:2] >= np.array(space.workspace_low[:2]) - 1e-9).all()
            assert (position[:2] <= np.array(space.workspace_high[:2]) + 1e-9).all()
            assert observation.eef_pose[2, 3] > -0.002


def test_pressing_down_stops_above_the_table(simulator):
    simulator.reset(0)
    for _ in range(20):
        observation = simulator.step(np.array([-0.3, 0, -1.0, 0, 0, 0, 1])).observation
    assert 0.0 < observation.eef_pose[2, 3] < 0.03


def test_joint_commands_are_followed_and_limited_in_velocity(simulator):
    start = simulator.reset(0).joint_positions
    goal = start + np.array([0.05, -0.03, 0.02, 0.04, 0.05, -0.05, 0.1])
    for _ in range(14):
        result = simulator.step_joints(goal, 0.03)
    np.testing.assert_allclose(result.observation.joint_positions, goal, atol=2e-3)
    assert result.observation.gripper_width == pytest.approx(0.03, abs=2e-3)
    far = simulator.step_joints(goal + 2.0, 0.08).observation
    assert (np.abs(far.joint_velocities) <= JOINT_VELOCITY).all()
    assert np.abs(far.joint_positions - goal).max() < 0.3


def test_joint_commands_and_actions_can_alternate(simulator):
    start = simulator.reset(0).joint_positions
    moved = simulator.step_joints(start + 0.03, 0.08).target_pose
    result = simulator.step(STILL)
    np.testing.assert_allclose(result.target_pose, moved, atol=1e-6)


@pytest.mark.parametrize(
    ("positions", "width"), [(np.zeros(6), 0.0), (np.full(7, np.nan), 0.0), (np.zeros(7), np.nan)]
)
def test_a_malformed_joint_command_raises(simulator, positions, width):
    simulator.reset(0)
    with pytest.raises(SimulationError, match="expected"):
        simulator.step_joints(positions, width)


def test_a_negative_seed_raises(simulator):
    with pytest.raises(InvalidParameterError, match="-1"):
        simulator.reset(-1)
