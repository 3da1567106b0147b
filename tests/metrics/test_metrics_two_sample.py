"""The two-sample test at chance where it must be, and away from it where it must be."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.patches import PairedPatches, split_scenes
from reald2iff.metrics.two_sample import PATCH_16, PATCH_64, two_sample_test

SMALL = replace(PATCH_16, steps=40, batch=24, width=8, test_patches=40)


def clean_disparity(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Slanted planes with a box, px."""
    rows, columns = np.mgrid[0:96, 0:128]
    images = []
    for _ in range(frames):
        image = 12 + rng.uniform(0, 8) + rows * rng.normal(0, 0.02) + columns * rng.normal(0, 0.02)
        top, left = rng.integers(0, 60, size=2)
        image[top : top + 30, left : left + 30] += rng.uniform(2, 8)
        images.append(image)
    return np.asarray(images, dtype=np.float32)


def sense(clean: np.ndarray, seed: int, sigma: float = 0.06) -> np.ndarray:
    """Smooth disparity noise, quantised, with holes."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 2, 2))
    hole = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 4, 4))
    sensed = np.rint((clean + noise / noise.std() * sigma) * 32) / 32
    return np.where(hole > 2 * hole.std(), 0, sensed).astype(np.float32)


@pytest.fixture(scope="module")
def views() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    clean = clean_disparity(32, np.random.default_rng(0))
    return clean, sense(clean, 1), np.arange(32) // 2


def test_two_draws_of_one_distribution_are_at_chance(views):
    clean, sensor, scene = views
    result = two_sample_test(clean, sensor, sense(clean, 2), scene, SMALL)
    assert abs(result.accuracy - 0.5) < 0.05
    assert abs(result.auc - 0.5) < 0.05
    assert result.ci95[0] <= result.accuracy <= result.ci95[1]
    assert result.test_scenes == 8


def test_clean_disparity_is_told_from_the_sensor(views):
    clean, sensor, scene = views
    result = two_sample_test(clean, sensor, clean, scene, SMALL)
    assert result.accuracy > 0.8
    assert result.auc > 0.99


def test_large_patches_tell_white_from_smooth_noise(views):
    clean, sensor, scene = views
    noisy = clean + np.random.default_rng(3).normal(0, 0.06, clean.shape).astype(np.float32)
    config = replace(PATCH_64, steps=30, batch=8, width=8)
    assert two_sample_test(clean, sensor, noisy, scene, config).auc > 0.97


def test_same_arrays_and_seed_give_the_same_figures(views):
    clean, sensor, scene = views
    config = replace(SMALL, steps=3)
    assert two_sample_test(clean, sensor, clean, scene, config) == two_sample_test(
        clean, sensor, clean, scene, config
    )


def test_it_leaves_the_callers_random_state_and_threads_alone(views):
    clean, sensor, scene = views
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    two_sample_test(clean, sensor, clean, scene, replace(SMALL, steps=1))
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_scenes_never_stand_on_both_sides():
    scene = np.array([3, 3, 5, 5, 7, 9, 9, 9])
    training, testing = split_scenes(scene, np.random.default_rng(0))
    assert not set(scene[training]) & set(scene[testing])
    assert sorted([*training, *testing]) == list(range(len(scene)))


def test_patches_without_clean_depth_or_with_nothing_on_either_side_are_left_out():
    clean = np.ones((1, 8, 32), dtype=np.float32)
    clean[0, :, 24:] = 0
    sensor, generated = clean.copy(), clean.copy()
    sensor[0, :, 8:16] = 0
    generated[0, :, :16] = 0
    sensor[0, :, :8] = 0
    patches = PairedPatches(clean, sensor, generated, 8)
    columns = np.array([0, 8, 16, 24])
    *_, usable = patches.at(np.zeros(4, int), np.zeros(4, int), columns)
    assert usable.tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scene": np.arange(3)}, "expected three arrays"),
        ({"scene": np.zeros(32, int)}, "at least 4 different"),
        ({"generated": np.zeros((32, 96, 127), np.float32)}, "expected three arrays"),
    ],
)
def test_unfit_arrays_are_refused(views, change, message):
    clean, sensor, scene = views
    arguments = {"clean": clean, "sensor": sensor, "generated": clean, "scene": scene} | change
    with pytest.raises(InvalidParameterError, match=message):
        two_sample_test(**arguments, config=SMALL)


def test_images_smaller_than_a_patch_are_refused():
    images = np.ones((8, 12, 40), dtype=np.float32)
    with pytest.raises(InvalidParameterError, match="40x12 px are smaller than a patch of 16"):
        two_sample_test(images, images, images, np.arange(8), SMALL)


@pytest.mark.parametrize("change", [{"steps": 0}, {"patch": 4}, {"learning_rate": -1.0}])
def test_configuration_out_of_range_is_refused(change):
    with pytest.raises(InvalidParameterError, match=next(iter(change))):
        replace(PATCH_16, **change)
