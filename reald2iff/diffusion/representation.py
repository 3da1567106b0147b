"""How depth looks to the networks: companded disparity residual and validity.

The sensor's error is nearly constant in disparity and heavy-tailed, so that the residual ``n = R - S``
(sensor minus clean disparity, px) is companded with asinh rather than clipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reald2iff.errors import InvalidParameterError

CHANNELS = 2
"""Companded residual and validity."""


@dataclass(frozen=True)
class Representation:
    """Between disparity in px and what the networks generate.

    Attributes:
        compand_scale: Residual in px where companding turns from linear to logarithmic.
        gain: Factor on the companded residual, to give it about unit spread.
        max_residual: Residuals are clipped to this many px.
        subpixel_steps: The sensor quantises disparity to 1/``subpixel_steps`` px.
        min_disparity: px; a smaller sensor disparity counts as no measurement.
    """

    compand_scale: float = 0.1
    gain: float = 0.8
    max_residual: float = 40.0
    subpixel_steps: int = 32
    min_disparity: float = 1.0

    def __post_init__(self) -> None:
        for name in ("compand_scale", "gain", "max_residual", "subpixel_steps", "min_disparity"):
            if getattr(self, name) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a positive number")

    def compand(self, residual: torch.Tensor) -> torch.Tensor:
        """Residual in px to network units."""
        clipped = residual.clamp(-self.max_residual, self.max_residual)
        return torch.asinh(clipped / self.compand_scale) * self.gain

    def expand(self, companded: torch.Tensor) -> torch.Tensor:
        """Network units back to px; the inverse of `compand`."""
        residual = torch.sinh((companded / self.gain).clamp(-12, 12)) * self.compand_scale
        return residual.clamp(-self.max_residual, self.max_residual)

    @property
    def unit(self) -> float:
        """Residual in px that one network unit stands for where companding is linear."""
        return self.compand_scale / self.gain

    def residual(self, generated: torch.Tensor) -> torch.Tensor:
        """Residual ``(B, 1, H, W)`` of what `encode` gives, in multiples of `unit`."""
        return self.expand(generated[:, :1]) / self.unit

    def add(self, generated: torch.Tensor, field: torch.Tensor) -> torch.Tensor:
        """Add to a sample's residual, in disparity: noise added to the companded one would grow heavy tails.

        Args:
            generated: ``(B, 2, H, W)`` as `encode` gives it.
            field: ``(B, 1, H, W)`` in multiples of `unit`.

        Returns:
            ``(B, 2, H, W)``, its validity as it was.
        """
        residual = self.residual(generated) + field
        return torch.cat([self.compand(self.unit * residual), generated[:, 1:]], dim=1)

    def encode(self, clean: torch.Tensor, sensor: torch.Tensor) -> torch.Tensor:
        """Training target.

        Args:
            clean: ``(B, 1, H, W)`` clean disparity S, px, 0 = invalid.
            sensor: ``(B, 1, H, W)`` sensor disparity R, px, 0 = invalid.

        Returns:
            ``(B, 2, H, W)``: companded residual (0 where either is invalid) and validity in {-1, +1}.
        """
        valid = (sensor >= self.min_disparity) & (clean > 0)
        residual = torch.where(valid, sensor - clean, torch.zeros_like(clean))
        validity = torch.where(valid, 1.0, -1.0).to(clean.dtype)
        return torch.cat([self.compand(residual), validity], dim=1)

    def decode(
        self, clean: torch.Tensor, generated: torch.Tensor, validity_threshold: float = 0.0
    ) -> torch.Tensor:
        """Sensor disparity from a generated sample, quantised as the sensor does it (after the network).

        Args:
            clean: ``(B, 1, H, W)`` clean disparity, px, 0 = invalid.
            generated: ``(B, 2, H, W)`` as `encode` gives it.
            validity_threshold: Samples whose validity lies below it are holes.

        Returns:
            ``(B, 1, H, W)`` px, multiples of 1/``subpixel_steps``, 0 = invalid.
        """
        return self.quantise(self.disparity(clean, generated, validity_threshold))

    def disparity(
        self, clean: torch.Tensor, generated: torch.Tensor, validity_threshold: float = 0.0
    ) -> torch.Tensor:
        """As `decode`, before the sensor's quantisation."""
        disparity = clean + self.expand(generated[:, :1])
        valid = (generated[:, 1:2] > validity_threshold) & (clean > 0) & (disparity >= self.min_disparity)
        return torch.where(valid, disparity, torch.zeros_like(disparity))

    def quantise(self, disparity: torch.Tensor) -> torch.Tensor:
        """Disparity in steps of 1/``subpixel_steps`` px; 0 stays invalid."""
        steps = torch.round(disparity * self.subpixel_steps) / self.subpixel_steps
        return torch.where(steps >= self.min_disparity, steps, torch.zeros_like(steps))
