from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reald2iff.errors import AlignmentError, InvalidParameterError
from reald2iff.noise_models import load_noise_model
from reald2iff_sim.alignment import AlignmentConfig, align_camera
from reald2iff_sim.alignment.poses import moved, pose_error, random_disturbance
from reald2iff_sim.alignment.simulated import simulated_views


def disturbed(pose, seed=0, distance=0.1, degrees=10.0):
    return moved(pose, random_disturbance(np.random.default_rng(seed), distance, degrees))


def with_depth(views, change):
    return [replace(view, depth=change(view.depth.copy())) for view in views]


@settings(max_examples=4, phases=[Phase.generate])
@given(seed=st.integers(0, 2**31), share=st.floats(0.5, 1))
def test_a_disturbance_of_up_to_10_cm_and_10_degrees_is_undone(clean_views, seed, share):
    views, truth = clean_views
    result = align_camera(views, disturbed(truth, seed, 0.1 * share, 10 * share))
    distance, degrees = pose_error(result.pose, truth)
    assert distance < 1e-3 and degrees < 0.1


def test_noise_of_the_d435_twin_leaves_2_mm_and_a_fifth_of_a_degree(simulator):
    views, truth = simulated_views(simulator, 6, load_noise_model("d435_twin"), seed=12)
    result = align_camera(views, disturbed(truth))
    distance, degrees = pose_error(result.pose, truth)
    assert distance < 2e-3 and degrees < 0.2
    # What it says of itself is of the size of its error.
    assert distance < 3.5 * result.position_sd < 0.01


def test_something_in_front_of_the_arm_and_holes_do_not_shift_the_pose(clean_views):
    views, truth = clean_views
    rng = np.random.default_rng(0)

    def hide(depth):
        depth[rng.random(depth.shape) < 0.2] = 0
        depth[:, 150:170] = np.minimum(depth[:, 150:170], 0.45)  # a post, nearer than the arm
        return depth

    result = align_camera(with_depth(views, hide), disturbed(truth))
    distance, degrees = pose_error(result.pose, truth)
    assert distance < 1e-3 and degrees < 0.1


def test_joint_positions_of_another_moment_are_noticed_and_outvoted(clean_views):
    views, truth = clean_views
    wrong = replace(views[2], joint_positions=views[2].joint_positions + 0.2)
    result = align_camera([*views[:2], wrong], disturbed(truth, distance=0.02, degrees=2))
    assert pose_error(result.pose, truth)[0] < 2e-3
    assert any(warning.startswith(wrong.name) for warning in result.warnings)


def test_a_single_posture_brings_a_warning(clean_views):
    views, truth = clean_views
    result = align_camera(views[:1] * 2, truth)
    assert any("1 posture" in warning for warning in result.warnings)


def test_a_glimpse_of_the_arm_brings_a_warning_of_uncertainty(clean_views):
    views, truth = clean_views

    def cover(depth):
        depth[24:] = 0
        return depth

    result = align_camera(with_depth(views, cover), truth)
    assert any("uncertain" in warning for warning in result.warnings)


def test_an_image_without_the_arm_is_refused(clean_views):
    views, truth = clean_views
    wall = with_depth(views, lambda depth: np.full_like(depth, 2.5))
    with pytest.raises(AlignmentError, match=r"no arm is visible|no pose near the guess explains"):
        align_camera(wall[:1], truth, AlignmentConfig(attempts=1))


def test_a_camera_that_looks_away_from_the_arm_is_refused(clean_views):
    views, truth = clean_views
    away = truth @ np.diag([-1.0, 1.0, -1.0, 1.0])
    with pytest.raises(AlignmentError, match="no arm is visible"):
        align_camera(views, away)


@pytest.mark.parametrize("guess", [np.eye(3), 2 * np.eye(4), np.full((4, 4), np.nan), np.diag([1, 1, -1, 1])])
def test_a_guess_that_is_no_pose_is_refused(clean_views, guess):
    with pytest.raises(InvalidParameterError, match="rigid motion"):
        align_camera(clean_views[0], guess)
