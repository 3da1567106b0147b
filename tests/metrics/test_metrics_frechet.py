"""The Frechet distance on scattering features ranks noise by how like the sensor's it is."""

import numpy as np
import pytest
from scipy import ndimage

from reald2iff.errors import InvalidDepthError
from reald2iff.metrics.frechet import frechet_distance, tile_features

SHAPE = (6, 192, 256)


def clean() -> np.ndarray:
    ramp = np.mgrid[: SHAPE[1], : SHAPE[2]][1] * 0.02 + np.linspace(8, 16, SHAPE[0])[:, None, None]
    ramp[:, 60:140, 90:160] += 6
    return ramp


def smooth(rng, sigma) -> np.ndarray:
    field = ndimage.gaussian_filter(rng.standard_normal(SHAPE), (0, sigma, sigma))
    return field / field.std()


def sensor(seed) -> np.ndarray:
    """Smooth noise, blobs of holes, more of both near the step."""
    rng = np.random.default_rng(seed)
    image = clean() + 0.06 * smooth(rng, 3)
    image[smooth(rng, 4) > 2] = 0
    image[:, 60:140, 84:92] = 0
    return image


def analytic(seed) -> np.ndarray:
    """Spread and share of holes are the sensor's, their structure is not."""
    rng = np.random.default_rng(seed)
    lost = rng.random(SHAPE) < (sensor(seed) == 0).mean()
    return np.where(lost, 0, clean() + 0.06 * rng.standard_normal(SHAPE))


def learned(seed) -> np.ndarray:
    """The sensor's structure with somewhat too fine noise and too round holes."""
    rng = np.random.default_rng(seed)
    image = clean() + 0.06 * smooth(rng, 2.4)
    image[smooth(rng, 5) > 2] = 0
    image[:, 60:140, 85:92] = 0
    return image


def distance(images) -> float:
    return frechet_distance(tile_features(images), tile_features(sensor(0)))


def test_analytic_noise_is_farther_than_learned_noise_and_a_second_draw_is_nearest():
    redrawn, model, gaussian, nothing = map(distance, (sensor(1), learned(1), analytic(1), clean()))
    assert redrawn < 0.3 * model
    assert model < 0.3 * gaussian
    assert model < 0.3 * nothing


def test_equal_images_have_no_distance_whatever_their_order():
    features = tile_features(sensor(0))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-6)


def test_the_distance_is_the_same_both_ways():
    ours, theirs = tile_features(sensor(0)), tile_features(analytic(1))
    assert frechet_distance(ours, theirs) == pytest.approx(frechet_distance(theirs, ours), rel=1e-6)


def test_gaussians_have_the_distance_of_the_formula():
    rng = np.random.default_rng(0)
    a = rng.normal([0, 0], [1, 2], (200_000, 2))
    b = rng.normal([3, 0], [2, 2], (200_000, 2))
    assert frechet_distance(a, b) == pytest.approx(3**2 + (2 - 1) ** 2, rel=0.02)


def test_features_never_change_under_their_name():
    ramp = (8 + np.mgrid[:64, :64][1] * 0.05).astype(np.float32)
    ramp[20:30, 20:30] = 0
    features = tile_features(ramp[None])
    assert features.shape == (1, 73)
    assert features[0, 0] == pytest.approx(1 - 100 / 4096)
    pinned = [-3.96607, 0.78531, -4.02323]
    np.testing.assert_allclose([features.mean(), features.std(), features[0, 40]], pinned, rtol=1e-3)


def test_images_smaller_than_a_tile_are_refused():
    with pytest.raises(InvalidDepthError, match="at least 64"):
        tile_features(np.zeros((1, 63, 100), np.float32))
