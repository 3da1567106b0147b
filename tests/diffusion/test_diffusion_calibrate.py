"""Validity thresholds chosen on validation views."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reald2iff.diffusion import calibrate as calibration
from reald2iff.diffusion.calibrate import block_noise, calibrate, matching_gains, sample_views, threshold_for
from reald2iff.diffusion.pipeline import RealD2iffPipeline, SamplingDefaults, StageSamples
from reald2iff.pairs import PairArrays


def test_the_threshold_cuts_off_the_wanted_share() -> None:
    validity = np.random.default_rng(0).normal(size=10_000)
    assert (validity < threshold_for(validity, 0.13)).mean() == pytest.approx(0.13, abs=1e-3)


def test_calibrated_weights_make_as_many_holes_as_the_sensor(pipeline, box_disparity, tmp_path) -> None:
    clean = np.rint(box_disparity[0].numpy() * 512).astype(np.uint16).repeat(2, axis=0)
    sensor = np.rint(box_disparity[0].numpy() * 32).astype(np.uint16).repeat(2, axis=0)
    sensor[:, :, :14] = 0  # a quarter of the columns
    pairs = PairArrays(
        clean,
        sensor,
        None,
        np.arange(2),
        np.ones(2, np.float32),
        np.full(2, "room"),
        np.ones(2, np.float32),
        np.zeros(2, np.float32),
    )
    pipeline.set_sampling(calibrate(pipeline, pairs, sample_views(pipeline, pairs, 0)), shift=4.0)
    generator = torch.Generator().manual_seed(0)
    output = pipeline(box_disparity, generator=generator)
    assert float((output.disparity == 0).float().mean()) == pytest.approx(0.25, abs=0.1)
    pipeline.save_pretrained(tmp_path)
    loaded = RealD2iffPipeline.from_pretrained(tmp_path)
    assert loaded.sampling == pipeline.sampling
    assert loaded.scheduler.config.shift == 4.0


class _Waves:
    """A pipeline whose planes have noise of 0.02 px, and 0.04 px more at a gain of 1."""

    def __init__(self, learned: bool) -> None:
        self.fine = SimpleNamespace(predicts_spread=learned)
        self.sampling = SamplingDefaults()

    def set_sampling(self, sampling: SamplingDefaults) -> None:
        self.sampling = sampling

    def decode_fine(self, clean: torch.Tensor, sample: torch.Tensor) -> torch.Tensor:
        return clean + (0.02 + 0.04 * self.sampling.texture_gains[5]) * sample


def _plane_pairs(rng: np.random.Generator, noise: float) -> PairArrays:
    clean = np.full((2, 240, 320), 20 * 512, np.uint16)
    sensor = np.rint(32 * (20 + noise * rng.standard_normal(clean.shape))).astype(np.uint16)
    ones = np.ones(2, np.float32)
    return PairArrays(clean, sensor, None, np.arange(2), ones, np.full(2, "room"), ones, 0 * ones)


@pytest.fixture
def sampled_waves(monkeypatch):
    def samples(pipeline, pairs, seed):
        generator = torch.Generator().manual_seed(seed)
        shape = (1, 1, *pairs.clean_disparity.shape[1:])
        blank = torch.zeros(shape)
        return [
            StageSamples(blank, torch.randn(shape, generator=generator), blank) for _ in pairs.clean_disparity
        ]

    monkeypatch.setattr(calibration, "sample_views", samples)


def test_gains_give_planes_the_sensors_noise(sampled_waves) -> None:
    rng = np.random.default_rng(0)
    found = matching_gains(_Waves(True), [_plane_pairs(rng, 0.04)], 0)
    # Planes at one disparity: what suits them is the best guess for the rest.
    np.testing.assert_allclose(found, 0.5, atol=0.06)


def test_with_two_sources_gains_lie_in_the_middle(sampled_waves) -> None:
    rng = np.random.default_rng(0)
    found = matching_gains(_Waves(True), [_plane_pairs(rng, 0.04), _plane_pairs(rng, 0.06)], 0)
    np.testing.assert_allclose(found, 0.75, atol=0.06)


def test_weights_without_a_spread_head_need_no_gains(sampled_waves) -> None:
    pairs = _plane_pairs(np.random.default_rng(0), 0.04)
    assert set(matching_gains(_Waves(False), [pairs], 0)) == {1.0}


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
