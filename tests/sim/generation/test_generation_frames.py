"""Carrying poses over from one object pose to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reald2iff_sim.generation.frames import about_z, alike, angle_between, carry_over, inverse

SEEDS = st.integers(0, 2**32 - 1)


def random_poses(seed, count):
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :3, :3] = Rotation.random(count, random_state=rng.integers(2**31)).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(count, 3))
    return poses


@given(SEEDS)
def test_inverse_undoes_a_pose(seed):
    poses = random_poses(seed, 3)
    assert np.allclose(inverse(poses) @ poses, np.eye(4))


@given(SEEDS)
def test_carrying_over_and_back_is_where_it_was(seed):
    source, target, *path = random_poses(seed, 6)
    path = np.array(path)
    assert np.allclose(carry_over(carry_over(path, source, target), target, source), path)


@given(SEEDS)
def test_moving_the_object_moves_the_segment(seed):
    source, target, motion, *path = random_poses(seed, 7)
    path = np.array(path)
    assert np.allclose(carry_over(path, source, motion @ target), motion @ carry_over(path, source, target))


@given(SEEDS)
def test_the_segment_lies_to_the_new_object_as_to_the_old_one(seed):
    source, target, *path = random_poses(seed, 6)
    path = np.array(path)
    assert np.allclose(inverse(target) @ carry_over(path, source, target), inverse(source) @ path)


@given(SEEDS, st.sampled_from([0.0, np.pi / 2, np.pi, 2 * np.pi]), st.booleans())
def test_symmetries_move_the_object_about_its_own_axis_alone(seed, symmetry, flips):
    source, target, like, *path = random_poses(seed, 7)
    moved, frame = alike(np.array(path), source, target, like, symmetry, flips)
    assert np.allclose(frame[:3, 3], target[:3, 3]) and np.allclose(frame[:3, 2], target[:3, 2])
    assert np.allclose(moved[:, :3, 3], carry_over(np.array(path), source, frame)[:, :3, 3])


@given(SEEDS, st.floats(0, 2 * np.pi))
def test_no_turn_of_a_round_object_comes_nearer_to_the_hand(seed, angle):
    source, target, like, *path = random_poses(seed, 4)
    moved, _ = alike(np.array(path), source, target, like, symmetry=0.0, flips=False)
    other = carry_over(np.array(path), source, target @ about_z(angle))
    assert angle_between(moved[0], like) <= angle_between(other[0], like) + 1e-6


@pytest.mark.parametrize(("symmetry", "most"), [(np.pi / 2, np.pi / 4), (np.pi, np.pi / 2)])
def test_a_hand_that_points_down_turns_by_half_the_symmetry_at_most(symmetry, most):
    down = np.diag([1.0, -1.0, -1.0, 1.0])
    for yaw in np.linspace(-np.pi, np.pi, 25):
        moved, _ = alike(down[None], np.eye(4), about_z(yaw), down, symmetry, flips=False)
        assert angle_between(moved[0], down) <= most + 1e-9
