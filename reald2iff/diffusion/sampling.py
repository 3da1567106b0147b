"""Sampling one stage with a diffusers scheduler from a network that predicts x0."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

Denoiser = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor | None]]
"""``(sample, sigma (B,), condition) -> (x0, second or None)``: a backbone, or its compiled form."""


def sigma_schedule(steps: int) -> list[float]:
    """Noise levels of ``steps`` calls, evenly spaced from 1; the scheduler's ``shift`` is applied to them."""
    return [1.0 - i / steps for i in range(steps)]


def sample_stage(
    denoiser: Denoiser,
    scheduler: FlowMatchEulerDiscreteScheduler,
    noise: torch.Tensor,
    condition: torch.Tensor,
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Integrate from noise to a sample.

    Args:
        denoiser: Predicts x0.
        scheduler: Its ``shift`` places the steps.
        noise: Standard normal, in the space of diffusion.
        condition: ``(B, C, H, W)``.
        steps: Network calls, at least 1.

    Returns:
        The sample in the space of diffusion, and the second output (deviation or spread) of the last call.
    """
    scheduler.set_timesteps(sigmas=sigma_schedule(steps), device=noise.device)
    sample, second = noise, None
    for sigma, timestep in zip(scheduler.sigmas[:-1], scheduler.timesteps, strict=True):
        x0, second = denoiser(sample, sigma.expand(len(sample)), condition)
        velocity = (sample - x0) / sigma
        sample = scheduler.step(velocity, timestep, sample).prev_sample
    return sample, second
