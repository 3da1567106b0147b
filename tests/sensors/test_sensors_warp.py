"""Other views made of one depth image."""

import numpy as np
import pytest
from sensor_scenes import PROJECTOR_OFFSET, SMALL, seen_from

from reald2iff.geometry import D435_BASELINE
from reald2iff.sensors.d435.warp import upsample, views_from_depth, warp_rows


def views(depth):
    return views_from_depth(depth, SMALL, D435_BASELINE, PROJECTOR_OFFSET, 2)


@pytest.mark.parametrize("slope", [0.0, 0.5, -0.5])
def test_the_views_of_a_plane_are_those_of_a_renderer(slope) -> None:
    made = views(seen_from(0.0, SMALL, slope=slope))
    fine = SMALL.resized(480, 240)
    for image, offset in ((made.left, 0.0), (made.right, D435_BASELINE), (made.projector, PROJECTOR_OFFSET)):
        expected = seen_from(offset, fine, slope=slope)
        # The last columns lie outside the image that the views are made of.
        np.testing.assert_allclose(image[2:-2, 2:-40], expected[2:-2, 2:-40], rtol=2e-3)


def test_the_views_of_a_foreground_are_those_of_a_renderer_but_for_its_outline() -> None:
    made = views(seen_from(0.0, SMALL, box=1.0))
    fine = SMALL.resized(480, 240)
    for image, offset in ((made.left, 0.0), (made.right, D435_BASELINE), (made.projector, PROJECTOR_OFFSET)):
        wrong = np.abs(image - seen_from(offset, fine, box=1.0)) > 0.01
        assert wrong[:, :-40].mean() < 0.01


def test_what_was_hidden_continues_the_farther_surface() -> None:
    disparity = np.full((1, 40), 4.0, np.float32)
    disparity[0, 20:25] = 10.0
    warped = warp_rows(disparity, 1.0, 1.5)[0]
    assert (warped[10:15] == 10).all()
    assert (warped[15:21] == 4).all()


def test_the_nearest_surface_wins() -> None:
    disparity = np.full((1, 40), 2.0, np.float32)
    disparity[0, 20:25] = 8.0
    assert (warp_rows(disparity, 1.0, 1.5)[0, 12:17] == 8).all()


def test_nothing_stays_nothing() -> None:
    made = views(np.zeros((SMALL.height, SMALL.width), np.float32))
    assert not made.left.any() and not made.right.any() and not made.projector.any()


def test_resolution_grows_linearly_on_a_surface_and_never_across_an_edge() -> None:
    row = np.float32([10, 11, 12, 20, 20])
    fine = upsample(np.tile(row, (3, 1)), 2)
    np.testing.assert_allclose(fine[2], [10, 10.25, 10.75, 11.25, 11.75, 12, 20, 20, 20, 20])
