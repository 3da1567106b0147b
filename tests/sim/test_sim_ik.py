import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim.control.ik import IKConfig, InverseKinematics
from reald2iff_sim.control.limits import (
    HOME_JOINTS,
    JOINT_LOWER,
    JOINT_UPPER,
    JOINT_VELOCITY,
    velocity_bounds,
)


@pytest.fixture(scope="module")
def kinematics():
    return InverseKinematics()


def pose_at(x, y, z, yaw=0.0):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("ZX", [yaw, np.pi]).as_matrix()
    pose[:3, 3] = (x, y, z)
    return pose


def test_the_home_pose_points_the_fingers_down(kinematics):
    kinematics.reset(HOME_JOINTS)
    np.testing.assert_allclose(kinematics.pose, pose_at(0.3069, 0.0, 0.4869), atol=1e-3)


@pytest.mark.parametrize("x", [0.3, 0.6])
@pytest.mark.parametrize("y", [-0.3, 0.3])
@pytest.mark.parametrize("z", [0.02, 0.35])
def test_poses_of_the_workspace_are_reached(kinematics, x, y, z):
    target = pose_at(x, y, z, yaw=0.7 * np.sign(y))
    joints = kinematics.solve(target)
    np.testing.assert_allclose(kinematics.pose, target, atol=1e-3)
    assert (joints >= JOINT_LOWER).all() and (joints <= JOINT_UPPER).all()


def test_every_step_keeps_to_the_velocity_limits(kinematics):
    kinematics.reset(HOME_JOINTS)
    target = pose_at(0.7, 0.3, 0.05, yaw=1.5)
    for _ in range(100):
        before = kinematics.joints
        speed = np.abs(kinematics.step(target) - before) * kinematics.config.rate
        assert (speed <= kinematics.config.velocity_scale * JOINT_VELOCITY + 1e-6).all()


def test_joints_slow_down_before_their_position_limits():
    lower, upper = velocity_bounds((JOINT_LOWER + JOINT_UPPER) / 2)
    assert (upper > 0.8 * JOINT_VELOCITY).all() and (lower < -0.8 * JOINT_VELOCITY).all()
    assert (velocity_bounds(JOINT_UPPER - 0.1)[1] < JOINT_VELOCITY).all()
    assert (velocity_bounds(JOINT_UPPER + 0.01)[1] == 0).all()
    assert (velocity_bounds(JOINT_LOWER - 0.01)[0] == 0).all()


def test_a_pose_out_of_reach_raises(kinematics):
    with pytest.raises(SimulationError, match="reachable"):
        kinematics.solve(pose_at(1.5, 0.0, 0.3))


def test_bad_parameters_raise():
    with pytest.raises(InvalidParameterError, match="rate"):
        IKConfig(rate=0)
    with pytest.raises(InvalidParameterError, match="velocity_scale"):
        IKConfig(velocity_scale=1.5)
