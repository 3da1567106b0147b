"""Sampling from a network that predicts x0."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from reald2iff.diffusion.sampling import sample_stage


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_network_that_knows_the_answer_is_believed(steps) -> None:
    answer = torch.randn(2, 2, 4, 4)
    sample, deviation = sample_stage(
        lambda x, sigma, condition: (answer, None),
        FlowMatchEulerDiscreteScheduler(shift=3.0),
        torch.randn(2, 2, 4, 4),
        torch.zeros(2, 1, 4, 4),
        steps,
    )
    torch.testing.assert_close(sample, answer, rtol=1e-4, atol=1e-4)
    assert deviation is None


def test_every_call_sees_its_noise_level_from_one_downwards() -> None:
    seen = []

    def denoiser(x, sigma, condition):
        seen.append(float(sigma[0]))
        return torch.zeros_like(x), None

    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    sample_stage(denoiser, scheduler, torch.randn(1, 2, 4, 4), torch.zeros(1, 1, 4, 4), 4)
    assert seen[0] == pytest.approx(1.0, abs=1e-3)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 4
