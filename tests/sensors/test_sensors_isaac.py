"""Isaac Sim's disparity noise, and the analytic models drawn anew for every frame."""

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH, depth_to_disparity
from reald2iff.sensors import ActiveRandomisation, GaussianNoise, IsaacNoise

FX, BASELINE = D435_DEPTH.fx, 0.05
QUIET = {"noise_step": 0.0, "outlier_range": 0.0}


def wall(metres: float) -> np.ndarray:
    return np.full((480, 640), metres, np.float32)


def sensed(model, depth, seed=0) -> np.ndarray:
    """Disparity, px."""
    return depth_to_disparity(model.apply(depth, D435_DEPTH, np.random.default_rng(seed)), FX, BASELINE)


def test_without_a_gaussian_disparity_takes_the_steps_of_the_quantisation() -> None:
    disparity = sensed(IsaacNoise(noise_sigma=0), wall(1.0))
    valid = disparity > 0
    assert valid.mean() > 0.9
    np.testing.assert_allclose(disparity[valid], 19.25, atol=1e-3)


def test_the_gaussian_has_its_stated_spread_in_disparity() -> None:
    disparity = sensed(IsaacNoise(), wall(1.0))
    assert (disparity[disparity > 0] - 19.25).std() == pytest.approx(0.25, rel=0.02)


def test_no_step_means_no_noise() -> None:
    disparity = sensed(IsaacNoise(noise_step=0, noise_sigma=5), wall(1.0))
    np.testing.assert_allclose(disparity[disparity > 0], FX * BASELINE, rtol=1e-5)


def test_coarse_noise_is_the_same_over_its_squares() -> None:
    disparity = sensed(IsaacNoise(noise_downscale=4), wall(1.0))[:, 100:]
    tiles = disparity.reshape(120, 4, 135, 4)
    np.testing.assert_array_equal(tiles.max(axis=(1, 3)), tiles.min(axis=(1, 3)))
    assert disparity.std() > 0.2


def test_what_the_second_imager_cannot_see_left_of_a_foreground_is_lost() -> None:
    scene = wall(2.0)
    scene[200:300, 300:400] = 1.0
    disparity = sensed(IsaacNoise(**QUIET), scene)[250]
    band = round(FX * BASELINE * (1 / 1.0 - 1 / 2.0))
    lost = np.flatnonzero(disparity[100:] == 0) + 100
    assert lost.max() == 299
    assert len(lost) == pytest.approx(band, abs=1)


def test_the_left_border_is_lost_as_far_as_the_disparity_reaches() -> None:
    disparity = sensed(IsaacNoise(**QUIET), wall(1.0))
    assert np.flatnonzero(disparity[240])[0] == pytest.approx(FX * BASELINE, abs=1)


@pytest.mark.parametrize("metres", [0.15, 12.0])
def test_ranges_cut_off_what_is_too_near_or_too_far(metres) -> None:
    model = IsaacNoise(max_distance=11.0, projector_distance=20.0)
    assert not sensed(model, wall(metres)).any()


def test_disparity_beyond_the_largest_is_lost() -> None:
    assert not sensed(IsaacNoise(max_disparity=19), wall(1.0)).any()
    assert sensed(IsaacNoise(max_disparity=20), wall(1.0)).any()


def test_a_smooth_surface_beyond_the_projector_is_lost_and_an_edge_is_kept() -> None:
    scene = wall(12.0)
    scene[:, 320:] = 14.0
    disparity = sensed(IsaacNoise(**QUIET), scene)
    assert not disparity[:, 400:].any()
    assert disparity[:, 318:322].any()
    assert (sensed(IsaacNoise(confidence=1.0, **QUIET), scene)[:, 400:] > 0).all()


def test_single_samples_are_removed() -> None:
    scene = np.zeros((480, 640), np.float32)
    scene[100:200, 100:200] = 2.0
    scene[300, 300] = 1.0
    assert sensed(IsaacNoise(noise_sigma=0), scene)[300, 300] == 0
    assert sensed(IsaacNoise(noise_sigma=0, outlier_range=0), scene)[300, 300] > 0


@pytest.mark.parametrize("change", [{"confidence": 1.5}, {"noise_downscale": 0.5}, {"noise_sigma": -1}])
def test_parameters_outside_their_range_are_refused(change) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        IsaacNoise(**change)


def test_frames_are_drawn_from_every_model_with_other_parameters_each() -> None:
    rng = np.random.default_rng(0)
    drawn = [ActiveRandomisation(gaussian=GaussianNoise(dropout=0.01)).draw(rng) for _ in range(60)]
    assert {model.name for model in drawn} == {"gaussian", "perlin", "kinect", "isaac"}
    spreads = [model.subpixel_std for model in drawn if model.name == "gaussian"]
    assert len(set(spreads)) == len(spreads)
    assert min(spreads) < GaussianNoise().subpixel_std < max(spreads)
    assert all(0 < model.dropout < 0.5 for model in drawn if model.name == "gaussian")


def test_no_spread_leaves_the_models_as_they_are() -> None:
    model = ActiveRandomisation(spread=0)
    rng = np.random.default_rng(1)
    assert all(drawn == getattr(model, drawn.name) for drawn in (model.draw(rng) for _ in range(10)))
