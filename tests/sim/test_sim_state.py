"""States can be stored, taken over, rendered again and gone on from, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest

from reald2iff.errors import SimulationError
from reald2iff_sim import make_expert, make_simulator
from reald2iff_sim.trajectory import record


@pytest.fixture(scope="module")
def trajectory(simulator):
    return record(simulator, make_expert(simulator.task), 7)


def same(first, second):
    assert first.time == second.time
    for name in ("joint_positions", "joint_velocities", "eef_pose"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for name in ("object_poses", "object_velocities", "finger_forces"):
        for key, value in getattr(first, name).items():
            np.testing.assert_array_equal(value, getattr(second, name)[key])


@pytest.mark.parametrize("share", [0.0, 0.45, 0.9])
def test_an_episode_goes_on_from_a_stored_state_with_the_same_bytes(trajectory, share):
    other = make_simulator()
    start = int(share * len(trajectory))
    same(other.set_state(trajectory.states[start]), trajectory.observations[start])
    for step in range(start, len(trajectory)):
        np.testing.assert_array_equal(other.get_state(), trajectory.states[step])
        same(other.step(trajectory.actions[step]).observation, trajectory.results[step].observation)


def test_images_are_the_same_from_a_stored_state(simulator, trajectory):
    expert = make_expert(simulator.task)
    observation = simulator.reset(7)
    expert.reset(np.random.default_rng([7, 1]))
    for _ in range(30):
        observation = simulator.step(expert.act(observation)).observation
    live, segments = simulator.render(), simulator.render(segmentation=True).segmentation
    simulator.reset(8)
    simulator.set_state(trajectory.states[30])
    simulator.depth_camera, simulator.color_camera = trajectory.depth_camera, trajectory.color_camera
    again = simulator.render()
    np.testing.assert_array_equal(again.color, live.color)
    np.testing.assert_array_equal(again.depth, live.depth)
    np.testing.assert_array_equal(simulator.render(segmentation=True).segmentation, segments)


def test_another_resolution_shows_the_same_scene(simulator):
    simulator.reset(3)
    whole = simulator.render_depth()
    camera = simulator.depth_camera
    for width in (160, 1280):
        simulator.depth_camera = replace(camera, intrinsics=camera.intrinsics.resized(width, width * 3 // 4))
        image = simulator.render_depth()
        assert image.shape == (width * 3 // 4, width)
        assert np.median(image) == pytest.approx(np.median(whole), rel=0.01)


def test_segmentation_tells_room_robot_and_objects_apart(simulator):
    simulator.reset(3)
    labels = simulator.render(segmentation=True).segmentation
    assert set(np.unique(labels)) == {0, 1, 2}
    assert 50 < (labels == 2).sum() < (labels == 1).sum() < (labels == 0).sum()


def test_depth_is_the_same_with_and_without_segmentation(simulator):
    simulator.reset(3)
    alone, both = simulator.render(), simulator.render(segmentation=True)
    assert alone.segmentation is None
    np.testing.assert_array_equal(alone.depth, both.depth)
    np.testing.assert_array_equal(alone.color, both.color)


@pytest.mark.parametrize("bad", [lambda s: s[:-1], lambda s: np.where(np.arange(len(s)) == 3, np.nan, s)])
def test_a_malformed_state_raises(simulator, bad):
    with pytest.raises(SimulationError, match="expected"):
        simulator.set_state(bad(simulator.get_state()))


def test_objects_can_be_put_elsewhere(simulator):
    before = simulator.reset(1)
    pose = before.object_poses["cube"].copy()
    pose[:2, 3] += (0.03, -0.05)
    after = simulator.place_objects({"cube": pose})
    np.testing.assert_allclose(after.object_poses["cube"], pose, atol=1e-12)
    np.testing.assert_array_equal(after.joint_positions, before.joint_positions)
    with pytest.raises(SimulationError, match="cube"):
        simulator.place_objects({"sphere": pose})


def test_an_episode_can_begin_as_asked(simulator):
    drawn = simulator.task.draw(np.random.default_rng(99))
    observation = simulator.reset(0, start=drawn)
    np.testing.assert_allclose(
        observation.object_poses["cube"][:2, 3], drawn.object_poses["cube"][:2, 3], atol=1e-3
    )


def test_datagen_info_holds_what_mimicgen_reads(simulator, trajectory):
    info = trajectory.datagen_info(simulator.task)
    info.check(len(trajectory))
    assert list(info.object_poses) == ["cube"]
    grasp = info.subtask_term_signals["grasp"]
    assert grasp[0] == 0 and grasp[-1] == 1
    np.testing.assert_array_equal(info.eef_pose[5], trajectory.observations[5].eef_pose)
    np.testing.assert_array_equal(info.target_pose[5], trajectory.results[5].target_pose)
