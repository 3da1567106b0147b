"""Refinement against a discriminator."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reald2iff.diffusion import RealD2iffPipeline
from reald2iff.diffusion.representation import Representation
from reald2iff.diffusion.training.refine import RefineConfig, measured, sensed, train_refine
from reald2iff.errors import InvalidParameterError, WeightsError
from reald2iff.pairs import PairArrays


@pytest.fixture
def flat_pairs(monkeypatch):
    """Training data without files: a plane, and the same with noise and holes."""
    rng = np.random.default_rng(0)
    clean = np.full((4, 64, 96), 10 * 512, np.uint16)
    sensor = (320 + rng.integers(-4, 5, clean.shape)).astype(np.uint16)
    sensor[rng.random(clean.shape) < 0.1] = 0
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    pairs = PairArrays(clean, sensor, None, np.arange(4), 19.13 * ones, np.full(4, "room"), ones, zeros)
    monkeypatch.setattr("reald2iff.diffusion.training.loop.load_pairs", lambda folder, split: pairs)


def _config(pipeline, tmp_path, **options) -> RefineConfig:
    weights = tmp_path / "weights"
    if not weights.exists():
        pipeline.save_pretrained(weights)
    defaults = {
        "pairs": tmp_path,
        "out": tmp_path / "run",
        "weights": weights,
        "steps": 3,
        "window": 32,
        "batch_size": 2,
        "picture_every": 0,
        "device": "cpu",
        "precision": "fp32",
        "discriminator_width": 4,
        "warmup": 1,
    }
    return RefineConfig(**(defaults | options))


def test_refinement_changes_the_fine_stage_only(pipeline, tmp_path, flat_pairs):
    config = _config(pipeline, tmp_path)
    assert train_refine(config) == 0
    for stage, changed in (("coarse", False), ("fine", True)):
        before, after = (
            load_file(folder / stage / "diffusion_pytorch_model.safetensors")
            for folder in (config.weights, config.out / "pipeline")
        )
        assert any(not torch.equal(before[name], after[name]) for name in before) is changed


def test_refined_weights_know_the_steps_they_were_made_for(pipeline, tmp_path, flat_pairs):
    config = _config(pipeline, tmp_path, fine_steps=3, coarse_steps=2)
    train_refine(config)
    sampling = RealD2iffPipeline.from_pretrained(config.out / "pipeline").sampling
    assert (sampling.coarse_steps, sampling.fine_steps, sampling.fine_temperature) == (2, 3, 1.0)


def test_an_interrupted_refinement_ends_where_an_undisturbed_one_does(
    pipeline, tmp_path, flat_pairs, monkeypatch
):
    whole = _config(pipeline, tmp_path, out=tmp_path / "whole", checkpoint_every=2)
    train_refine(whole)
    broken = _config(pipeline, tmp_path, out=tmp_path / "broken", checkpoint_every=2)
    from reald2iff.diffusion.training import loop

    step = loop.Trainer._step

    def interrupted(self, batch, number):
        if number == 2:
            raise KeyboardInterrupt
        return step(self, batch, number)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Trainer, "_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_refine(broken)
    train_refine(broken)
    for name, value in load_file(whole.out / "pipeline/fine/diffusion_pytorch_model.safetensors").items():
        torch.testing.assert_close(
            load_file(broken.out / "pipeline/fine/diffusion_pytorch_model.safetensors")[name], value
        )


def test_what_the_discriminator_sees_of_a_sample_is_what_decoding_gives():
    representation = Representation()
    generator = torch.Generator().manual_seed(0)
    clean = 5 + 10 * torch.rand(1, 1, 16, 16, generator=generator)
    sample = torch.randn(1, 2, 16, 16, generator=generator)
    residual, validity = measured(representation, clean, sample)
    decoded = representation.decode(clean, sample)
    torch.testing.assert_close(torch.where(validity > 0, clean + residual, torch.zeros(())), decoded)
    again, holes = sensed(representation, clean, decoded)
    torch.testing.assert_close(again, residual, atol=1e-5, rtol=0)
    assert torch.equal(holes > 0, validity > 0)


def test_gradients_pass_rounding_and_thresholds():
    sample = torch.full((1, 2, 4, 4), 0.3, requires_grad=True)
    residual, validity = measured(Representation(), torch.full((1, 1, 4, 4), 8.0), sample)
    (residual.sum() + validity.sum()).backward()
    assert (sample.grad != 0).all()


def test_a_window_that_does_not_fit_the_network_is_refused(pipeline, tmp_path, flat_pairs):
    with pytest.raises(InvalidParameterError, match="window = 36: expected a multiple of 8 px"):
        train_refine(_config(pipeline, tmp_path, window=36))


def test_missing_weights_are_named(pipeline, tmp_path):
    with pytest.raises(WeightsError, match="nowhere"):
        train_refine(_config(pipeline, tmp_path, weights=tmp_path / "nowhere"))
