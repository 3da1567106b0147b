"""Refinement: the spread that samples lack."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reald2iff.diffusion import RealD2iffPipeline
from reald2iff.diffusion.backbone import SpreadHead
from reald2iff.diffusion.condition import condition_features
from reald2iff.diffusion.representation import CHANNELS
from reald2iff.diffusion.texture import blurred
from reald2iff.diffusion.training.refine import RefineConfig, roughness_loss, train_refine
from reald2iff.errors import WeightsError
from reald2iff.pairs import PairArrays


@pytest.fixture
def flat_pairs(monkeypatch):
    """Training data without files: a plane, and the same with noise and holes."""
    rng = np.random.default_rng(0)
    clean = np.full((4, 64, 96), 10 * 512, np.uint16)
    # Waves of 8 px, much stronger than what an untrained network makes.
    waves = np.kron(rng.integers(-64, 65, (4, 8, 12)), np.ones((1, 8, 8), np.int64))
    sensor = (320 + waves).astype(np.uint16)
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
        "warmup": 1,
    }
    return RefineConfig(**(defaults | options))


def test_refinement_leaves_the_samples_of_the_networks_as_they_are(pipeline, tmp_path, flat_pairs):
    config = _config(pipeline, tmp_path)
    assert train_refine(config) == 0
    for stage in ("coarse", "fine"):
        before, after = (
            load_file(folder / stage / "diffusion_pytorch_model.safetensors")
            for folder in (config.weights, config.out / "pipeline")
        )
        for name, value in before.items():
            assert torch.equal(after[name][: len(value)], value), name


def test_refinement_learns_the_spread_of_a_plane(pipeline, tmp_path, flat_pairs):
    config = _config(pipeline, tmp_path, steps=20, learning_rate=0.01, window=48, ema_decay=0.5)
    train_refine(config)
    refined = RealD2iffPipeline.from_pretrained(config.out / "pipeline")
    plane = torch.full((1, 1, 64, 96), 10.0)
    others = torch.zeros(1, CHANNELS + 1, 64, 96)
    condition = torch.cat([condition_features(plane), others], dim=1)
    first = SpreadHead(condition.shape[1], refined.fine.config.factor)
    with torch.no_grad():
        learned, start = (head(condition).mean() for head in (refined.fine.spread, first))
    assert learned > 2 * start


def test_refined_weights_know_how_they_are_to_be_sampled(pipeline, tmp_path, flat_pairs):
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


def _two_fields() -> tuple[torch.Tensor, torch.Tensor]:
    """Independent noise of the same spread."""
    generator = torch.Generator().manual_seed(0)
    first, second = (blurred(torch.randn((16, 1, 96, 96), generator=generator), 4.0, 2.0) for _ in range(2))
    return 2 * first, 2 * second


def test_the_loss_is_least_at_the_sensors_roughness():
    target, sample = _two_fields()
    seen = torch.ones_like(target)
    losses = {factor: roughness_loss(target, factor * sample, seen) for factor in (0.3, 0.7, 1.0, 1.4, 3.0)}
    assert min(losses, key=losses.get) == 1.0


def test_edges_in_the_sensors_residual_hardly_ask_for_more_spread():
    target, sample = _two_fields()
    target[..., 40:42] = 5.0
    seen = torch.ones_like(target)
    losses = {factor: roughness_loss(target, factor * sample, seen) for factor in (1.0, 1.5, 2.0, 3.0)}
    assert min(losses, key=losses.get) <= 1.5


def test_blocks_without_measurements_do_not_count():
    unseen, noise = torch.zeros(1, 1, 96, 96), torch.randn(1, 1, 96, 96)
    assert roughness_loss(noise, 3 * noise, unseen) == 0


def test_missing_weights_are_named(pipeline, tmp_path):
    with pytest.raises(WeightsError, match="nowhere"):
        train_refine(_config(pipeline, tmp_path, weights=tmp_path / "nowhere"))
