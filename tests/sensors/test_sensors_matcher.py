"""Census, aggregation, scanline passes and confidence tests of the stereo block."""

import cv2
import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.d435 import MatcherParameters
from reald2iff.sensors.d435.census import census
from reald2iff.sensors.d435.matcher import match
from reald2iff.sensors.d435.sgbm import match_sgbm

HEIGHT, WIDTH = 100, 260


def texture(seed: int = 0) -> np.ndarray:
    """A wide textured strip to cut shifted images from."""
    noise = np.random.default_rng(seed).standard_normal((HEIGHT, WIDTH + 200)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 1.2)
    return 110 + 40 * blurred / blurred.std()


def shifted(strip: np.ndarray, disparity) -> np.ndarray:
    """The strip as 8-bit image, its content moved left by ``disparity`` px (scalar or per pixel)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    image = cv2.remap(strip, columns + 100 + np.float32(1) * disparity, rows, cv2.INTER_CUBIC)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("disparity", [5.0, 20.25, 40.5, 63.75])
def test_a_known_shift_is_recovered_to_a_tenth_of_a_pixel(disparity) -> None:
    strip = texture()
    found = match(shifted(strip, 0), shifted(strip, disparity), MatcherParameters())
    inside = found[15:-15, 90:-15]
    assert (inside > 0).mean() > 0.99
    assert np.abs(np.median(inside) - disparity) < 0.1
    assert np.abs(inside - disparity).max() < 0.35


def test_disparity_follows_a_slanted_surface() -> None:
    strip = texture(1)
    # In the right image's columns; the slope turns 20 px into 20 / (1 - 0.05) px at the same left column.
    columns = np.arange(WIDTH, dtype=np.float32)
    right = shifted(strip, np.broadcast_to(10 + 0.05 * columns, (HEIGHT, WIDTH)))
    found = match(shifted(strip, 0), right, MatcherParameters())[15:-15, 60:-30]
    left_columns = np.arange(60, WIDTH - 30)
    expected = (10 + 0.05 * left_columns) / 1.05
    assert (found > 0).mean() > 0.95
    assert np.abs(np.median(found, axis=0) - expected).mean() < 0.1


def occluded_pair() -> tuple[np.ndarray, np.ndarray, slice]:
    """A foreground of 30 px before one of 10 px; columns 100-119 of the left image are half occluded."""
    back, front = texture(2), texture(3)
    left, right = shifted(back, 0), shifted(back, 10)
    left[:, 120:180] = shifted(front, 0)[:, 120:180]
    right[:, 90:150] = shifted(front, 30)[:, 90:150]
    return left, right, slice(103, 117)


def test_what_only_the_left_imager_sees_is_dropped() -> None:
    left, right, occluded = occluded_pair()
    found = match(left, right, MatcherParameters(max_cost=48, second_peak_margin=0, min_curvature=0))
    assert (found[20:-20, occluded] == 0).mean() > 0.8
    assert (found[20:-20, 60:90] > 0).all() and (found[20:-20, 130:170] > 0).all()


def test_the_left_right_check_is_what_drops_it() -> None:
    left, right, occluded = occluded_pair()
    loose = MatcherParameters(max_cost=48, second_peak_margin=0, min_curvature=0, left_right_tolerance=64)
    assert (match(left, right, loose)[20:-20, occluded] > 0).mean() > 0.4


def test_images_without_texture_match_nowhere() -> None:
    flat = np.full((HEIGHT, WIDTH), 80, np.uint8)
    assert not match(flat, flat, MatcherParameters()).any()


def test_unrelated_images_match_in_few_places() -> None:
    found = match(shifted(texture(4), 0), shifted(texture(5), 0), MatcherParameters())
    assert (found > 0).mean() < 0.3


def test_a_pattern_that_repeats_fails_the_second_peak_test() -> None:
    strip = np.tile(texture()[:, :16], (1, 40))[:, : WIDTH + 200]
    left, right = shifted(strip, 0), shifted(strip, 20)
    assert (match(left, right, MatcherParameters()) > 0).mean() < 0.15
    assert (match(left, right, MatcherParameters(second_peak_margin=0)) > 0).mean() > 0.3


def test_census_ignores_brightness_and_contrast() -> None:
    image = np.random.default_rng(0).integers(0, 100, (20, 30)).astype(np.uint8)
    assert np.array_equal(census(image), census((2 * image + 5).astype(np.uint8)))


def test_census_sets_one_bit_for_each_brighter_neighbour() -> None:
    image = np.zeros((9, 9), np.uint8)
    image[4, 4] = 200
    words = census(image)
    assert words[4, 4] == 0
    assert bin(int(words[3, 3])).count("1") == 1
    assert bin(int(words[0, 0])).count("1") == 0


def test_opencv_s_matcher_recovers_a_known_shift() -> None:
    strip = texture()
    found = match_sgbm(shifted(strip, 0), shifted(strip, 20.25), 96)
    inside = found[15:-15, 40:-15]
    assert (inside > 0).mean() > 0.9
    assert np.abs(np.median(inside[inside > 0]) - 20.25) < 0.1


@pytest.mark.parametrize(
    "bad", [{"disparities": 4}, {"window_width": 14}, {"max_cost": -1}, {"min_curvature": float("nan")}]
)
def test_parameters_out_of_range_are_refused(bad) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        MatcherParameters(**bad)


def test_where_the_tests_are_stricter_fewer_matches_pass() -> None:
    rng = np.random.default_rng(0)
    left, right = (
        np.clip(image + rng.normal(0, 45, image.shape), 0, 255).astype(np.uint8)
        for image in (shifted(texture(4), 0), shifted(texture(4), 20))
    )
    strictness = np.ones(left.shape, np.float32)
    strictness[50:] = 3.0
    found = match(left, right, MatcherParameters(), strictness)[:, 60:-15] > 0
    assert found[60:].mean() < 0.6 * found[:40].mean()


def test_the_locking_correction_moves_quarters_and_leaves_wholes_and_halves() -> None:
    strip = texture(6)
    left, right = shifted(strip, 0), shifted(strip, 20.25)
    plain = match(left, right, MatcherParameters(locking_correction=0))
    corrected = match(left, right, MatcherParameters(locking_correction=0.05))
    expected = np.where(plain > 0, plain - np.float32(0.05) * np.sin(2 * np.pi * plain), 0)
    np.testing.assert_allclose(corrected, expected, atol=1e-5)
    assert np.median(plain[20:-20, 60:-20] - corrected[20:-20, 60:-20]) == pytest.approx(0.05, abs=0.01)


def test_a_window_whose_costs_would_overflow_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="window 31x31: expected at most"):
        MatcherParameters(window_width=31, window_height=31)
