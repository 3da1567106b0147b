"""Training batches of the denoiser: windows of pairs, degraded further than the twin does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import SUBPIXEL_STEPS
from reald2iff.pairs import PairArrays
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS


@dataclass(frozen=True)
class Augmentation:
    """What the batches hold beyond the twin's noise, so that other cameras can be cleaned too.

    Attributes:
        strength: The sensor's error is multiplied by a factor between ``1 / strength`` and ``strength``.
        field_std: Largest standard deviation of an added smooth field, px.
        field_scales: Its correlation lengths, px: one is drawn for each batch.
        pixel_holes: Largest share of single pixels taken away.
        blob_holes: Largest share of the image taken away in blobs.
        zoom_share: Share of batches that look registered: resampled and stretched ...
        zoom: ... by a factor between 1 and this.
        continuous_share: Share of windows without the sensor's quantisation.
    """

    strength: float = 2.2
    field_std: float = 0.08
    field_scales: tuple[int, ...] = (5, 8, 13)
    pixel_holes: float = 0.01
    blob_holes: float = 0.12
    zoom_share: float = 0.2
    zoom: float = 1.8
    continuous_share: float = 0.3

    def __post_init__(self) -> None:
        if self.strength < 1 or self.zoom < 1 or min(self.field_scales, default=0) < 1:
            raise InvalidParameterError(
                f"strength {self.strength}, zoom {self.zoom}, field_scales {self.field_scales}: expected "
                "at least 1"
            )
        for name in ("pixel_holes", "blob_holes", "zoom_share", "continuous_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a share in [0, 1]")


@dataclass(frozen=True)
class DenoisingBatch:
    """Windows to be cleaned.

    Attributes:
        clean: ``(B, 1, S, S)`` clean disparity, px, 0 = invalid.
        sensor: ``(B, 1, S, S)`` sensor disparity, px, 0 = invalid.
    """

    clean: torch.Tensor
    sensor: torch.Tensor


class DenoisingSampler:
    """Draws the batch of a step; the same seed and step give the same batch, whatever came before.

    Args:
        pairs: Of one split.
        batch_size: Windows a batch.
        window: Side of a window, px.
        seed: Of the draws.
        augmentation: What is added to the twin's noise.
        device: Where the batch is made.

    Raises:
        DatasetError: if the images are smaller than the window.
    """

    def __init__(
        self,
        pairs: PairArrays,
        batch_size: int,
        window: int,
        seed: int,
        augmentation: Augmentation,
        device: torch.device,
    ) -> None:
        height, width = pairs.clean_disparity.shape[1:]
        if min(height, width) < window:
            raise DatasetError(f"pairs of {width}x{height} px: expected at least the window of {window} px")
        self._pairs, self._batch_size, self._window = pairs, batch_size, window
        self._seed, self._augmentation, self._device = seed, augmentation, device

    def batch(self, step: int) -> DenoisingBatch:
        """The batch of a step."""
        rng = np.random.default_rng([self._seed, step])
        count, height, width = self._pairs.clean_disparity.shape
        size = self._window
        corners = [
            (
                int(rng.integers(count)),
                int(rng.integers(height - size + 1)),
                int(rng.integers(width - size + 1)),
            )
            for _ in range(self._batch_size)
        ]

        def cut(images: NDArray[np.uint16], steps: int) -> torch.Tensor:
            parts = np.stack([images[i, y : y + size, x : x + size] for i, y, x in corners])
            return torch.from_numpy(parts.astype(np.float32) / np.float32(steps))[:, None]

        clean = cut(self._pairs.clean_disparity, CLEAN_STEPS)
        sensor = cut(self._pairs.sensor_disparity, SENSOR_STEPS)
        clean, sensor = augment(clean, sensor, self._augmentation, rng)
        return DenoisingBatch(clean.to(self._device), sensor.to(self._device))


def augment(
    clean: torch.Tensor, sensor: torch.Tensor, augmentation: Augmentation, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Clean and sensor disparity ``(B, 1, S, S)`` as other cameras and registrations might give them."""
    a, size = augmentation, clean.shape[-1]
    draws = torch.Generator().manual_seed(int(rng.integers(2**63)))

    def each(low: float, high: float) -> torch.Tensor:
        values = rng.uniform(low, high, (len(clean), 1, 1, 1))
        return torch.from_numpy(values.astype(np.float32))

    flipped = each(0, 1) < 0.5
    clean, sensor = (torch.where(flipped, image.flip(-2), image) for image in (clean, sensor))
    # Where the sensor matched another surface, a stronger error would only be a stranger one.
    noise = torch.where((sensor - clean).abs() < 1, sensor - clean, 0)
    bound = math.log(a.strength)
    noisier = sensor + noise * (each(-bound, bound).exp() - 1)
    scale = int(rng.choice(a.field_scales))
    noisier = noisier + each(0, a.field_std) * _smooth_field(len(clean), size, scale, draws)
    quantised = torch.round(noisier * SUBPIXEL_STEPS) / SUBPIXEL_STEPS
    noisier = torch.where(each(0, 1) < a.continuous_share, noisier, quantised).clamp(min=1 / SUBPIXEL_STEPS)
    kept = torch.rand(clean.shape, generator=draws) >= each(-a.pixel_holes, a.pixel_holes)
    shares = each(-a.blob_holes, a.blob_holes).clamp(min=0)
    blobs = _smooth_field(len(clean), size, int(rng.choice((6, 12, 24))), draws)
    kept &= blobs < torch.special.ndtri(1 - shares.clamp(min=1e-6))
    sensor = torch.where((sensor > 0) & kept, noisier, 0)
    if rng.random() < a.zoom_share:
        clean, sensor = _zoom(clean, sensor, float(rng.uniform(1, a.zoom)))
    return clean, sensor


def _smooth_field(count: int, size: int, scale: int, draws: torch.Generator) -> torch.Tensor:
    """``(count, 1, size, size)`` random fields of about unit variance and ``scale`` px correlation length."""
    coarse = torch.randn(count, 1, size // scale + 3, size // scale + 3, generator=draws)
    fine = F.interpolate(coarse, scale_factor=scale, mode="bicubic")[..., scale : scale + size, :size]
    return fine / fine.std().clamp(min=1e-6)


def _zoom(clean: torch.Tensor, sensor: torch.Tensor, factor: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle of the windows as a camera of ``factor`` times the focal length has it after resampling."""
    size = clean.shape[-1]
    part = max(2, round(size / factor))
    first = (size - part) // 2
    clean, sensor = (image[..., first : first + part, first : first + part] for image in (clean, sensor))
    nearest = F.interpolate(clean, (size, size), mode="nearest")
    smooth = F.interpolate(clean, (size, size), mode="bilinear")
    # Bilinear on surfaces, nearest at edges: clean depth has no values between foreground and background.
    local_range = F.max_pool2d(clean, 3, 1, 1) + F.max_pool2d(-clean, 3, 1, 1)
    edge = F.interpolate(local_range, (size, size), mode="nearest") > 0.5
    factor = size / part
    return (
        torch.where(edge, nearest, smooth) * factor,
        F.interpolate(sensor, (size, size), mode="nearest") * factor,
    )
