"""What the classifier is shown of a patch where it may not see the clean disparity; folds of scenes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.patch_network import classifier, feature_count, features
from reald2iff.metrics.two_sample import PATCH_16, PATCH_64, two_sample_test

ALONE = replace(PATCH_16, steps=4, batch=8, width=4, test_patches=10, sees_clean=False)
OFF_PLANE, OFF_MEAN = 3, slice(4, 7)


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(0)
    clean = 12 + rng.normal(0, 0.02, (12, 1, 1)) * np.arange(64)[:, None] + np.zeros((12, 64, 64))
    sides = [clean + rng.normal(0, sigma, clean.shape) for sigma in (0.05, 0.08)]
    return [side.astype(np.float32) for side in (clean, *sides)], np.arange(12) // 2


def patch(rows: float, columns: float) -> torch.Tensor:
    y, x = np.mgrid[0:16, 0:16]
    return torch.from_numpy((15 + rows * y + columns * x).astype(np.float32))[None]


@pytest.mark.parametrize("config", [PATCH_16, PATCH_64, ALONE])
def test_the_network_takes_the_features_that_it_is_given(config):
    noisy = torch.full((3, config.patch, config.patch), 10.0)
    shown = features(noisy, noisy, config)
    assert shown.shape[1] == feature_count(config)
    assert classifier(config)(shown).shape == (3, 1)


def test_without_the_clean_side_nothing_depends_on_it(views):
    (clean, sensor, generated), scene = views
    first = two_sample_test(clean, sensor, generated, scene, ALONE)
    assert first == two_sample_test(clean * 2, sensor, generated, scene, ALONE)
    seeing = replace(ALONE, sees_clean=True)
    assert two_sample_test(clean, sensor, generated, scene, seeing) != two_sample_test(
        clean * 2, sensor, generated, scene, seeing
    )


def test_a_slanted_plane_leaves_nothing_even_with_holes_and_a_box_on_it():
    noisy = patch(0.3, -0.2)
    noisy[:, 3:6, 2:9] = 0
    noisy[:, 10:14, 10:14] += 6
    left = features(noisy, noisy, ALONE)[0, OFF_PLANE]
    plain = torch.ones(16, 16, dtype=torch.bool)
    plain[10:14, 10:14] = False
    assert left[plain].abs().max() < 0.3
    assert left[~plain].min() > 2


def test_local_differences_show_a_quantum_of_the_sensor_and_nothing_in_holes():
    flat = patch(0, 0)
    flat[:, 8, 8] += 1 / 32
    flat[:, 2:5, 2:5] = 0
    shown = features(flat, flat, ALONE)[0, OFF_MEAN]
    assert (shown[:, 8, 8] > 0.3).all()
    assert (shown[:, 2:5, 2:5] == 0).all()
    assert shown[:, 0, 0].abs().max() < 1e-3


def test_an_empty_patch_has_finite_features():
    nothing = torch.zeros(1, 16, 16)
    assert torch.isfinite(features(nothing, nothing, ALONE)).all()


def test_folds_are_trained_one_by_one_and_tested_together(views):
    (clean, sensor, generated), scene = views
    halves = np.flatnonzero(scene < 3), np.flatnonzero(scene >= 3)
    found = two_sample_test(clean, sensor, generated, scene, ALONE, [halves, halves[::-1]])
    assert found.test_scenes == 6
    assert found.test_patches == 12 * 10


def test_a_scene_on_both_sides_of_a_fold_is_refused(views):
    (clean, sensor, generated), scene = views
    with pytest.raises(InvalidParameterError, match=r"scenes \[2\] stand on both sides"):
        two_sample_test(clean, sensor, generated, scene, ALONE, [(np.arange(5), np.arange(5, 12))])
