"""Outlines of samples."""

import numpy as np
import pytest

from reald2iff.diffusion.outlines import FIELD_CELL, break_steps, settle, validity_taken
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.errors import InvalidParameterError


def step_with_confetti() -> np.ndarray:
    """A surface at 20 px beside one at 8, with single pixels in between along the jump."""
    disparity = np.full((40, 40), 8, np.float32)
    disparity[:, 20:] = 20
    disparity[2::4, 19] = 14
    return disparity


def test_no_value_stays_between_a_near_surface_and_what_is_behind_it() -> None:
    settled = settle(step_with_confetti(), np.ones((40, 40), bool), 5)
    assert set(np.unique(settled)) == {8, 20}


def test_away_from_breaks_the_sample_stays_as_it_is() -> None:
    disparity = step_with_confetti()
    disparity[:, :12] += np.random.default_rng(0).normal(0, 0.05, (40, 12)).astype(np.float32)
    settled = settle(disparity, np.ones((40, 40), bool), 5)
    np.testing.assert_array_equal(settled[:, :12], disparity[:, :12])


def test_holes_stay_holes() -> None:
    valid = np.ones((40, 40), bool)
    valid[10:20, 17:21] = False
    np.testing.assert_array_equal(settle(step_with_confetti(), valid, 5) > 0, valid)


def test_neighbours_too_far_apart_become_a_hole() -> None:
    disparity = np.full((6, 6), 8, np.float32)
    disparity[:, 3:] = 20
    break_steps(disparity, 1.0)
    np.testing.assert_array_equal(disparity == 0, np.tile([0, 0, 1, 1, 0, 0], (6, 1)) == 1)


def test_validity_is_taken_away_beside_breaks_and_hardly_far_from_them() -> None:
    disparity = np.full((240, 320), 8, np.float32)
    disparity[:, :40] = 20
    noise = np.random.default_rng(0).normal(size=(20, 240 // FIELD_CELL, 320 // FIELD_CELL))
    taken = np.mean([validity_taken(cells, disparity) for cells in noise.astype(np.float32)], axis=0)
    assert taken.max() <= 0
    # The mean of what a standard normal lies below -1.
    assert taken[:, 30:50].mean() == pytest.approx(-0.083, abs=0.02)
    assert abs(taken[:, 200:].mean()) < 0.005


def test_neither_the_left_border_band_nor_single_pixels_make_holes_grow() -> None:
    disparity = np.full((40, 40), 8, np.float32)
    disparity[:, :10] = 0
    disparity[20, 20] = 0
    noise = np.full((10, 10), -3, np.float32)
    assert not validity_taken(noise, disparity).any()
    disparity[15:25, 15:25] = 0
    assert validity_taken(noise, disparity).any()


def test_nothing_is_taken_where_nothing_breaks_off() -> None:
    noise = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32)
    assert not validity_taken(noise, np.full((40, 40), 8, np.float32)).any()


def test_a_jump_across_a_hole_is_none_between_neighbours() -> None:
    disparity = np.full((6, 6), 8, np.float32)
    disparity[:, 4:] = 20
    disparity[:, 3] = 0
    expected = disparity.copy()
    break_steps(disparity, 1.0)
    np.testing.assert_array_equal(disparity, expected)


def test_an_impossible_field_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="hole_field = -1: expected 0 to 10"):
        SamplingDefaults(hole_field=-1)


@pytest.mark.parametrize("options", [{"median_size": 4}, {"largest_step": -1.0}, {"validity_sigma": 20.0}])
def test_impossible_outlines_are_refused(options) -> None:
    with pytest.raises(InvalidParameterError, match="expected a radius of 0 to 10 px"):
        SamplingDefaults(**options)
