"""What every noise model promises."""

import numpy as np
import pytest

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import D435_DEPTH
from reald2iff.sensors import NOISE_MODELS, NoiseModel

CAMERA = D435_DEPTH.cropped(200, 180, 240, 120)


@pytest.fixture(params=sorted(NOISE_MODELS))
def model(request) -> NoiseModel:
    return NOISE_MODELS[request.param]()


@pytest.fixture
def depth() -> np.ndarray:
    wall = np.full((120, 240), 1.8, np.float32)
    wall[40:80, 120:180] = 1.2
    wall[:, -10:] = 0
    return wall


def noisy(model, depth, seed=0) -> np.ndarray:
    return model.apply(depth, CAMERA, np.random.default_rng(seed))


def test_the_registry_names_each_model_by_its_own_name() -> None:
    assert set(NOISE_MODELS) == {
        "gaussian",
        "perlin",
        "kinect",
        "isaac",
        "active_randomisation",
        "d435_twin",
    }
    assert all(model.name == name for name, model in NOISE_MODELS.items())


def test_the_same_seed_gives_the_same_bytes(model, depth) -> None:
    assert noisy(model, depth).tobytes() == noisy(model, depth).tobytes()


def test_another_seed_gives_another_image(model, depth) -> None:
    assert not np.array_equal(noisy(model, depth, 0), noisy(model, depth, 1))


def test_the_image_keeps_its_shape_type_and_scale(model, depth) -> None:
    result = noisy(model, depth)
    valid = result > 0
    assert result.shape == depth.shape and result.dtype == np.float32
    assert np.isfinite(result).all() and (result >= 0).all()
    assert valid.mean() > 0.5
    assert np.median(np.abs(result - depth)[valid]) < 0.05


def test_invalid_pixels_stay_invalid(model, depth) -> None:
    assert not noisy(model, depth)[depth == 0].any()


def test_not_a_number_infinite_and_negative_count_as_invalid(model, depth) -> None:
    broken = depth.copy()
    broken[:, -10:-7] = np.nan
    broken[:, -7:-4] = np.inf
    broken[:, -4:] = -1
    assert noisy(model, broken).tobytes() == noisy(model, depth).tobytes()


def test_an_empty_scene_gives_an_empty_image(model) -> None:
    assert not noisy(model, np.zeros((120, 240), np.float32)).any()


def test_the_input_is_left_alone(model, depth) -> None:
    before = depth.copy()
    noisy(model, depth)
    assert np.array_equal(before, depth)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((120, 240), np.uint16),
        np.zeros((120, 240, 1), np.float32),
        np.zeros((0, 240), np.float32),
        np.zeros((60, 240), np.float32),
        "depth",
        None,
    ],
    ids=["millimetres", "channel", "empty", "other size", "text", "none"],
)
def test_bad_input_is_refused(model, bad) -> None:
    with pytest.raises(InvalidDepthError):
        noisy(model, bad)
