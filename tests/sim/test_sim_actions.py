import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.control.actions import ActionSpace

SPACE = ActionSpace()
MIDDLE = np.eye(4)
MIDDLE[:3, :3] = np.diag([1.0, -1.0, -1.0])
MIDDLE[:3, 3] = (0.5, 0.0, 0.3)

units = st.floats(-1, 1, allow_nan=False)
actions = st.lists(units, min_size=7, max_size=7).map(np.array)


@given(actions)
def test_an_action_is_recovered_from_the_target_it_makes(action):
    target = SPACE.target_pose(MIDDLE, action)
    recovered = SPACE.action(MIDDLE, target, SPACE.gripper_width(action))
    np.testing.assert_allclose(recovered, action, atol=1e-9)


@given(actions, st.floats(-0.5, 1.0), st.floats(-0.6, 0.6), st.floats(-0.2, 0.8))
def test_targets_stay_in_the_workspace_with_the_hand_above_the_table(action, x, y, z):
    start = MIDDLE.copy()
    start[:3, 3] = (x, y, z)
    target = SPACE.target_pose(start, action)
    assert (target[:2, 3] >= SPACE.workspace_low[:2]).all()
    assert (target[:2, 3] <= SPACE.workspace_high[:2]).all()
    tips = target[:3, 3] + 0.009 * target[:3, 2]
    assert tips[2] >= SPACE.table_clearance - 1e-9


def test_a_tilted_hand_is_held_higher_than_an_upright_one():
    low = MIDDLE.copy()
    low[2, 3] = 0.0
    tilted = low.copy()
    tilted[:3, :3] = (Rotation.from_rotvec([0.6, 0, 0]) * Rotation.from_matrix(low[:3, :3])).as_matrix()
    assert SPACE.limited(tilted)[2, 3] > SPACE.limited(low)[2, 3] + 0.01


@given(st.lists(st.floats(-3.5, 3.5), min_size=3, max_size=3))
def test_the_hand_is_turned_back_to_the_greatest_tilt(vector):
    target = MIDDLE.copy()
    target[:3, :3] = Rotation.from_rotvec(vector).as_matrix() @ MIDDLE[:3, :3]
    limited = SPACE.limited(target)
    tilt = np.arccos(np.clip(-limited[2, 2], -1, 1))
    assert tilt <= SPACE.max_tilt + 1e-6
    np.testing.assert_allclose(limited[:3, :3] @ limited[:3, :3].T, np.eye(3), atol=1e-9)
    if np.arccos(np.clip(-target[2, 2], -1, 1)) <= SPACE.max_tilt:
        np.testing.assert_array_equal(limited[:3, :3], target[:3, :3])


def test_the_gripper_value_is_linear_in_its_opening():
    openings = [SPACE.gripper_width(np.array([0.0] * 6 + [value])) for value in (-1.0, 0.0, 1.0)]
    assert openings == pytest.approx([0.0, 0.04, 0.08])


def test_rotation_is_about_the_world_axes():
    target = SPACE.target_pose(MIDDLE, np.array([0, 0, 0, 0, 0, 1.0, 0]))
    expected = Rotation.from_rotvec([0, 0, SPACE.rotation]).as_matrix() @ MIDDLE[:3, :3]
    np.testing.assert_allclose(target[:3, :3], expected, atol=1e-12)


def test_bad_parameters_raise():
    with pytest.raises(InvalidParameterError, match="translation"):
        ActionSpace(translation=0.0)
    with pytest.raises(InvalidParameterError, match="workspace"):
        ActionSpace(workspace_low=(1.0, 0, 0))
