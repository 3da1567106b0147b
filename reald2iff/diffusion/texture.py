"""Noise fields that give a sample back the spread it lost.

A network that predicts x0 gives, at its last step, the mean of what may be there: what stays undecided at
that noise level is missing from the sample, above all the waves of a few px to tens of px that surfaces have.
The fine stage therefore also predicts how much of the residual's spread is missing, in a few bands of spatial
frequency at every place, and as much filtered noise is laid over it, in disparity. Validity is left alone: noise of that
shape frays the outlines of holes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import torch
import torch.nn.functional as F

SCALES: tuple[tuple[float, float], ...] = ((1.6, 1.6), (3.0, 2.4), (6.0, 4.0), (12.0, 8.0))
"""Gaussian radii along rows and columns, px, between which the bands lie; stereo noise is longer in rows."""

BANDS = len(SCALES) - 1
"""What is finer, the sensor's low-pass filter removes; what is wider, the network predicts."""

_PERIOD = 192
"""Side of the periodic image on which the bands' power is computed, px."""


def _kernel(sigma: float) -> torch.Tensor:
    half = max(1, math.ceil(2.5 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-half, half + 1, dtype=torch.float32) / sigma) ** 2)
    return weights / weights.sum()


def blurred(images: torch.Tensor, sigma_x: float, sigma_y: float) -> torch.Tensor:
    """Gaussian blur (radii in px) of ``(N, 1, H, W)``; the images go on beyond their borders as at them."""
    for kernel, view in ((_kernel(sigma_x), (1, 1, 1, -1)), (_kernel(sigma_y), (1, 1, -1, 1))):
        weights = kernel.view(view).to(images)
        rows, columns = weights.shape[2] // 2, weights.shape[3] // 2
        images = F.conv2d(F.pad(images, (columns, columns, rows, rows), mode="replicate"), weights)
    return images


def split_bands(images: torch.Tensor) -> torch.Tensor:
    """``(B, 1, H, W)`` into differences of Gaussians: ``(B, BANDS, H, W)``."""
    smooth = [blurred(images, *scale) for scale in SCALES]
    return torch.cat([finer - coarser for finer, coarser in pairwise(smooth)], dim=1)


def _impulse() -> torch.Tensor:
    impulse = torch.zeros(1, 1, _PERIOD, _PERIOD)
    impulse[..., _PERIOD // 2, _PERIOD // 2] = 1
    return impulse


def _powers(answers: torch.Tensor) -> torch.Tensor:
    """Power at every frequency of filters' answers ``(1, N, P, P)`` to an impulse: ``(N, F)``."""
    return torch.fft.fft2(answers[0]).abs().square().flatten(1)


@lru_cache(maxsize=1)
def _band_powers() -> torch.Tensor:
    return _powers(split_bands(_impulse()))


@lru_cache(maxsize=4)
def band_leakage(lowpass_sigma: float = 0.0) -> torch.Tensor:
    """``(BANDS, BANDS)``: variance seen in band j of a field of unit variance made in band k.

    Args:
        lowpass_sigma: Gaussian radius (px) of a low-pass that the field goes through before; 0 = none.
    """
    power = _band_powers()
    kept = _powers(blurred(_impulse(), lowpass_sigma, lowpass_sigma)) if lowpass_sigma else 1.0
    return (power * kept) @ power.T / power.sum(1)


def texture_field(spread: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Noise of the given spread.

    Args:
        spread: ``(B, BANDS, h, w)`` standard deviation in each band, to be interpolated.
        noise: ``(B, 1, H, W)`` standard normal.

    Returns:
        ``(B, 1, H, W)``, in the units of ``spread``.
    """
    unit = _band_powers().mean(1).sqrt().to(spread).view(1, BANDS, 1, 1)
    strength = F.interpolate(spread, size=noise.shape[-2:], mode="bilinear")
    return (strength * split_bands(noise.to(spread)) / unit).sum(1, keepdim=True)
