"""Borders of near surfaces drawn back."""

import numpy as np

from reald2iff.denoising.borders import draw_back_borders


def near_square(side: int) -> np.ndarray:
    """A square at 20 px of disparity before a slanted wall of 8 to 10."""
    disparity = np.tile(np.linspace(8, 10, 40, dtype=np.float32), (40, 1))
    disparity[10 : 10 + side, 10 : 10 + side] = 20
    return disparity


def test_a_near_surface_ends_a_pixel_earlier_on_all_sides() -> None:
    drawn = draw_back_borders(near_square(12))
    near = np.zeros((40, 40), bool)
    near[11:21, 11:21] = True
    np.testing.assert_array_equal(drawn == 20, near)
    assert drawn[~near].max() <= 10


def test_what_lies_behind_goes_on_as_far_as_the_border_was_drawn_back() -> None:
    drawn = draw_back_borders(near_square(12))
    np.testing.assert_allclose(drawn[15, 10], drawn[15, 9])


def test_thin_things_stay_as_they_are() -> None:
    thin = near_square(2)
    np.testing.assert_array_equal(draw_back_borders(thin), thin)


def test_slanted_surfaces_stay_as_they_are() -> None:
    slanted = np.tile(np.linspace(8, 40, 40, dtype=np.float32), (40, 1))
    np.testing.assert_array_equal(draw_back_borders(slanted), slanted)


def test_the_unknown_draws_nothing_back_and_stays_unknown() -> None:
    disparity = near_square(12)
    disparity[disparity < 20] = 0
    np.testing.assert_array_equal(draw_back_borders(disparity), disparity)
