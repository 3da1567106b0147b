"""The discrepancy map, and the loss weights of discrepancy-guided optimization (RealD2iff section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from reald2iff.errors import InvalidParameterError


def deviation(coarse: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Per-pixel deviation of the coarse output from the sensor, which the coarse stage learns to predict.

    Args:
        coarse: ``(B, 2, H, W)`` generated residual (companded) and validity.
        target: ``(B, 2, H, W)`` the sensor's, in full.

    Returns:
        ``(B, 1, H, W)``: difference of the residuals where the sensor measured, plus half the difference of
        the validities, limited to 3.
    """
    valid = (target[:, 1:2] + 1) / 2
    residual = (coarse[:, :1] - target[:, :1]).abs() * valid
    return (residual + (coarse[:, 1:2] - target[:, 1:2]).abs() / 2).clamp(max=3.0)


@dataclass(frozen=True)
class DiscrepancyGuidance:
    """Which regions the fine stage works on.

    Attributes:
        block: Side of the non-overlapping blocks the deviation is averaged over, px.
        threshold: tau on the normalised map; above it a block counts as unsatisfactory.
        weight_high: Loss weight of unsatisfactory blocks (value of Stable-Sim2Real's code).
        weight_low: Loss weight of the others.
    """

    block: int = 8
    threshold: float = 0.5
    weight_high: float = 1.5
    weight_low: float = 0.5

    def __post_init__(self) -> None:
        if self.block < 1:
            raise InvalidParameterError(f"block = {self.block}: expected 1 or more pixels")
        if not 0 <= self.threshold <= 1:
            raise InvalidParameterError(f"threshold = {self.threshold}: expected 0 to 1")
        if self.weight_low < 0 or self.weight_high <= 0:
            raise InvalidParameterError(
                f"weights {self.weight_low}, {self.weight_high}: expected weight_low >= 0, weight_high > 0"
            )

    def normalised_map(self, deviation: torch.Tensor) -> torch.Tensor:
        """Block means of a ``(B, 1, H, W)`` deviation, in [0, 1] per image: ``(B, 1, H, W)``."""
        height, width = deviation.shape[-2:]
        mean = F.avg_pool2d(
            deviation.float().clamp(min=0), self.block, ceil_mode=True, count_include_pad=False
        )
        low, high = mean.amin((-2, -1), keepdim=True), mean.amax((-2, -1), keepdim=True)
        unit = (mean - low) / (high - low).clamp(min=1e-6)
        full = unit.repeat_interleave(self.block, -2).repeat_interleave(self.block, -1)
        return full[..., :height, :width]

    def weights(self, normalised: torch.Tensor) -> torch.Tensor:
        """Loss weight per pixel from a normalised map."""
        return torch.where(normalised > self.threshold, self.weight_high, self.weight_low)
