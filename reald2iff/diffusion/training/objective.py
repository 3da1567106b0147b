"""The diffusion loss of both stages: x0 predicted from a flow-matching mixture of sample and noise."""

from __future__ import annotations

import torch

from reald2iff.diffusion.training.config import ObjectiveConfig


def draw_sigmas(count: int, config: ObjectiveConfig, generator: torch.Generator) -> torch.Tensor:
    """``(count,)`` noise levels in (0, 1), with the schedule's shift applied."""
    uniform = torch.rand(count, generator=generator)
    logit_normal = torch.sigmoid(torch.randn(count, generator=generator))
    choose = torch.rand(count, generator=generator) < config.logit_normal_share
    base = torch.where(choose, logit_normal, uniform).clamp(1e-3, 1.0)
    return config.shift * base / (1 + (config.shift - 1) * base)


def add_noise(x0: torch.Tensor, sigma: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """``(1 - sigma) x0 + sigma noise``, the sample at noise level ``sigma (B,)``."""
    level = sigma.view(-1, 1, 1, 1)
    return (1 - level) * x0 + level * noise


def x0_loss(
    predicted: torch.Tensor,
    x0: torch.Tensor,
    sigma: torch.Tensor,
    weight: torch.Tensor,
    config: ObjectiveConfig,
) -> torch.Tensor:
    """Weighted squared error of the predicted x0; ``weight`` broadcasts over channels and px."""
    level = sigma.clamp(min=config.sigma_floor).view(-1, 1, 1, 1)
    return (weight * (predicted - x0).square() / level.square()).mean()


def channel_weight(target: torch.Tensor, hole_residual_weight: float) -> torch.Tensor:
    """``(B, 2, H, W)``: full weight on validity, little on the residual inside holes."""
    valid = (target[:, 1:2] + 1) / 2
    residual = hole_residual_weight + (1 - hole_residual_weight) * valid.clamp(0, 1)
    return torch.cat([residual, torch.ones_like(valid)], dim=1)
