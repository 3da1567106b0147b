"""Noise on planes made the sensor's."""

from types import SimpleNamespace

import numpy as np
import torch

from reald2iff.diffusion.match_texture import block_noise, matching_gains
from reald2iff.diffusion.pipeline import StageSamples
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.pairs import PairArrays


class _Waves:
    """A pipeline whose planes have noise of 0.02 px, and 0.04 px more at a gain of 1."""

    def __init__(self, learned: bool) -> None:
        self.fine = SimpleNamespace(predicts_spread=learned)
        self.sampling = SamplingDefaults()

    def set_sampling(self, sampling: SamplingDefaults) -> None:
        self.sampling = sampling

    def decode_fine(self, clean: torch.Tensor, sample: torch.Tensor, missing: torch.Tensor) -> torch.Tensor:
        return clean + sample + self.sampling.texture_gains[5] * missing


def _plane_pairs(rng: np.random.Generator, noise: float) -> PairArrays:
    clean = np.full((2, 240, 320), 20 * 512, np.uint16)
    sensor = np.rint(32 * (20 + noise * rng.standard_normal(clean.shape))).astype(np.uint16)
    ones = np.ones(2, np.float32)
    return PairArrays(clean, sensor, None, np.arange(2), ones, np.full(2, "room"), ones, 0 * ones)


def _with_samples(pairs: PairArrays) -> tuple[PairArrays, list[StageSamples]]:
    generator = torch.Generator().manual_seed(0)
    shape = (1, 1, *pairs.clean_disparity.shape[1:])
    blank = torch.zeros(shape)
    waves = [torch.randn(shape, generator=generator) for _ in pairs.clean_disparity]
    return pairs, [StageSamples(blank, 0.02 * wave, blank, 0.04 * wave) for wave in waves]


def test_gains_give_planes_the_sensors_noise() -> None:
    rng = np.random.default_rng(0)
    found = matching_gains(_Waves(True), [_with_samples(_plane_pairs(rng, 0.04))])
    # Planes at one disparity: what suits them is the best guess for the rest.
    np.testing.assert_allclose(found, 0.5, atol=0.06)


def test_with_two_sources_gains_lie_in_the_middle() -> None:
    rng = np.random.default_rng(0)
    sources = [_with_samples(_plane_pairs(rng, noise)) for noise in (0.04, 0.06)]
    found = matching_gains(_Waves(True), sources)
    np.testing.assert_allclose(found, 0.75, atol=0.06)


def test_weights_without_a_spread_head_need_no_gains() -> None:
    pairs = _plane_pairs(np.random.default_rng(0), 0.04)
    assert set(matching_gains(_Waves(False), [_with_samples(pairs)])) == {1.0}


def test_noise_is_what_a_plane_leaves() -> None:
    rng = np.random.default_rng(0)
    ramp = 20 + 0.05 * np.arange(240) + 0.02 * np.arange(240)[:, None]
    found = block_noise((ramp + 0.04 * rng.standard_normal((3, 240, 240))).astype(np.float32))
    assert found.shape == (3, 10, 10)
    np.testing.assert_allclose(found, 0.04, rtol=0.15)


def test_blocks_with_holes_have_no_noise() -> None:
    disparity = np.full((1, 48, 48), 20.0, np.float32)
    disparity[0, 30, 30] = 0
    assert np.isnan(block_noise(disparity)).tolist() == [[[False, False], [False, True]]]
