"""Gaussian, Perlin and Kinect noise."""

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH, depth_to_disparity
from reald2iff.sensors import GaussianNoise, KinectNoise, PerlinNoise
from reald2iff.sensors.perlin import fractal_field, perlin_field


def wall(metres: float) -> np.ndarray:
    return np.full((480, 640), metres, np.float32)


def noisy(model, depth, seed=0) -> np.ndarray:
    return model.apply(depth, D435_DEPTH, np.random.default_rng(seed))


@pytest.mark.parametrize("metres", [0.5, 1.0, 3.0])
def test_gaussian_noise_grows_with_the_square_of_distance(metres) -> None:
    residual = noisy(GaussianNoise(), wall(metres)) - metres
    expected = 0.08 * metres**2 / (382.6 * 0.05)
    assert residual.std() == pytest.approx(expected, rel=0.02)
    assert abs(residual.mean()) < 0.01 * expected


def test_gaussian_noise_can_be_the_same_at_every_distance() -> None:
    model = GaussianNoise(subpixel_std=0, constant_std=0.1)
    assert (noisy(model, wall(3.0)) - 3).std() == pytest.approx(0.1, rel=0.02)


def test_gaussian_dropout_loses_that_share_of_pixels() -> None:
    assert (noisy(GaussianNoise(dropout=0.2), wall(1.0)) == 0).mean() == pytest.approx(0.2, abs=0.005)


def test_perlin_noise_has_the_stated_disparity_error_and_share_of_holes() -> None:
    result = noisy(PerlinNoise(), wall(1.0))
    valid = result > 0
    error = (depth_to_disparity(result, 382.6) - 382.6 * 0.05)[valid]
    assert 1 - valid.mean() == pytest.approx(0.035, abs=0.002)
    assert error.std() == pytest.approx(0.25, rel=0.15)


def test_perlin_noise_is_smooth() -> None:
    field = perlin_field((240, 320), 32, np.random.default_rng(0))
    assert np.abs(np.diff(field, axis=1)).max() < 0.3
    assert field.std() == pytest.approx(1, rel=0.15)


def test_octaves_roughen_a_fractal_field_and_keep_its_variance() -> None:
    smooth = fractal_field((240, 320), 32, 1, 0.5, np.random.default_rng(0))
    rough = fractal_field((240, 320), 32, 4, 0.5, np.random.default_rng(0))
    assert np.abs(np.diff(rough)).mean() > 1.4 * np.abs(np.diff(smooth)).mean()
    assert rough.std() == pytest.approx(1, rel=0.15)


def test_perlin_holes_can_be_turned_off() -> None:
    assert (noisy(PerlinNoise(hole_share=0), wall(1.0)) > 0).all()


def test_kinect_depth_takes_the_sensors_steps() -> None:
    result = noisy(KinectNoise(), wall(2.0))
    steps = 35130 / (result[result > 0] * 100)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)


def test_kinect_disparity_is_known_in_eighths_of_a_pixel() -> None:
    # 28.695 px at 1 m becomes 28.75 px, 0.9981 m; whole centimetres and steps of 3 mm follow.
    result = noisy(KinectNoise(shift_std=0), wall(1.0))
    assert np.median(result) == pytest.approx(0.998, abs=0.003)


def test_kinect_loses_the_edges_of_a_foreground() -> None:
    scene = wall(2.0)
    scene[200:300, 250:350] = 1.0
    holes = noisy(KinectNoise(), scene) == 0
    assert holes[250, 245:256].any() and not holes[20:180, 20:600].any()


def test_kinect_loses_a_surface_narrower_than_its_window() -> None:
    scene = np.zeros((480, 640), np.float32)
    scene[:, 300:302] = 1.0
    assert not noisy(KinectNoise(), scene).any()


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianNoise(dropout=1.5),
        lambda: GaussianNoise(subpixel_std=float("nan")),
        lambda: PerlinNoise(octaves=0),
        lambda: PerlinNoise(hole_share=-0.1),
        lambda: KinectNoise(window=8),
        lambda: KinectNoise(baseline=0),
    ],
)
def test_parameters_out_of_range_are_refused(make) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        make()
