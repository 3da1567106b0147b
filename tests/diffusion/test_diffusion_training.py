"""Training of both stages on a tiny data set."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.training.coarse import CoarseStage, train_coarse
from reald2iff.diffusion.training.config import CoarseConfig, FineConfig, NetworkConfig, ObjectiveConfig
from reald2iff.diffusion.training.data import WindowSampler
from reald2iff.diffusion.training.fine import train_fine
from reald2iff.diffusion.training.objective import add_noise, draw_sigmas
from reald2iff.errors import DatasetError, InvalidParameterError, WeightsError
from reald2iff.pairs import load_pairs
from reald2iff.pairs.format import FORMAT_VERSION, Shard, read_shard, write_index, write_shard

NETWORK = NetworkConfig(factor=4, widths=(8, 16), layers=1)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Six training and two validation views of 48x64 px."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    shards = []
    for index, (split, views) in enumerate([("train", 6), ("val", 2)]):
        clean = rng.uniform(8, 20, (views, 1, 1)) + rng.uniform(0, 3, (views, 48, 64))
        sensor = clean + rng.normal(0, 0.06, clean.shape)
        sensor[:, 10:20, 10:20] = 0
        noisy = np.rint(sensor * 32).astype(np.uint16)
        shard = Shard(
            np.rint(clean * 512).astype(np.uint16),
            noisy,
            None if split == "train" else noisy,
            np.arange(views, dtype=np.int64),
            np.full(views, 19.13, np.float32),
            np.full(views, "tabletop", "<U16"),
            np.ones(views, np.float32),
            np.zeros(views, np.float32),
        )
        name = f"shard_{index:05d}.npz"
        write_shard(folder / name, shard)
        shards.append({"name": name, "split": split, "views": views, "scenes": list(range(views))})
    write_index(folder, {"format_version": FORMAT_VERSION, "shards": shards})
    return folder


def coarse_config(pairs, out, **options) -> CoarseConfig:
    fields = {
        "steps": 4,
        "batch_size": 2,
        "window": 32,
        "device": "cpu",
        "precision": "fp32",
        "checkpoint_every": 2,
        "log_every": 1,
        "picture_every": 0,
        "network": NETWORK,
    }
    return CoarseConfig(pairs, out, **{**fields, **options})


@pytest.fixture(scope="module")
def coarse(pairs, tmp_path_factory):
    out = tmp_path_factory.mktemp("coarse")
    train_coarse(coarse_config(pairs, out))
    return out


def test_a_resumed_run_gives_the_bytes_of_an_undisturbed_one(pairs, coarse, tmp_path, monkeypatch) -> None:
    from reald2iff.diffusion.training.loop import Trainer

    real_step, calls = Trainer._step, []

    def interrupted(self, batch, step):
        calls.append(step)
        if calls.count(2) == 1 and step == 2:
            raise KeyboardInterrupt
        return real_step(self, batch, step)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_coarse(coarse_config(pairs, tmp_path))
    train_coarse(coarse_config(pairs, tmp_path))
    assert calls == [0, 1, 2, 2, 3]
    name = "backbone/diffusion_pytorch_model.safetensors"
    assert (tmp_path / name).read_bytes() == (coarse / name).read_bytes()


def test_a_run_does_not_go_on_under_other_options(pairs, coarse) -> None:
    with pytest.raises(WeightsError, match="begun with learning_rate"):
        train_coarse(coarse_config(pairs, coarse, learning_rate=1e-5))


def test_the_run_leaves_its_options_and_a_log(coarse) -> None:
    assert json.loads((coarse / "config.json").read_text())["network"]["widths"] == [8, 16]
    assert list((coarse / "tensorboard").glob("events.*"))


def test_sample_pictures_are_drawn(pairs, tmp_path) -> None:
    train_coarse(coarse_config(pairs, tmp_path, steps=1, picture_every=1))
    assert (tmp_path / "samples" / "000001.png").stat().st_size > 10_000


def test_the_coarse_stage_learns(pairs, tmp_path) -> None:
    train_coarse(coarse_config(pairs, tmp_path, steps=40, warmup=1, learning_rate=3e-3))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    losses = [event.value for event in log.Scalars("loss/x0")]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_the_fine_stage_trains_on_the_coarse_one_and_exports_a_pipeline(pairs, coarse, tmp_path) -> None:
    base = coarse_config(pairs, tmp_path, steps=2)
    shared = {f.name: getattr(base, f.name) for f in dataclasses.fields(base) if f.name != "frequency"}
    train_fine(FineConfig(**shared, coarse=coarse / "backbone", coarse_steps=1, fine_steps=2))
    pipeline = RealD2iffPipeline.from_pretrained(tmp_path / "pipeline")
    assert pipeline.sampling.coarse_steps == 1
    frozen = load_file(coarse / "backbone" / "diffusion_pytorch_model.safetensors")
    for name, value in pipeline.coarse.state_dict().items():
        assert torch.equal(value, frozen[name]), name


def test_a_warm_start_needs_a_network_of_the_coarse_ones_size(pairs, coarse, tmp_path) -> None:
    base = coarse_config(pairs, tmp_path, network=NetworkConfig(factor=4, widths=(8, 8), layers=1))
    shared = {f.name: getattr(base, f.name) for f in dataclasses.fields(base) if f.name != "frequency"}
    with pytest.raises(InvalidParameterError, match="widths"):
        train_fine(FineConfig(**shared, coarse=coarse / "backbone"))


def test_a_batch_depends_on_seed_and_step_alone(pairs) -> None:
    data = load_pairs(pairs, "train")
    one, two = (WindowSampler(data, 2, 32, seed=5, device=torch.device("cpu")) for _ in range(2))
    one.batch(0)
    assert torch.equal(one.batch(3).sensor, two.batch(3).sensor)
    assert not torch.equal(one.batch(3).sensor, one.batch(4).sensor)


def test_half_of_the_windows_are_upside_down(pairs) -> None:
    data = load_pairs(pairs, "train")
    rows = np.arange(48, dtype=np.uint16)[:, None] + np.full((6, 48, 64), 320, np.uint16)
    data = dataclasses.replace(data, sensor_disparity=rows)
    drawn = WindowSampler(data, 64, 32, 0, torch.device("cpu")).batch(0).sensor
    upwards = (drawn[:, 0, 0, 0] > drawn[:, 0, -1, 0]).sum()
    assert 16 < upwards < 48


@pytest.fixture
def real_pairs(pairs, tmp_path):
    """The training views again, 2 px further away, without validation views."""
    stored = read_shard(pairs / "shard_00000.npz")
    near = {"clean_disparity": stored.clean_disparity + 1024, "sensor_disparity": stored.sensor_disparity}
    folder = tmp_path / "real"
    folder.mkdir()
    write_shard(folder / "shard_00000.npz", dataclasses.replace(stored, **near))
    entries = [
        {"name": "shard_00000.npz", "split": "train", "views": 6, "scenes": []},
        {"name": "shard_00001.npz", "split": "test", "views": 0, "scenes": []},
    ]
    write_index(folder, {"format_version": FORMAT_VERSION, "shards": entries})
    return folder


def test_real_pairs_take_their_share_of_a_batch(pairs, real_pairs, tmp_path) -> None:
    config = coarse_config(pairs, tmp_path, batch_size=8, real_pairs=real_pairs, real_share=0.25)
    batch = CoarseStage(config).sampler("train", 8, torch.device("cpu")).batch(0)
    seen = (batch.sensor > 0).float()
    residual = ((batch.sensor - batch.clean) * seen).sum((1, 2, 3)) / seen.sum((1, 2, 3))
    assert torch.allclose(residual, torch.tensor([0.0] * 6 + [-2.0] * 2), atol=0.02)


def test_pictures_show_real_training_frames_where_no_validation_frames_are(
    pairs, real_pairs, tmp_path
) -> None:
    config = coarse_config(pairs, tmp_path, real_pairs=real_pairs, real_share=0.5)
    batch = CoarseStage(config).sampler("val", 4, torch.device("cpu")).batch(0)
    assert len(batch.clean) == 4


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
def test_a_share_that_leaves_no_window_of_one_source_is_refused(pairs, tmp_path, share) -> None:
    with pytest.raises(InvalidParameterError, match="at least one real and one simulated window"):
        coarse_config(pairs, tmp_path, real_pairs=pairs, real_share=share)


def test_a_window_larger_than_the_images_is_refused(pairs) -> None:
    with pytest.raises(DatasetError, match="at least the window of 192"):
        WindowSampler(load_pairs(pairs, "train"), 2, 192, 0, torch.device("cpu"))


def test_noise_levels_lean_towards_noise_under_a_shift() -> None:
    plain, shifted = (
        draw_sigmas(2000, ObjectiveConfig(shift=s), torch.Generator().manual_seed(0)) for s in (1.0, 5.0)
    )
    assert (shifted >= plain).all()
    assert float(plain.min()) > 0
    assert float(shifted.max()) <= 1


def test_full_noise_hides_the_sample_and_none_leaves_it() -> None:
    x0, noise = torch.randn(2, 2, 3, 3), torch.randn(2, 2, 3, 3)
    mixed = add_noise(x0, torch.tensor([0.0, 1.0]), noise)
    assert torch.equal(mixed[0], x0[0])
    assert torch.equal(mixed[1], noise[1])


@pytest.mark.parametrize(
    ("options", "message"), [({"steps": 0}, "steps = 0"), ({"ema_decay": 1.0}, "ema_decay 1.0")]
)
def test_impossible_options_are_refused(tmp_path, options, message) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        CoarseConfig(tmp_path, tmp_path, **options)


def test_pairs_that_were_never_made_are_refused(tmp_path) -> None:
    with pytest.raises(DatasetError, match="pairs generate"):
        train_coarse(coarse_config(tmp_path / "nowhere", tmp_path))
