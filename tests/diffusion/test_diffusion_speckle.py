"""Small holes punched into samples."""

import numpy as np
import pytest
import torch

from reald2iff.diffusion.calibrate import missing_speckle
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.diffusion.speckle import punch_small_holes, small_holes
from reald2iff.diffusion.view_samples import sample_views
from reald2iff.pairs import PairArrays


def _steps(batch: int = 1) -> torch.Tensor:
    """Small holes are equally likely everywhere: no pixel is farther than 3 px from a jump."""
    steps = torch.where(torch.arange(500) // 4 % 2 == 0, 12.0, 16.0)
    return steps.expand(batch, 1, 400, 500).clone()


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _punched(seed: int, static_seed: int | None) -> np.ndarray:
    steps = _steps()
    punch_small_holes(steps, np.array([2000.0]), _generator(seed), static_seed)
    return steps[0, 0].numpy() == 0


def test_as_many_holes_are_punched_as_asked_for():
    images = _steps(2)
    punch_small_holes(images, np.array([500.0, 2000.0]), _generator())
    few, many = (small_holes(image.numpy(), _steps()[0, 0].numpy()) for image in images[:, 0])
    assert abs(few - 100) < 35 and abs(many - 400) < 70


def test_large_holes_and_places_without_clean_disparity_do_not_count():
    clean, sensor = np.full((40, 40), 10.0), np.full((40, 40), 10.0)
    sensor[2:6, 2:6] = 0
    sensor[20, 20] = sensor[30, 30:33] = 0
    clean[30, 30:33] = 0
    assert small_holes(sensor, clean) == 1


def test_some_holes_stay_over_a_sequence_and_others_do_not():
    one, other = (_punched(seed, 7) for seed in (1, 2))
    assert 0.6 < (one & other).sum() / one.sum() < 0.95
    alone, again = (_punched(seed, None) for seed in (1, 2))
    assert (alone & again).sum() / alone.sum() < 0.1


def _pairs(clean: np.ndarray, sensor: np.ndarray, strength: list[float]) -> PairArrays:
    values, zeros = np.array(strength, np.float32), np.zeros(len(clean), np.float32)
    places = np.arange(len(clean))
    return PairArrays(clean, sensor, None, places, values, np.full(len(clean), "room"), values, zeros)


def test_the_rate_is_what_the_samples_lack(pipeline):
    pipeline.set_sampling(SamplingDefaults(1, 1, fine_validity_threshold=-100.0))  # a model without holes
    jumps = np.where(np.arange(96) // 4 % 2 == 0, 10 * 512, 14 * 512).astype(np.uint16)
    clean = np.tile(jumps, (2, 64, 1))
    sensor = (clean // 16).astype(np.uint16)
    sensor[:, 4:60:8, 4:90:8] = 0  # 7 x 11 single pixels
    pairs = _pairs(clean, sensor, [1.0, 2.0])
    rate = missing_speckle(pipeline, pairs, sample_views(pipeline, pairs, 0))
    # Twice as many are expected of the second view as of the first.
    assert rate == pytest.approx(154 / (3 * 64 * 96e-6), rel=0.1)


def test_samples_in_which_nothing_breaks_off_get_no_holes(pipeline):
    pipeline.set_sampling(SamplingDefaults(1, 1, fine_validity_threshold=-100.0))
    clean = np.full((1, 64, 96), 10 * 512, np.uint16)
    sensor = np.full((1, 64, 96), 10 * 32, np.uint16)
    sensor[:, ::8, ::8] = 0
    pairs = _pairs(clean, sensor, [1.0])
    assert missing_speckle(pipeline, pairs, sample_views(pipeline, pairs, 0)) == 0


def test_a_stronger_unit_has_more_small_holes(pipeline):
    pipeline.set_sampling(SamplingDefaults(1, 1, fine_validity_threshold=-100.0, speckle_rate=3000.0))
    clean = _steps()[..., :200, :200]

    def count(strength: float) -> int:
        setting = torch.tensor([[np.log2(strength), 0.0]], dtype=torch.float32)
        output = pipeline(clean, generator=_generator(), setting=setting)
        return small_holes(output.disparity[0, 0].numpy(), clean[0, 0].numpy())

    assert count(0.5) < 0.7 * count(1.0) < 0.5 * count(2.0)
