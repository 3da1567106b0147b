"""Frequency-guided supervision (RealD2iff section 3.3): the structural part of the sensor's residual.

The paper's sentence says "apply a high-pass filter in the Fourier domain to obtain its structural component";
its stated aim, to suppress high-frequency disturbances and keep the mid and low frequencies, is the opposite.
The aim is followed: the high band is removed, the low band is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from reald2iff.errors import InvalidParameterError


@dataclass(frozen=True)
class FrequencyGuidance:
    """Low-pass of the residual in the Fourier domain.

    Attributes:
        cutoff: Radial frequency in cycles/px where the mask has fallen to one half (up to 0.5).
        roll_off: Width of the smooth fall around the cutoff, as a fraction of it.
        padding: px of border added around the image, so that opposite borders do not mix.
    """

    cutoff: float = 0.15
    roll_off: float = 0.25
    padding: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.cutoff <= 0.5:
            raise InvalidParameterError(f"cutoff = {self.cutoff}: expected 0 to 0.5 cycles per pixel")
        if self.roll_off <= 0:
            raise InvalidParameterError(f"roll_off = {self.roll_off}: expected a positive fraction")
        if self.padding < 0:
            raise InvalidParameterError(f"padding = {self.padding}: expected 0 or more pixels")

    def mask(self, height: int, width: int, device: torch.device | None = None) -> torch.Tensor:
        """``(H, W // 2 + 1)`` radial mask for `torch.fft.rfft2`, 1 at zero frequency."""
        fy = torch.fft.fftfreq(height, device=device)[:, None]
        fx = torch.fft.rfftfreq(width, device=device)[None, :]
        radius = torch.sqrt(fx**2 + fy**2)
        mask = torch.sigmoid((self.cutoff - radius) / (self.cutoff * self.roll_off / 4))
        return mask / mask[0, 0]

    def low_pass(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Normalised convolution with the low-pass, so that holes neither bleed nor pull towards zero.

        Args:
            values: ``(B, C, H, W)``.
            weights: ``(B, 1, H, W)`` in [0, 1]; 0 = no value here.

        Returns:
            ``(B, C, H, W)``; zero far from any value.
        """
        border = (self.padding,) * 4
        values, weights = F.pad(values * weights, border), F.pad(weights, border)
        height, width = values.shape[-2:]
        mask = self.mask(height, width, values.device)

        def smooth(x: torch.Tensor) -> torch.Tensor:
            return torch.fft.irfft2(torch.fft.rfft2(x.float()) * mask, s=(height, width))

        # The mask rings below zero next to large holes: there the weight is too small to divide by.
        result = smooth(values) / smooth(weights).clamp(min=0.05)
        p = self.padding
        return result[..., p : height - p, p : width - p] if p else result

    def structural(self, target: torch.Tensor) -> torch.Tensor:
        """The coarse stage's target: the low band of a full target, as `Representation.encode` gives it.

        Args:
            target: ``(B, 2, H, W)`` companded residual and validity. The band is split after companding:
                before it, the few large residuals at depth edges would ring far into the surfaces.

        Returns:
            ``(B, 2, H, W)``, residual and validity without their high frequencies.
        """
        valid = (target[:, 1:2] + 1) / 2
        residual = self.low_pass(target[:, :1], valid) * (valid > 0)
        validity = self.low_pass(target[:, 1:2], torch.ones_like(valid)).clamp(-1, 1)
        return torch.cat([residual, validity], dim=1)
