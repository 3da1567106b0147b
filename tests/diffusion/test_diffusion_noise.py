"""Noise that stays over the frames of a sequence."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.diffusion.noise import NoiseSource
from reald2iff.diffusion.realism import DepthRealism
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_a_static_seed_every_frame_stands_for_itself():
    noise = NoiseSource(_generator(3), None, 0.9).draw(0, (2, 5))
    assert torch.equal(noise, torch.randn((2, 5), generator=_generator(3)))


@given(st.floats(0, 1))
def test_frames_correlate_as_much_as_their_noise_persists_and_keep_unit_spread(persistence):
    one, other = (NoiseSource(_generator(s), 7, persistence).draw(0, (200, 200)) for s in (1, 2))
    assert abs((one * other).mean().item() - persistence) < 0.03
    assert abs(one.std().item() - 1) < 0.02


def test_what_stays_differs_from_place_to_place_and_from_seed_to_seed():
    places = [NoiseSource(_generator(1), 7, 1.0).draw(place, (40, 40)) for place in (0, 1)]
    seeds = [NoiseSource(_generator(1), seed, 1.0).draw(0, (40, 40)) for seed in (7, 8)]
    for one, other in (places, seeds):
        assert abs((one * other).mean().item()) < 0.1


def _frame(pipeline, sequence: int, seed: int) -> np.ndarray:
    intrinsics = PinholeIntrinsics(64, 48, 50.0, 50.0, 32.0, 24.0)
    depth = np.full((48, 64), 1.0, np.float32)
    return DepthRealism(pipeline).for_sequence(sequence).apply(depth, intrinsics, np.random.default_rng(seed))


def test_frames_of_a_sequence_are_alike_and_those_of_two_sequences_are_not(pipeline):
    pipeline.set_sampling(SamplingDefaults(2, 2, persistence=0.99, surface_persistence=0.99))
    first = _frame(pipeline, 1, 0)
    assert np.array_equal(first, _frame(pipeline, 1, 0))
    change, other = (np.abs(first - _frame(pipeline, *frame)).mean() for frame in ((1, 5), (2, 0)))
    assert 0 < change < 0.5 * other


def test_noise_on_surfaces_can_change_while_the_rest_stays(pipeline):
    changes = []
    for share in (0.99, 0.0):
        pipeline.set_sampling(SamplingDefaults(2, 2, persistence=0.99, surface_persistence=share))
        changes.append(np.abs(_frame(pipeline, 1, 0) - _frame(pipeline, 1, 5)).mean())
    assert changes[0] < 0.6 * changes[1]


def test_a_persistence_above_one_is_refused():
    with pytest.raises(InvalidParameterError, match=r"persistence = 1\.5: expected a share"):
        SamplingDefaults(persistence=1.5)
