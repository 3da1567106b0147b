"""Loading a data set, also while it grows."""

import shutil

import numpy as np
import pytest

from reald2iff.errors import DatasetError
from reald2iff.pairs import load_pairs


def test_training_views_come_with_what_the_trainer_needs(card_pairs):
    pairs = load_pairs(card_pairs, "train")
    assert pairs.clean_disparity.shape == pairs.sensor_disparity.shape == (len(pairs.scene), 120, 160)
    assert pairs.clean_disparity.dtype == pairs.sensor_disparity.dtype == np.uint16
    assert pairs.redrawn is None
    assert pairs.focal_baseline[0] == pytest.approx(382.6 / 4 * 0.05)
    assert set(pairs.kind) == {"card"}


def test_sensor_disparity_is_that_of_the_clean_view(card_pairs):
    pairs = load_pairs(card_pairs, "train", limit=8)
    both = (pairs.sensor_disparity > 0) & (pairs.clean_disparity > 0)
    residual = pairs.sensor_disparity[both] / 32.0 - pairs.clean_disparity[both] / 512.0
    assert both.mean() > 0.3
    assert abs(np.median(residual)) < 0.1


def test_held_out_views_are_sensed_twice(card_pairs):
    pairs = load_pairs(card_pairs, "test")
    assert pairs.redrawn is not None and pairs.redrawn.shape == pairs.sensor_disparity.shape
    assert np.mean(pairs.redrawn != pairs.sensor_disparity) > 0.2


def test_limit_takes_the_first_views(card_pairs):
    every, some = load_pairs(card_pairs, "train"), load_pairs(card_pairs, "train", limit=19)
    np.testing.assert_array_equal(some.sensor_disparity, every.sensor_disparity[:19])
    assert len(some.kind) == 19


def test_shards_that_are_not_there_yet_are_left_out(card_pairs, tmp_path):
    folder = tmp_path / "growing"
    shutil.copytree(card_pairs, folder)
    (folder / "shard_00000.npz").unlink()
    assert len(load_pairs(folder, "train").scene) == len(load_pairs(card_pairs, "train").scene) - 16


def test_nothing_to_load_is_an_error_that_says_what_to_do(card_pairs, tmp_path):
    with pytest.raises(DatasetError, match="pairs generate"):
        load_pairs(tmp_path, "train")
    with pytest.raises(DatasetError, match="expected one of train, val, test"):
        load_pairs(card_pairs, "all")
    shutil.copy(card_pairs / "index.json", tmp_path)
    with pytest.raises(DatasetError, match="no val shard yet"):
        load_pairs(tmp_path, "val")
