"""Training of the denoiser on a tiny data set."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from reald2iff.denoising.network import DenoisingNetwork, load_network
from reald2iff.denoising.training import DenoiserConfig, denoising_losses, train_denoiser
from reald2iff.diffusion.training.config import NetworkConfig
from reald2iff.errors import InvalidParameterError, WeightsError
from reald2iff.pairs.format import FORMAT_VERSION, Shard, write_index, write_shard

NETWORK = NetworkConfig(factor=4, widths=(8, 16), layers=1)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    shards = []
    for index, (split, views) in enumerate([("train", 4), ("val", 2)]):
        clean = rng.uniform(8, 20, (views, 1, 1)) + np.zeros((views, 48, 64))
        sensor = clean + rng.normal(0, 0.06, clean.shape)
        sensor[:, 10:20, 10:20] = 0
        values = {
            "clean_disparity": np.rint(clean * 512).astype(np.uint16),
            "sensor_disparity": np.rint(sensor * 32).astype(np.uint16),
            "sensor_disparity_redrawn": None,
            "scene": np.arange(views, dtype=np.int64),
            "kind": np.full(views, "tabletop", "<U16"),
        }
        others = {f.name for f in dataclasses.fields(Shard)} - values.keys()
        name = f"shard_{index:05d}.npz"
        write_shard(folder / name, Shard(**values, **{n: np.ones(views, np.float32) for n in others}))
        shards.append({"name": name, "split": split, "views": views, "scenes": list(range(views))})
    write_index(folder, {"format_version": FORMAT_VERSION, "shards": shards})
    return folder


def config(pairs, out, **options) -> DenoiserConfig:
    fields = {
        "steps": 4,
        "batch_size": 2,
        "window": 32,
        "device": "cpu",
        "precision": "fp32",
        "checkpoint_every": 2,
        "log_every": 2,
        "picture_every": 4,
        "network": NETWORK,
    }
    return DenoiserConfig(pairs, out, **{**fields, **options})


@pytest.fixture(scope="module")
def trained(pairs, tmp_path_factory):
    out = tmp_path_factory.mktemp("denoiser")
    train_denoiser(config(pairs, out))
    return out


def test_a_run_leaves_weights_a_log_and_pictures(trained) -> None:
    assert load_network(trained / "denoiser").config.factor == 4
    assert list((trained / "tensorboard").iterdir())
    assert (trained / "samples" / "000004.png").stat().st_size > 0


def test_a_resumed_run_gives_the_weights_of_an_undisturbed_one(pairs, trained, tmp_path, monkeypatch) -> None:
    from reald2iff.diffusion.training.loop import Trainer

    real_step = Trainer._step

    def interrupted(self, batch, step):
        if step == 3:
            raise KeyboardInterrupt
        return real_step(self, batch, step)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_denoiser(config(pairs, tmp_path))
    monkeypatch.setattr(Trainer, "_step", real_step)
    train_denoiser(config(pairs, tmp_path))
    name = "denoiser/diffusion_pytorch_model.safetensors"
    assert (tmp_path / name).read_bytes() == (trained / name).read_bytes()


def test_a_perfect_prediction_costs_less_than_a_shifted_one(pairs, tmp_path) -> None:
    torch.manual_seed(0)
    network = DenoisingNetwork(4, (8, 16), 1)
    sensor = torch.full((1, 1, 32, 32), 15.0)
    prediction = network(sensor)
    losses = [
        sum(float(v.detach()) for v in denoising_losses(prediction, clean, config(pairs, tmp_path)).values())
        for clean in (prediction.disparity.detach(), sensor + 1.0)
    ]
    assert losses[0] < losses[1]


def test_unknown_clean_pixels_do_not_count(pairs, tmp_path) -> None:
    network = DenoisingNetwork(4, (8, 16), 1)
    sensor, clean = torch.full((1, 1, 32, 32), 15.0), torch.full((1, 1, 32, 32), 15.0)
    clean[..., :16] = 0
    losses = denoising_losses(network(sensor), clean, config(pairs, tmp_path))
    known = denoising_losses(network(sensor), torch.full_like(clean, 15.0), config(pairs, tmp_path))
    torch.testing.assert_close(losses["likelihood"], known["likelihood"])


def test_training_goes_on_from_given_weights(pairs, trained, tmp_path) -> None:
    options = {"steps": 1, "learning_rate": 1e-9, "picture_every": 0, "checkpoint_every": 1}
    train_denoiser(config(pairs, tmp_path, start_from=trained / "denoiser", **options))
    name = "denoiser/diffusion_pytorch_model.safetensors"
    new, old = load_file(tmp_path / name), load_file(trained / name)
    assert all(torch.allclose(new[key], old[key], atol=1e-3) for key in old)


def test_weights_of_another_size_are_refused(pairs, trained, tmp_path) -> None:
    other = NetworkConfig(factor=4, widths=(8, 8), layers=1)
    with pytest.raises(InvalidParameterError, match="widths"):
        train_denoiser(config(pairs, tmp_path, start_from=trained / "denoiser", network=other))


def test_a_window_that_does_not_fit_the_network_is_refused(pairs, tmp_path) -> None:
    with pytest.raises(InvalidParameterError, match="multiple of 8"):
        train_denoiser(config(pairs, tmp_path, window=36))


def test_incomplete_weights_are_refused(trained, tmp_path) -> None:
    tensors = load_file(trained / "denoiser/diffusion_pytorch_model.safetensors")
    tensors.popitem()
    save_file(tensors, tmp_path / "diffusion_pytorch_model.safetensors")
    (tmp_path / "config.json").write_text((trained / "denoiser/config.json").read_text())
    with pytest.raises(WeightsError, match="1 missing key"):
        load_network(tmp_path)


def test_weights_of_another_kind_of_network_are_refused(tmp_path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "PixelBackbone"}))
    with pytest.raises(WeightsError, match="expected a DenoisingNetwork"):
        load_network(tmp_path)
