"""The Gaussian-process noise and the ragged border."""

import cv2
import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.d435 import StatisticsParameters
from reald2iff.sensors.d435.statistics import (
    add_statistics,
    box_field,
    gaussian_field,
    lognormal_field,
    nearness_to_breaks,
    noise_deviation,
    white_noise,
)


def run(disparity, parameters=None, static=0, frame=1) -> np.ndarray:
    return add_statistics(
        disparity,
        parameters or StatisticsParameters(),
        np.random.default_rng(static),
        np.random.default_rng(frame),
    )


def plane(value: float = 20.0) -> np.ndarray:
    return np.full((480, 640), value, np.float32)


def test_the_field_has_unit_variance_up_to_its_edge() -> None:
    fields = np.stack(
        [gaussian_field((60, 80), 6.0, 3.8, white_noise(np.random.default_rng(i))) for i in range(200)]
    )
    assert fields.std() == pytest.approx(1, rel=0.05)
    assert fields[:, [0, -1], :].std() == pytest.approx(1, rel=0.1)


def test_factors_are_positive_with_median_one_and_the_stated_spread() -> None:
    factors = lognormal_field((480, 640), 0.4, 6.0, np.random.default_rng(0))
    assert factors.min() > 0
    assert np.median(factors) == pytest.approx(1, abs=0.05)
    assert np.log(factors).std() == pytest.approx(0.4, rel=0.1)


def test_the_field_is_as_smooth_as_its_kernel() -> None:
    field = gaussian_field((480, 640), 6.0, 3.8, white_noise(np.random.default_rng(0)))
    for axis, sigma in ((1, 6.0), (0, 3.8)):
        lag = round(2 * sigma)
        ahead, behind = (
            np.take(field, range(lag, field.shape[axis]), axis),
            np.take(field, range(field.shape[axis] - lag), axis),
        )
        # The autocorrelation of white noise under a Gaussian kernel is a Gaussian of sqrt(2) its radius.
        assert (ahead * behind).mean() == pytest.approx(np.exp(-(lag**2) / (4 * sigma**2)), abs=0.1)


def test_the_grain_has_unit_variance_and_is_uncorrelated_beyond_its_boxes() -> None:
    grain = box_field((480, 640), 9, white_noise(np.random.default_rng(0)))
    assert grain.std() == pytest.approx(1, rel=0.03)
    assert grain[:8].std() == pytest.approx(1, rel=0.15)
    for lag, expected in ((3, 6 / 9), (9, 0)):
        assert (grain[:, lag:] * grain[:, :-lag]).mean() == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(
    ("disparity", "real"), [(5.0, 0.125), (9.0, 0.062), (14.5, 0.046), (21.0, 0.048), (31.0, 0.052)]
)
def test_noise_rises_towards_far_and_near_like_the_real_one(disparity, real) -> None:
    # Real sigma on flat blocks by disparity, less what the simulated physics gives.
    assert noisy_deviation(disparity) == pytest.approx(real, rel=0.2)


def noisy_deviation(disparity: float) -> float:
    result = run(plane(disparity), StatisticsParameters(speckle_rate=0))[:, 80:]
    return float((result - disparity)[result > 0].std())


def test_the_law_of_the_noise_is_constant_beyond_what_was_measured() -> None:
    parameters = StatisticsParameters()
    ends = noise_deviation(np.array([0.5, 4.5, 45, 90], np.float32), parameters)
    assert ends[0] == ends[1] and ends[2] == ends[3]


def test_the_stated_share_of_the_noise_stays_from_frame_to_frame() -> None:
    still = StatisticsParameters(speckle_rate=0, noise_fixed_share=0.27)
    first, second = (run(plane(), still, frame=i)[:, 80:] - 20 for i in (2, 3))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] == pytest.approx(0.27, abs=0.06)


def steps() -> np.ndarray:
    """Jumps so dense that no pixel is farther than 3 px from one."""
    return np.tile(np.where(np.arange(640) // 4 % 2 == 0, 20, 24).astype(np.float32), (480, 1))


def test_speckle_is_small_as_frequent_as_stated_and_partly_stays() -> None:
    parameters = StatisticsParameters(noise_std=0, speckle_rate=2000, speckle_fixed_share=0.5)
    first, second = (run(steps(), parameters, frame=i)[:, 80:] == 0 for i in (2, 3))
    count, _, stats, _ = cv2.connectedComponentsWithStats(first.astype(np.uint8), connectivity=8)
    assert count - 1 == pytest.approx(2000e-6 * first.size, rel=0.15)
    assert (stats[1:, cv2.CC_STAT_AREA] == 1).mean() == pytest.approx(0.36, abs=0.08)
    assert (first & second).sum() / first.sum() == pytest.approx(0.5, abs=0.08)


def test_speckle_gathers_beside_holes_and_edges_like_the_real_one() -> None:
    # Small holes per 10 000 px of native frames at disparities of 9 to 30 px, by distance from the nearest:
    # to within a factor of two, since the matcher leaves some by itself. Uniform ones are off by 5 to 20.
    disparity = plane()
    disparity[:, 320:] = 24
    parameters = StatisticsParameters(noise_std=0)
    holes = np.stack([run(disparity, parameters, frame=i, static=i) == 0 for i in range(40)])
    for near, far, real in ((2, 5, 30), (5, 10, 8), (10, 20, 3), (40, 200, 0.3)):
        found = holes[:, :, 320 + near : 320 + far]
        singles = sum(
            cv2.connectedComponents(image.astype(np.uint8), connectivity=8)[0] - 1 for image in found
        )
        assert real / 2 < 1e4 * singles / found.size < 2 * real


def test_speckle_spares_a_surface_without_any_break() -> None:
    assert not nearness_to_breaks(plane()).any()


def test_speckle_is_densest_up_to_its_reach() -> None:
    disparity = plane()
    disparity[200, 300] = 0
    density = nearness_to_breaks(disparity, reach=6)
    assert (density[200, 301:306] == 1).all()
    assert density[200, 324] == pytest.approx((6 / 24) ** 1.5, rel=0.1)


@pytest.mark.parametrize("disparity", [5.0, 20.0, 50.0])
def test_the_left_border_band_is_disparity_plus_seven(disparity) -> None:
    starts = [(run(plane(disparity), static=i) > 0).argmax(axis=1) for i in range(4)]
    assert np.median(starts) == pytest.approx(disparity + 7, abs=1.2)


def test_the_border_is_ragged_and_neighbouring_rows_resemble_each_other() -> None:
    start = (run(plane()) > 0).argmax(axis=1).astype(float)
    assert 1.8 < start.std() < 4.0
    assert np.corrcoef(start[1:], start[:-1])[0, 1] > 0.75


def test_invalid_stays_invalid() -> None:
    disparity = plane()
    disparity[100:200, 300:400] = 0
    assert not run(disparity)[disparity == 0].any()


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="noise_fixed_share"):
        StatisticsParameters(noise_fixed_share=1.2)
