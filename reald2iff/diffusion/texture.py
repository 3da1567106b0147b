"""Noise that gives a sample back the spread it lost.

A network that predicts x0 gives, at its last step, the mean of what may be there: what stays undecided at
that noise level is missing from the sample. On surfaces that is more than half of the variance of the
sensor's noise, while the shape of the spectrum is right, and so is where noise is strong and where weak. The
fine stage therefore also predicts how much rougher the sensor's residual is than the sample's, and correlated
noise of that ratio to the sample's own roughness is laid over it, in disparity. Validity is left alone: noise
of that shape frays the outlines of holes.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

RADII = (4.2, 2.3)
"""Gaussian radii of the noise along rows and columns, px. Behind the low-pass of 2 px it has the spectrum
that planes have: 45, 39, 14 and 1.5 % in the first waves to 32 px along rows (twin 46, 38, 12, 1.7), 20, 32,
25 and 8 % along columns (22, 34, 24, 5; real 17, 32, 26, 7)."""

_WIDE = (12.0, 8.0)
"""What is smoother than these radii (px) is structure that the network gets right, not texture."""

_LIMIT = 5.0
"""Residuals are clipped here, in multiples of `Representation.unit`: beyond is structure, not texture."""

_FLOOR = 1e-3
"""Energy that is added everywhere, in squares of `Representation.unit`; about that of quantisation."""


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


def blurred_within(images: torch.Tensor, seen: torch.Tensor, sigma_x: float, sigma_y: float) -> torch.Tensor:
    """`blurred`, of the px where ``seen`` is 1 alone; 0 elsewhere."""
    share = blurred(seen, sigma_x, sigma_y).clamp(min=1e-6)
    return blurred(images * seen, sigma_x, sigma_y) / share * seen


def roots_of_texture(residual: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Square root of the amplitude of what is not wide; 0 where not seen.

    Its local mean tells how rough a residual is, and is hardly moved by a few px of structure.

    Args:
        residual: ``(N, 1, H, W)`` in multiples of `Representation.unit`.
        seen: ``(N, 1, H, W)`` 1 where it is known, else 0.
    """
    clipped = residual.clamp(-_LIMIT, _LIMIT)
    texture = clipped - blurred_within(clipped, seen, *_WIDE)
    return (texture.square() + _FLOOR) ** 0.25 * seen


def texture_field(
    residual: torch.Tensor, seen: torch.Tensor, ratio: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Noise to lay over a sample.

    Args:
        residual: ``(B, 1, H, W)`` the sample's, in multiples of `Representation.unit`.
        seen: ``(B, 1, H, W)`` 1 where the sample is valid, else 0.
        ratio: ``(B, 1, h, w)`` standard deviation of the noise over the sample's roughness, to be
            interpolated.
        noise: ``(B, 1, H, W)`` standard normal.

    Returns:
        ``(B, 1, H, W)``, in multiples of `Representation.unit`.
    """
    unit = math.prod(float(_kernel(radius).square().sum()) ** 0.5 for radius in RADII)
    roughness = blurred_within(roots_of_texture(residual, seen), seen, *_WIDE).square()
    strength = F.interpolate(ratio, size=noise.shape[-2:], mode="bilinear") * roughness
    return strength * blurred(noise.to(ratio), *RADII) / unit
