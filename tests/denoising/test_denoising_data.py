"""Training batches of the denoiser."""

import dataclasses

import numpy as np
import pytest
import torch

from reald2iff.denoising.data import Augmentation, DenoisingSampler, augment
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.pairs import PairArrays

NONE = Augmentation(
    strength=1, field_std=0, pixel_holes=0, blob_holes=0, zoom_share=0, zoom=1, continuous_share=0
)


def pairs(count: int = 3) -> PairArrays:
    rng = np.random.default_rng(0)
    clean = (rng.uniform(10, 20, (count, 64, 96)) * 512).astype(np.uint16)
    names = {field.name: np.ones(count, np.float32) for field in dataclasses.fields(PairArrays)}
    sensor = (np.rint(clean / 16) + 1).astype(np.uint16)
    return PairArrays(**names | {"clean_disparity": clean, "sensor_disparity": sensor, "redrawn": None})


def sampler(augmentation: Augmentation, window: int = 32) -> DenoisingSampler:
    return DenoisingSampler(pairs(), 4, window, 7, augmentation, torch.device("cpu"))


def test_a_step_gives_the_same_batch_whatever_came_before() -> None:
    first, second = sampler(Augmentation()), sampler(Augmentation())
    first.batch(0)
    assert torch.equal(first.batch(5).sensor, second.batch(5).sensor)
    assert not torch.equal(first.batch(6).sensor, second.batch(5).sensor)


def test_without_augmentation_the_stored_values_come_up() -> None:
    batch = sampler(NONE).batch(0)
    assert batch.clean.shape == batch.sensor.shape == (4, 1, 32, 32)
    assert set(np.unique(batch.clean * 512)) <= set(np.unique(pairs().clean_disparity))
    assert torch.equal(batch.sensor * 32, (batch.sensor * 32).round())


def test_stronger_noise_keeps_its_shape() -> None:
    clean = torch.full((2, 1, 32, 32), 20.0)
    sensor = clean + 0.25 * torch.sin(torch.arange(32.0) / 5)
    louder = dataclasses.replace(NONE, strength=3.0, continuous_share=1.0)
    new_clean, noisier = augment(clean, sensor, louder, np.random.default_rng(1))
    assert torch.equal(new_clean, clean)
    ratio = ((noisier - clean) / (sensor - clean))[..., 3]
    assert torch.allclose(ratio, ratio[:, :, :1].expand_as(ratio), atol=1e-3)
    assert ratio.std() > 0.1


def test_holes_are_only_added() -> None:
    clean = torch.full((4, 1, 64, 64), 20.0)
    sensor = clean.clone()
    sensor[..., :10] = 0
    holed = augment(clean, sensor, Augmentation(zoom_share=0), np.random.default_rng(2))[1]
    assert (holed[..., :10] == 0).all()
    assert 0 < (holed[..., 10:] == 0).float().mean() < 0.3


def test_a_zoomed_window_scales_disparity_with_the_image() -> None:
    plane = (20 + 0.1 * (torch.arange(64.0) - 31.5)).expand(1, 1, 64, 64)
    zooming = dataclasses.replace(NONE, zoom_share=1.0, zoom=1.8, continuous_share=1.0)
    clean, sensor = augment(plane, plane, zooming, np.random.default_rng(3))
    # Twice the focal length gives twice the disparity and the same slope per px.
    factor = float(clean[..., 31:33].mean() / plane[..., 31:33].mean())
    assert 1.05 < factor <= 1.8
    slope = (clean[0, 0, 32, 48] - clean[0, 0, 32, 16]) / 32
    assert slope == pytest.approx(0.1, rel=0.02)
    assert (sensor - clean).abs().max() < 0.2


def test_images_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(DatasetError, match="at least the window of 128 px"):
        sampler(NONE, window=128)


@pytest.mark.parametrize("options", [{"strength": 0.5}, {"zoom": 0.9}, {"blob_holes": 1.5}])
def test_augmentation_out_of_range_is_refused(options) -> None:
    with pytest.raises(InvalidParameterError):
        Augmentation(**options)
