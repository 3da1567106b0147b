"""Holes on constructed images."""

import numpy as np
import pytest

from reald2iff.metrics.holes import (
    edge_distance,
    hole_iou,
    hole_mask,
    hole_rate_by_edge_distance,
    hole_ratio,
    hole_ratio_error,
)

CLEAN = np.full((20, 40), 10, dtype=np.float32)


def with_hole(rows: slice, columns: slice) -> np.ndarray:
    image = CLEAN.copy()
    image[rows, columns] = 0
    return image


def test_what_the_renderer_did_not_see_is_no_hole():
    clean = with_hole(slice(0, 10), slice(None))
    assert not hole_mask(clean, clean).any()
    assert hole_ratio(clean, clean) == 0


def test_hole_ratio_counts_pixels_with_clean_depth():
    clean = with_hole(slice(0, 10), slice(None))
    noisy = clean.copy()
    noisy[10:15] = 0
    assert hole_ratio(noisy, clean) == pytest.approx(0.5)


def test_hole_ratio_of_nothing_is_nan():
    assert np.isnan(hole_ratio(CLEAN, np.zeros_like(CLEAN)))


def test_hole_ratio_error_is_relative_to_the_sensor():
    sensor, noisy = with_hole(slice(0, 4), slice(None)), with_hole(slice(0, 6), slice(None))
    assert hole_ratio_error(noisy, sensor, CLEAN) == pytest.approx(0.5)
    assert hole_ratio_error(sensor, sensor, CLEAN) == 0
    assert np.isnan(hole_ratio_error(noisy, CLEAN, CLEAN))


def test_iou_of_overlapping_holes():
    one, other = with_hole(slice(0, 4), slice(None)), with_hole(slice(2, 6), slice(None))
    assert hole_iou(one, other, CLEAN) == pytest.approx(2 / 6)
    assert hole_iou(one, one, CLEAN) == 1
    assert hole_iou(CLEAN, CLEAN, CLEAN) == 1
    assert hole_iou(one, CLEAN, CLEAN) == 0


def test_distance_to_a_step_grows_by_a_pixel_a_column():
    disparity = CLEAN.copy()
    disparity[:, 20:] = 14
    distance = edge_distance(disparity)
    assert distance[5, 19] == distance[5, 20] == 0
    assert distance[5, 10] == pytest.approx(9)
    assert distance[5, 39] == pytest.approx(19)


def test_a_slope_is_no_edge():
    assert np.isinf(edge_distance(CLEAN + np.arange(40, dtype=np.float32))).all()


def test_hole_rates_by_distance_to_an_edge():
    disparity = CLEAN.copy()
    disparity[:, 20:] = 14
    noisy = disparity.copy()
    noisy[:, 18:22] = 0
    rates = hole_rate_by_edge_distance(noisy[None], disparity[None])
    assert rates[0] == 1
    assert (rates[1:4] == 0).all()
    assert np.isnan(rates[4])
