"""Small images noised as large as the sensor takes them."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import D435_BASELINE, D435_DEPTH, depth_to_disparity
from reald2iff.sensors import GaussianNoise, NoiseModel
from reald2iff.sensors.resolution import SensorResolution


@dataclass(frozen=True)
class Watching(NoiseModel):
    """Gives back what it is given, and keeps it."""

    name = "watching"
    seen: list = field(default_factory=list)

    def apply(self, depth, intrinsics, rng):
        self.seen.append((depth, intrinsics))
        return depth


def camera(factor):
    return D435_DEPTH.resized(D435_DEPTH.width // factor, D435_DEPTH.height // factor)


def slope(intrinsics):
    """A plane, which is linear in disparity, with a nearer card and a hole in it."""
    width, height = intrinsics.width, intrinsics.height
    disparity = np.tile(np.linspace(18, 20, width, dtype=np.float32), (height, 1))
    disparity[height // 4 : height // 2, width // 4 : width // 2] = 40
    depth = (D435_DEPTH.fx * D435_BASELINE / disparity).astype(np.float32)
    depth[-height // 8 :, -width // 8 :] = 0
    return depth


def noise_mm(model, factor):
    intrinsics = camera(factor)
    depth = np.full((intrinsics.height, intrinsics.width), 1.0, np.float32)
    noisy = model.apply(depth, intrinsics, np.random.default_rng(0))
    return 1e3 * np.std(noisy[noisy > 0])


def test_small_images_have_the_noise_of_large_ones_scaled_down():
    model = GaussianNoise(subpixel_std=0.1)
    whole = noise_mm(model, 1)
    assert noise_mm(SensorResolution(model), 4) == pytest.approx(whole, rel=0.1)
    assert noise_mm(model, 4) > 3 * whole


def test_the_model_sees_an_image_of_the_sensors_focal_length():
    model = Watching()
    intrinsics = camera(4)
    SensorResolution(model).apply(slope(intrinsics), intrinsics, np.random.default_rng(0))
    depth, seen = model.seen[0]
    assert depth.shape == (480, 640)
    assert (seen.width, seen.height, seen.fx, seen.cx) == pytest.approx(
        (640, 480, D435_DEPTH.fx, D435_DEPTH.cx)
    )


def test_enlarged_surfaces_are_smooth_and_edges_sharp():
    model = Watching()
    intrinsics = camera(4)
    SensorResolution(model).apply(slope(intrinsics), intrinsics, np.random.default_rng(0))
    disparity = depth_to_disparity(model.seen[0][0], D435_DEPTH.fx, D435_BASELINE)
    below = disparity[300:400, 8:-100]
    assert np.abs(np.diff(below, axis=1)).max() < 1.5 * np.diff(below, axis=1).mean()
    assert set(np.unique(disparity[130:230, 170:310]).round()) == {40}
    assert not ((disparity > 21) & (disparity < 39)).any()


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_without_noise_the_depth_comes_back(factor):
    intrinsics = D435_DEPTH.resized(640 // factor, 480 // factor)
    depth = slope(intrinsics)
    back = SensorResolution(Watching()).apply(depth, intrinsics, np.random.default_rng(0))
    assert back.shape == depth.shape
    np.testing.assert_array_equal(back > 0, depth > 0)
    np.testing.assert_allclose(back, depth, rtol=0.003)


def test_images_of_the_sensors_size_go_through_as_they_are():
    depth = slope(D435_DEPTH)
    model = GaussianNoise(subpixel_std=0.1, dropout=0.1)
    alone, through = (
        m.apply(depth, D435_DEPTH, np.random.default_rng(1)) for m in (model, SensorResolution(model))
    )
    np.testing.assert_array_equal(alone, through)


def test_the_record_names_the_model_and_the_focal_length():
    record = SensorResolution(GaussianNoise()).for_sequence(3).describe()
    assert record["name"] == "gaussian"
    assert record["sensor_focal"] == D435_DEPTH.fx


def test_bad_input_is_refused():
    with pytest.raises(InvalidParameterError, match="focal = 0"):
        SensorResolution(GaussianNoise(), 0)
    with pytest.raises(InvalidDepthError):
        SensorResolution(GaussianNoise()).apply(
            np.ones((3, 4), np.float32), camera(4), np.random.default_rng(0)
        )
