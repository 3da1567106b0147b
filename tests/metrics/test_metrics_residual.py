"""Residual statistics recover what was put in."""

import numpy as np
import pytest
from scipy import ndimage

from reald2iff.metrics.residual import (
    compand,
    radial_spectrum,
    residual,
    robust_spread,
    spectrum_distance,
    wasserstein_companded,
)


def test_residual_is_defined_where_both_are_valid():
    noisy, clean = np.array([[0.0, 5.5, 3.0]]), np.array([[4.0, 5.0, 0.0]])
    np.testing.assert_array_equal(residual(noisy, clean), np.array([[np.nan, 0.5, np.nan]], np.float32))


def test_spread_recovers_sigma_despite_outliers():
    values = np.random.default_rng(0).normal(0.3, 0.06, 50_000)
    values[::50] = 30
    values[::51] = np.nan
    assert robust_spread(values) == pytest.approx(0.06, rel=0.05)


def test_spread_of_nothing_is_nan():
    assert np.isnan(robust_spread(np.full((3, 3), np.nan)))


def test_wasserstein_of_one_distribution_is_small_and_of_a_shift_is_the_shift():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 0.05, (2, 100_000))
    assert wasserstein_companded(one, other) < 0.01
    shifted = np.sinh(compand(one) + 0.7) * 0.15
    assert wasserstein_companded(shifted, one) == pytest.approx(0.7, abs=1e-3)


def test_wasserstein_of_nothing_is_nan():
    assert np.isnan(wasserstein_companded(np.array([np.nan]), np.zeros(3)))


def test_spectrum_of_white_noise_is_flat_and_of_smooth_noise_falls():
    white = np.random.default_rng(0).normal(0, 0.02, (6, 192, 192))
    smooth = ndimage.gaussian_filter(white, (0, 2, 2))
    flat, falling = radial_spectrum(white), radial_spectrum(smooth)
    assert flat.shape == (31,)
    assert np.ptp(flat) < 2
    assert falling[2] - falling[25] > 20


def test_spectrum_distance_is_the_gain_in_decibels():
    noise = np.random.default_rng(0).normal(0, 0.002, (4, 128, 128))
    assert spectrum_distance(noise, noise) == 0
    assert spectrum_distance(noise * 2, noise) == pytest.approx(20 * np.log10(2), abs=0.05)
