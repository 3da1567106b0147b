"""Rotations in recordings: right, and without jumps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reald2iff_ros.recorder_build import continuous_quaternions, rotation_vectors


def as_poses(rotations):
    poses = np.tile(np.eye(4), (len(rotations), 1, 1))
    poses[:, :3, :3] = rotations.as_matrix()
    return poses


@given(st.integers(0, 2**32))
def test_quaternions_and_rotation_vectors_are_the_rotations(seed):
    poses = as_poses(Rotation.random(7, rng=np.random.default_rng(seed)))
    quaternions = continuous_quaternions(poses)
    assert np.allclose(Rotation.from_quat(quaternions).as_matrix(), poses[:, :3, :3])
    assert np.allclose(Rotation.from_rotvec(rotation_vectors(quaternions)).as_matrix(), poses[:, :3, :3])


def test_no_rotation_is_the_zero_vector():
    assert np.array_equal(rotation_vectors(continuous_quaternions(np.eye(4)[None])), np.zeros((1, 3)))


@given(st.integers(0, 2**32))
def test_a_hand_that_points_down_and_trembles_does_not_jump(seed):
    rng = np.random.default_rng(seed)
    down = Rotation.from_rotvec([np.pi, 0, 0])
    poses = as_poses(Rotation.from_rotvec(rng.normal(0, 0.01, (50, 3))) * down)
    quaternions = continuous_quaternions(poses)
    assert (quaternions[:, 0] > 0.9).all()
    assert np.abs(np.diff(quaternions, axis=0)).max() < 0.1
    assert np.abs(np.diff(rotation_vectors(quaternions), axis=0)).max() < 0.3
