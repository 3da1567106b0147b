"""Frequency-guided supervision."""

import math

import pytest
import torch

from reald2iff.diffusion.frequency import FrequencyGuidance
from reald2iff.errors import InvalidParameterError


def wave(frequency: float, size: int = 128) -> torch.Tensor:
    return torch.sin(2 * math.pi * frequency * torch.arange(size)).expand(1, 1, size, size).clone()


@pytest.mark.parametrize(("frequency", "kept"), [(0.05, 1.0), (0.3, 0.0)])
def test_low_frequencies_stay_and_high_ones_go(frequency, kept) -> None:
    values = wave(frequency)
    middle = FrequencyGuidance().low_pass(values, torch.ones_like(values))[..., 32:96, 32:96]
    assert float(middle.std() / values.std()) == pytest.approx(kept, abs=0.05)


def test_a_constant_is_unchanged_up_to_the_borders_of_the_image() -> None:
    values = torch.full((1, 1, 40, 50), 2.5)
    torch.testing.assert_close(
        FrequencyGuidance().low_pass(values, torch.ones_like(values)), values, rtol=1e-3, atol=1e-3
    )


def test_a_hole_does_not_pull_its_surroundings_towards_zero() -> None:
    values, weights = torch.full((1, 1, 64, 64), 3.0), torch.ones(1, 1, 64, 64)
    weights[..., 28:34, 28:34] = 0
    values[..., 28:34, 28:34] = 1e3
    smooth = FrequencyGuidance().low_pass(values, weights)
    torch.testing.assert_close(smooth[weights > 0], values[weights > 0], rtol=1e-3, atol=1e-2)


def test_the_mask_is_radial_and_falls_to_half_at_the_cutoff() -> None:
    mask = FrequencyGuidance(cutoff=0.125).mask(64, 64)
    assert float(mask[8, 0]) == pytest.approx(0.5, abs=0.02)
    assert float(mask[0, 8]) == pytest.approx(float(mask[8, 0]))


def test_the_structural_target_keeps_holes_apart_from_the_residual() -> None:
    target = torch.zeros(1, 2, 48, 48)
    target[:, 1] = 1
    target[:, :, 10:30, 10:30] = torch.tensor([0.0, -1.0]).view(1, 2, 1, 1)
    structural = FrequencyGuidance().structural(target)
    assert structural[0, 1, 20, 20] < -0.9
    assert not structural[0, 0].any()


@pytest.mark.parametrize("cutoff", [0, 0.6])
def test_a_cutoff_outside_the_spectrum_is_refused(cutoff) -> None:
    with pytest.raises(InvalidParameterError, match="cutoff"):
        FrequencyGuidance(cutoff=cutoff)
