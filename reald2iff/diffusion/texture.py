"""Giving a sample back the spread that it lost.

A network that predicts x0 gives, at its last step, the mean of what may be there: what stays undecided at
that noise level is missing from the sample. On surfaces that is more than half of the variance of the
sensor's noise, while the rest has its shape: waves that are longer along rows and along lines of equal
disparity, strong on one surface and weak on another. The fine stage therefore also predicts how much rougher
the sensor's residual is than the sample's, and the sample's waves are made higher by that ratio, in
disparity. (Noise of a fixed shape laid over samples is told from the sensor's by its direction.) Validity is
left alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

_WIDE = (12.0, 8.0)
"""What is smoother than these radii (px) is structure that the network gets right, not texture ..."""

_NARROW = (2.5, 2.5)
"""... and what is finer than these it gets right too: on validation views and real frames alike the power
that samples lack lies below .1 cycles/px."""

_LIMIT = 5.0
"""Residuals are clipped here, in multiples of `Representation.unit`: beyond is structure, not texture."""

_FLOOR = 1e-3
"""Energy that is added everywhere, in squares of `Representation.unit`; about that of quantisation."""

GAIN_DISPARITIES = (3.5, 6.5, 9.5, 12.5, 16.0, 20.5, 26.5, 40.0)
"""Disparities (px) at which gains are given."""


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


def blurred_within(
    images: torch.Tensor, seen: torch.Tensor, radii: tuple[float, float], cell: int
) -> torch.Tensor:
    """`blurred`, of the px where ``seen`` is 1 alone, on a grid of ``cell`` px: faster, and as smooth.

    Args:
        images: ``(N, 1, H, W)``.
        seen: ``(N, 1, H, W)`` 0 or 1.
        radii: Along rows and down columns, px.
        cell: Small against both.
    """
    total, share = (F.avg_pool2d(image, cell, ceil_mode=True) for image in (images * seen, seen))
    coarser = [radius / cell for radius in radii]
    mean = blurred(total, *coarser) / blurred(share, *coarser).clamp(min=1e-6)
    size = [side * cell for side in mean.shape[-2:]]
    height, width = images.shape[-2:]
    return F.interpolate(mean, size=size, mode="bilinear")[..., :height, :width]


def texture_of(residual: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """What is neither wide in a residual, nor narrow, nor structure; 0 where not seen.

    Args:
        residual: ``(N, 1, H, W)`` in multiples of `Representation.unit`.
        seen: ``(N, 1, H, W)`` 1 where it is known, else 0.
    """
    clipped = residual.clamp(-_LIMIT, _LIMIT)
    return (blurred_within(clipped, seen, _NARROW, 2) - blurred_within(clipped, seen, _WIDE, 4)) * seen


def roots_of_texture(residual: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Square root of the amplitude of `texture_of`; 0 where not seen.

    Its local mean tells how rough a residual is, and is hardly moved by a few px of structure.
    """
    return (texture_of(residual, seen).square() + _FLOOR) ** 0.25 * seen


def missing_texture(residual: torch.Tensor, seen: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
    """What a sample's residual lacks, ``(B, 1, H, W)`` in multiples of `Representation.unit`.

    Args:
        residual: ``(B, 1, H, W)`` the sample's, likewise.
        seen: ``(B, 1, H, W)`` 1 where the sample is valid, else 0.
        ratio: ``(B, 1, h, w)`` height of waves that is missing over that of the sample's, to be interpolated.
    """
    return F.interpolate(ratio, size=residual.shape[-2:], mode="bilinear") * texture_of(residual, seen)


def gain_at(gains: Sequence[float], disparity: torch.Tensor) -> torch.Tensor:
    """Gains of every px, ``(B, 1, H, W)``, from those at `GAIN_DISPARITIES`; the ends go on beyond them."""
    clean = disparity.cpu().numpy()
    return torch.from_numpy(np.interp(clean, GAIN_DISPARITIES, gains).astype(np.float32)).to(disparity)
