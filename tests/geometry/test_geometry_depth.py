"""Depth units and what counts as invalid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import (
    depth_to_disparity,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
    quantise_disparity,
    require_depth,
    sanitize_depth,
)

INVALID = np.array([[0.0, -1.0, np.nan, np.inf, -np.inf]], np.float32)


@given(hnp.arrays(np.uint16, (3, 4)))
def test_millimeters_survive_the_way_through_meters(depth) -> None:
    assert np.array_equal(meters_to_millimeters(millimeters_to_meters(depth)), depth)


@given(hnp.arrays(np.float32, (2, 3), elements=st.floats(0.125, 20, width=32)))
def test_disparity_is_its_own_inverse(depth) -> None:
    there_and_back = disparity_to_depth(depth_to_disparity(depth, 382.6), 382.6)
    np.testing.assert_allclose(there_and_back, depth, rtol=1e-5)


def test_millimeters_are_rounded_not_cut() -> None:
    assert meters_to_millimeters(np.array([[0.0005001, 1.2346, 1.2344]], np.float32)).tolist() == [
        [1, 1235, 1234]
    ]


def test_what_does_not_fit_in_16_bits_is_invalid() -> None:
    assert meters_to_millimeters(np.array([[65.535, 65.536, 100.0]], np.float32)).tolist() == [[65535, 0, 0]]


def test_everything_invalid_becomes_zero_in_every_unit() -> None:
    assert not sanitize_depth(INVALID).any()
    assert not depth_to_disparity(INVALID, 382.6).any()
    assert not meters_to_millimeters(INVALID).any()


def test_depth_beyond_the_range_is_invalid() -> None:
    assert sanitize_depth(np.array([[1.0, 9.0]], np.float32), max_depth=8.0).tolist() == [[1.0, 0.0]]


@given(hnp.arrays(np.float32, (2, 3), elements=st.floats(0, 100, width=32)))
def test_quantised_disparity_lies_on_the_comb_within_half_a_step(disparity) -> None:
    quantised = quantise_disparity(disparity)
    assert np.array_equal(quantised * 32, np.rint(quantised * 32))
    assert np.abs(quantised - disparity).max() <= 1 / 64 + 1e-5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((2, 2), np.uint16), "millimeters_to_meters"),
        (np.zeros((2, 2, 1), np.float32), "expected \\(height, width\\)"),
        (np.zeros((0, 4), np.float32), "expected \\(height, width\\)"),
    ],
)
def test_wrong_images_are_refused_with_what_was_expected(value, message) -> None:
    with pytest.raises(InvalidDepthError, match=message):
        require_depth(value)
