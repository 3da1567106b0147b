"""Noise fields of fixed shapes that the fine stage lays over what it predicts.

A network on a space-to-depth grid has to carry the sensor's fine texture through its width, value by value.
Most of that texture is a random field whose shape hardly changes, only its strength. So the starting noise
is also filtered to a few shapes, and the network says how much of each belongs where.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

SHAPES: tuple[tuple[float, float], ...] = ((1.2, 1.2), (2.5, 1.8), (6.0, 3.8), (12.0, 8.0))
"""Gaussian radii along rows and columns, px: from the sensor's low-pass filter to its widest waves."""


def _kernel(sigma: float) -> torch.Tensor:
    half = max(1, math.ceil(2.5 * sigma))
    return torch.exp(-0.5 * (torch.arange(-half, half + 1, dtype=torch.float32) / sigma) ** 2)


def texture_fields(noise: torch.Tensor, shapes: tuple[tuple[float, float], ...]) -> torch.Tensor:
    """Filter white noise to each shape, to unit variance up to the borders.

    Args:
        noise: ``(B, C, H, W)`` standard normal.
        shapes: Gaussian radii ``(x, y)``, px.

    Returns:
        ``(B, C, len(shapes), H, W)``.
    """
    batch, channels, height, width = noise.shape
    fields = []
    for sigma_x, sigma_y in shapes:
        field, energy = noise.reshape(-1, 1, height, width), torch.ones(1, 1, height, width)
        for kernel, view in ((_kernel(sigma_x), (1, 1, 1, -1)), (_kernel(sigma_y), (1, 1, -1, 1))):
            weights = kernel.view(view)
            padding = (weights.shape[2] // 2, weights.shape[3] // 2)
            field = F.conv2d(field, weights.to(noise), padding=padding)
            energy = F.conv2d(energy, weights.square(), padding=padding)
        fields.append((field / energy.sqrt().to(noise)).view(batch, channels, height, width))
    return torch.stack(fields, dim=2)
