"""Small holes punched into samples."""

import numpy as np
import torch

from reald2iff.diffusion.calibrate import missing_speckle
from reald2iff.diffusion.pipeline import SamplingDefaults
from reald2iff.diffusion.speckle import punch_small_holes, small_holes
from reald2iff.pairs import PairArrays


def _plane(batch: int = 1) -> torch.Tensor:
    return torch.full((batch, 1, 400, 500), 12.0)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _punched(seed: int, static_seed: int | None) -> np.ndarray:
    plane = _plane()
    punch_small_holes(plane, np.array([2000.0]), _generator(seed), static_seed)
    return plane[0, 0].numpy() == 0


def test_as_many_holes_are_punched_as_asked_for():
    planes = _plane(2)
    punch_small_holes(planes, np.array([500.0, 2000.0]), _generator())
    few, many = (small_holes(image.numpy(), _plane()[0, 0].numpy()) for image in planes[:, 0])
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


def test_the_rate_is_what_the_samples_lack(pipeline):
    pipeline.set_sampling(SamplingDefaults(1, 1, fine_validity_threshold=-100.0))  # a model without holes
    clean = np.full((2, 64, 96), 10 * 512, np.uint16)
    sensor = np.full((2, 64, 96), 10 * 32, np.uint16)
    sensor[:, 4:60:8, 4:90:8] = 0  # 7 x 11 single pixels
    strength, zeros = np.array([1.0, 2.0], np.float32), np.zeros(2, np.float32)
    pairs = PairArrays(clean, sensor, None, np.arange(2), strength, np.full(2, "room"), strength, zeros)
    # Twice as many are expected of the second view as of the first.
    assert missing_speckle(pipeline, pairs, 0) == 154 / (3 * 64 * 96e-6)


def test_a_stronger_unit_has_more_small_holes(pipeline):
    pipeline.set_sampling(SamplingDefaults(1, 1, fine_validity_threshold=-100.0, speckle_rate=3000.0))
    clean = torch.full((1, 1, 200, 200), 10.0)

    def count(strength: float) -> int:
        setting = torch.tensor([[np.log2(strength), 0.0]], dtype=torch.float32)
        output = pipeline(clean, generator=_generator(), setting=setting)
        return small_holes(output.disparity[0, 0].numpy(), clean[0, 0].numpy())

    assert count(0.5) < 0.7 * count(1.0) < 0.5 * count(2.0)
