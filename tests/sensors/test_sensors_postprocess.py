"""Culling, median, low-pass and hole growth."""

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.d435 import PostprocessParameters
from reald2iff.sensors.d435.postprocess import (
    cull_unsupported,
    grow_holes,
    lowpass_within,
    median_of_valid,
    postprocess,
)


def plane(value: float = 20.0) -> np.ndarray:
    return np.full((40, 60), value, np.float32)


def test_a_speck_on_nothing_is_culled() -> None:
    disparity = np.zeros((40, 60), np.float32)
    disparity[20:22, 30:32] = 20
    assert not cull_unsupported(disparity, 3, 0.8, 0.4).any()


def test_a_plane_and_its_corners_survive_culling() -> None:
    assert (cull_unsupported(plane(), 3, 0.8, 0.4) > 0).all()


def test_culling_counts_only_neighbours_of_like_disparity() -> None:
    disparity = plane()
    disparity[20, 30] = 25
    culled = cull_unsupported(disparity, 3, 0.8, 0.4)
    assert culled[20, 30] == 0 and (culled > 0).sum() == disparity.size - 1


def test_the_median_of_a_full_window_drops_an_outlier() -> None:
    disparity = plane()
    disparity[20, 30] = 25
    assert np.array_equal(median_of_valid(disparity), plane())


def test_the_median_skips_invalid_neighbours() -> None:
    disparity = np.zeros((5, 5), np.float32)
    disparity[2, 1:4] = [10, 30, 20]
    median = median_of_valid(disparity)
    assert median[2, 2] == 20 and np.count_nonzero(median) == 3


def test_the_low_pass_averages_noise_and_keeps_a_step() -> None:
    rng = np.random.default_rng(0)
    disparity = plane()
    disparity[:, 30:] = 30
    noisy = disparity + rng.normal(0, 0.1, disparity.shape).astype(np.float32)
    error = lowpass_within(noisy, 1.6, 0.6) - disparity
    assert error.std() < 0.03 and np.abs(error).max() < 0.15


def test_large_holes_grow_up_and_down_and_small_ones_do_not() -> None:
    disparity = plane()
    disparity[10:15, 10:15] = 0
    disparity[30, 30] = 0
    grown = grow_holes(disparity, 20, 1) == 0
    assert grown[9, 12] and grown[15, 12]
    assert not grown[12, 9] and not grown[12, 15]
    assert grown[29:32, 29:32].sum() == 1


def test_no_pixel_becomes_valid() -> None:
    rng = np.random.default_rng(1)
    disparity = plane() + rng.normal(0, 0.2, (40, 60)).astype(np.float32)
    disparity[rng.random(disparity.shape) < 0.2] = 0
    assert not postprocess(disparity, PostprocessParameters())[disparity == 0].any()


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="support_share = 2"):
        PostprocessParameters(support_share=2)
