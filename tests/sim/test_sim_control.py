"""The whole-body controller and what it is made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim.control.arm_model import ArmModel, manipulability_gradient
from reald2iff_sim.control.limits import (
    HOME_JOINTS,
    JOINT_ACCELERATION,
    JOINT_LOWER,
    JOINT_UPPER,
    braking_bounds,
    velocity_bounds,
)
from reald2iff_sim.control.reference import PoseReference
from reald2iff_sim.control.rotations import rotation_matrix, rotation_vector
from reald2iff_sim.control.whole_body import ControlConfig, WholeBodyController, pose_error
from reald2iff_sim.tasks.starts import reaching_down


@pytest.fixture(scope="module")
def controller():
    return WholeBodyController()


def test_the_home_pose_points_the_fingers_down(controller):
    controller.reset(HOME_JOINTS)
    np.testing.assert_allclose(controller.pose, reaching_down((0.3069, 0.0, 0.4869), 0.0), atol=1e-3)


@pytest.mark.parametrize("x", [0.3, 0.65])
@pytest.mark.parametrize("y", [-0.3, 0.3])
@pytest.mark.parametrize("z", [0.02, 0.35])
def test_poses_of_the_workspace_are_found(controller, x, y, z):
    target = reaching_down((x, y, z), 0.7 * np.sign(y))
    joints = controller.solve(target)
    np.testing.assert_allclose(controller.pose, target, atol=1e-3)
    assert (joints >= JOINT_LOWER).all() and (joints <= JOINT_UPPER).all()


def test_a_pose_out_of_reach_raises(controller):
    with pytest.raises(SimulationError, match="reachable"):
        controller.solve(reaching_down((1.5, 0.0, 0.3), 0.0))


@pytest.mark.parametrize(
    "target", [((0.6, 0.2, 0.03), 0.5), ((0.32, -0.25, 0.45), -1.2), ((0.68, 0.28, 0.2), 1.3)]
)
def test_a_far_pose_is_reached_on_a_straight_way_within_the_joint_limits(controller, target):
    controller.solve(reaching_down((0.45, 0.0, 0.3), 0.0))
    start, goal = controller.pose, reaching_down(*target)
    way = goal[:3, 3] - start[:3, 3]
    for _ in range(250):
        before = controller.velocity
        controller.step(goal)
        _, fastest = velocity_bounds(controller.joints)
        assert (controller.velocity <= 0.9 * fastest + 1e-9).all()
        assert np.abs(controller.velocity - before).max() <= JOINT_ACCELERATION / 100
        done = controller.pose[:3, 3] - start[:3, 3]
        off = done - way * (done @ way) / (way @ way)
        assert np.linalg.norm(off) < 0.02
    np.testing.assert_allclose(controller.pose, goal, atol=2e-3)


def test_the_hand_stays_above_a_table_that_it_is_sent_through(controller):
    controller.solve(reaching_down((0.5, 0.0, 0.15), 0.0))
    for _ in range(150):
        controller.step(reaching_down((0.5, 0.0, -0.1), 0.0))
        assert controller.pose[2, 3] > 0.009  # finger tips reach 9 mm below
    assert controller.pose[2, 3] < 0.02


def test_the_hand_keeps_away_from_the_arms_own_foot(controller):
    arm = ArmModel(clearance=0.001, detection=0.5, approach_gain=1.0)
    controller.solve(reaching_down((0.35, 0.0, 0.3), 0.0))
    for _ in range(400):
        controller.step(reaching_down((-0.02, 0.0, 0.3), 0.0))
        arm.move(controller.joints)
        assert arm.collision_rows()[1].min() > -1e-9  # no distance below the clearance


def test_the_elbow_moves_to_the_home_posture_while_the_hand_stays(controller):
    pose = reaching_down((0.45, 0.1, 0.3), 0.0)
    joints = controller.solve(pose)
    jacobian = ArmModel(0.001, 0.1, 1.0)
    jacobian.move(joints)
    null = np.linalg.svd(jacobian.jacobian())[2][6]
    controller.reset(joints + 0.3 * null)
    held, before = controller.pose, np.abs(controller.joints - joints).max()
    for _ in range(300):
        controller.step(held)
    np.testing.assert_allclose(controller.pose, held, atol=1e-3)
    assert np.abs(controller.joints - joints).max() < 0.7 * before


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 0.9), min_size=7, max_size=7))
def test_the_manipulability_gradient_is_the_derivative(shares):
    arm = test_the_manipulability_gradient_is_the_derivative.arm
    joints = JOINT_LOWER + np.array(shares) * (JOINT_UPPER - JOINT_LOWER)

    def logarithm(at):
        arm.move(at)
        jacobian = arm.jacobian()
        return 0.5 * np.linalg.slogdet(jacobian @ jacobian.T)[1]

    steps = 1e-5 * np.eye(7)
    numeric = [(logarithm(joints + step) - logarithm(joints - step)) / 2e-5 for step in steps]
    arm.move(joints)
    gradient = manipulability_gradient(arm.jacobian(), np.linalg.pinv(arm.jacobian()))
    np.testing.assert_allclose(gradient, numeric, atol=1e-4 * (1 + np.abs(numeric).max()))


test_the_manipulability_gradient_is_the_derivative.arm = ArmModel(0.001, 0.1, 1.0)


def test_the_smoothed_pose_follows_three_time_constants_behind_and_never_overshoots():
    reference = PoseReference(40.0, 0.01, (1.0, 2.0), (4.0, 8.0))
    reference.go_on(reaching_down((0.4, 0.0, 0.3), 0.0), np.zeros(6))
    for step in range(1, 101):
        target = reaching_down((0.4 + 0.001 * step, 0.0, 0.3), 0.0)
        reference.step(target)
    assert target[0, 3] - reference.pose[0, 3] == pytest.approx(0.1 * 3 / 40, rel=0.1)
    for _ in range(100):
        reference.step(target)
        assert reference.pose[0, 3] <= target[0, 3] + 1e-5
    np.testing.assert_allclose(reference.pose, target, atol=1e-5)


def test_the_smoothed_pose_keeps_its_limits_on_a_long_way():
    reference = PoseReference(40.0, 0.01, (0.5, 2.0), (2.0, 8.0))
    reference.go_on(reaching_down((0.4, 0.0, 0.3), 0.0), np.zeros(6))
    target = reaching_down((1.4, 0.5, 0.3), 2.0)
    for _ in range(400):
        reference.step(target)
        assert np.linalg.norm(reference.twist[:3]) <= 0.5 * 1.001
        assert np.linalg.norm(reference.acceleration[:3]) <= 2.0 * 1.001
        assert np.linalg.norm(reference.twist[3:]) <= 2.0 * 1.001
    np.testing.assert_allclose(reference.pose, target, atol=1e-4)


def test_joints_brake_in_time_for_their_position_limits():
    joints = JOINT_UPPER - 0.4
    velocity = np.zeros(7)
    for _ in range(300):
        fastest = braking_bounds(joints, 0.01, 0.9)[1]
        faster = np.minimum(velocity + 0.09, fastest)
        assert (velocity - faster <= 0.09 * 1.9 + 1e-9).all()  # of joints 5 and 7 the robot asks for more
        joints, velocity = joints + 0.01 * (velocity + faster) / 2, faster
        assert (joints <= JOINT_UPPER).all()
    assert (braking_bounds(JOINT_UPPER + 0.01, 0.01, 0.9)[1] == 0).all()


def test_joint_goals_are_reached_without_overshoot(controller):
    controller.reset(HOME_JOINTS)
    goal = HOME_JOINTS + np.array([0.3, -0.2, 0.1, 0.2, 0.4, -0.3, 0.5])
    for _ in range(200):
        before = controller.velocity
        controller.step_joints(goal)
        assert np.abs(controller.velocity - before).max() <= JOINT_ACCELERATION / 100
        assert ((goal - controller.joints) * np.sign(goal - HOME_JOINTS) > -2e-3).all()
    np.testing.assert_allclose(controller.joints, goal, atol=1e-3)


def test_the_controller_goes_on_from_a_stored_state(controller):
    other = WholeBodyController()
    controller.reset(HOME_JOINTS)
    target = reaching_down((0.5, 0.1, 0.1), 0.4)
    for _ in range(20):
        controller.step(target)
    other.set_state(controller.get_state())
    for _ in range(10):
        controller.step(target)
        other.step(target)
    np.testing.assert_array_equal(other.get_state(), controller.get_state())


def test_bad_parameters_raise():
    with pytest.raises(InvalidParameterError, match="rate"):
        ControlConfig(rate=0)
    with pytest.raises(InvalidParameterError, match="limit_scale"):
        ControlConfig(limit_scale=1.5)
    with pytest.raises(InvalidParameterError, match="clearance"):
        ControlConfig(clearance=0.2)
    with pytest.raises(InvalidParameterError, match="max_speed"):
        ControlConfig(max_speed=(0.0, 1.0))


@given(st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3))
def test_rotation_vectors_and_matrices_are_those_of_scipy(vector):
    matrix = Rotation.from_rotvec(vector).as_matrix()
    np.testing.assert_allclose(rotation_matrix(np.array(vector)), matrix, atol=1e-12)
    np.testing.assert_allclose(rotation_vector(matrix), Rotation.from_matrix(matrix).as_rotvec(), atol=1e-7)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (-1, 0.5, 2)])
@pytest.mark.parametrize("angle", [0.0, 1e-13, 1e-6, 1e-3, np.pi - 1e-6, np.pi])
def test_small_and_half_turns_are_exact(axis, angle):
    vector = angle * np.array(axis) / np.linalg.norm(axis)
    back = rotation_vector(rotation_matrix(vector))
    assert min(np.abs(back - vector).max(), np.abs(back + vector).max() if angle == np.pi else 1) < 1e-9


def test_pose_error_leads_from_one_pose_to_the_other():
    error = pose_error(reaching_down((0.4, 0.0, 0.3), 0.1), reaching_down((0.5, 0.1, 0.2), 0.4))
    np.testing.assert_allclose(error, [0.1, 0.1, -0.1, 0, 0, 0.3], atol=1e-9)
