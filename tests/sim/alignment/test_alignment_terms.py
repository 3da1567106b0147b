"""The analytic derivatives, against images rendered from a pose that is moved."""

import numpy as np
import pytest

from reald2iff.geometry import D435_DEPTH, depth_to_disparity
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.depth_term import depth_term
from reald2iff_sim.alignment.poses import moved
from reald2iff_sim.alignment.silhouette_term import silhouette_term
from reald2iff_sim.camera import look_at
from reald2iff_sim.control.limits import HOME_JOINTS

POSE = look_at(np.array([1.2, 0.4, 0.6]), np.array([0.3, 0.0, 0.4]))
TWISTS = 0.01 * np.eye(6)  # 1 cm and 0.57 degrees, some pixels
ROUND = 0.4  # share of them over which round links are nearly planes


@pytest.fixture(scope="module")
def arm():
    with ArmRenderer([HOME_JOINTS], [0.08], (640, 480)) as made:
        yield made


@pytest.mark.parametrize("twist", TWISTS)
def test_depth_changes_as_its_derivative_says(arm, twist):
    twist = ROUND * twist
    before, after = arm.depth(0, POSE, D435_DEPTH), arm.depth(0, moved(POSE, twist), D435_DEPTH)
    term = depth_term(after, before, D435_DEPTH, margin=6)
    left = np.abs(term.residual - term.jacobian @ twist)
    assert len(left) > 5000
    assert np.median(left) < 0.15 * np.median(np.abs(term.residual)) + 0.005


@pytest.mark.parametrize("twist", TWISTS)
def test_the_outline_moves_as_its_derivative_says(arm, twist):
    def on_wall(depth):
        return np.where(depth > 0, depth, np.float32(3.0))

    before, after = arm.depth(0, POSE, D435_DEPTH), arm.depth(0, moved(POSE, twist), D435_DEPTH)
    still = silhouette_term(on_wall(before), before, D435_DEPTH)
    assert len(still.residual) > 300 and np.abs(np.median(still.residual)) <= 0.5
    term = silhouette_term(on_wall(after), before, D435_DEPTH)
    left = term.residual - term.jacobian @ twist
    assert np.median(np.abs(left)) < 0.7  # pixels are counted
    assert np.abs(left.mean()) < 0.3


def test_a_rim_of_a_slanted_plane_is_not_smoothed_away():
    rows, columns = np.mgrid[:60, :80].astype(np.float64)
    disparity = np.where((columns > 20) & (columns < 60), 20 + 0.05 * columns + 0.02 * rows, 0)
    depth = np.where(disparity > 0, D435_DEPTH.fx * 0.05 / np.maximum(disparity, 1), 0).astype(np.float32)
    small = D435_DEPTH.cropped(0, 0, 80, 60)
    term = depth_term(depth, depth, small, margin=0)
    assert len(term.residual) > 1000
    np.testing.assert_allclose(term.sensor[:, 0], 0, atol=2e-3)
    np.testing.assert_allclose(
        depth_to_disparity(depth, small.fx)[tuple(term.pixels.T)] * 0, term.residual, atol=1e-4
    )
