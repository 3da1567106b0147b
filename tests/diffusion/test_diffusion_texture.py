"""Noise of a given spread and of the sensor's shape."""

import math

import torch

from reald2iff.diffusion.texture import (
    GAIN_DISPARITIES,
    blurred,
    blurred_within,
    gain_at,
    missing_texture,
    roots_of_texture,
)


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _rough(*shape: int) -> torch.Tensor:
    """A sample's residual: correlated noise of standard deviation 0.3."""
    smooth = blurred(_noise(*shape, seed=9), 4.0, 2.0)
    return 0.3 * smooth / smooth.std()


def _missing(residual: torch.Tensor, ratio: float | torch.Tensor) -> torch.Tensor:
    ratios = torch.as_tensor(ratio).expand(len(residual), 1, 8, 8)
    return missing_texture(residual, torch.ones_like(residual), ratios)


def test_waves_grow_by_the_ratio():
    residual = (0.4 * torch.sin(2 * math.pi * torch.arange(192) / 28)).expand(6, 1, 192, 192)
    grown = residual + _missing(residual, 0.8)
    seen = torch.ones_like(residual)
    ratio = (roots_of_texture(grown, seen).mean() / roots_of_texture(residual, seen).mean()) ** 2
    # Of waves of 28 px, 0.83 lies in the band between the narrow and the wide radius.
    torch.testing.assert_close(ratio, torch.tensor(1 + 0.8 * 0.83), atol=0.1, rtol=0)


def test_what_is_finer_than_texture_does_not_grow():
    fine = _noise(1, 1, 192, 192)
    assert _missing(fine, 0.8).std() < 0.1 * fine.std()


def test_a_ratio_of_nothing_changes_nothing():
    assert not _missing(_rough(1, 1, 64, 64), 0.0).any()


def test_waves_grow_where_the_ratios_map_says():
    ratio = torch.zeros(8, 8)
    ratio[:, 4:] = 1.0
    missing = _missing(_rough(4, 1, 128, 128), ratio)
    assert missing[..., :48].std() < 0.02 < 0.1 < missing[..., 80:].std()


def test_wide_structure_does_not_grow():
    ramp = torch.linspace(0, 1, 128).expand(1, 1, 128, 128)
    assert _missing(ramp, 1.0)[..., 40:-40].abs().max() < 1e-4


def test_steps_at_edges_grow_by_no_more_than_the_height_of_strong_noise():
    step = torch.zeros(1, 1, 96, 96)
    step[..., 48:] = 200.0
    assert _missing(step, 1.0).abs().max() < 6


def test_what_is_wide_is_no_texture():
    seen = torch.ones(1, 1, 96, 96)
    ramp = torch.linspace(0, 1, 96).expand(1, 1, 96, 96)
    noise = 0.3 * _noise(1, 1, 96, 96)
    wide, both, alone = (roots_of_texture(image, seen)[..., 40:-40] for image in (ramp, ramp + noise, noise))
    torch.testing.assert_close(wide, roots_of_texture(torch.zeros_like(ramp), seen)[..., 40:-40])
    torch.testing.assert_close(both.mean(), alone.mean(), rtol=0.05, atol=0)


def test_a_thin_structure_hardly_adds_roughness():
    seen = torch.ones(1, 1, 96, 96)
    residual = _rough(1, 1, 96, 96)
    edge = residual.clone()
    edge[..., 46:48] = 100.0
    assert roots_of_texture(edge, seen).mean() < 1.4 * roots_of_texture(residual, seen).mean()


def test_unseen_pixels_do_not_bleed_into_the_blur():
    seen = torch.ones(1, 1, 48, 48)
    seen[..., 20:28] = 0
    images = torch.where(seen > 0, 2.0, 1000.0)
    blurry = blurred_within(images, seen, (3.0, 3.0), 2)
    torch.testing.assert_close(blurry[seen > 0], torch.full_like(blurry, 2.0)[seen > 0], rtol=1e-4, atol=1e-4)


def test_the_blur_of_a_constant_is_itself_up_to_the_borders():
    constant = torch.full((1, 1, 48, 64), 3.0)
    torch.testing.assert_close(blurred(constant, 4.0, 2.0), constant)


def test_gains_hold_at_their_disparities_and_go_on_beyond_the_ends():
    gains = tuple(0.1 * index for index in range(len(GAIN_DISPARITIES)))
    middle = (GAIN_DISPARITIES[2] + GAIN_DISPARITIES[3]) / 2
    disparity = torch.tensor([1.0, *GAIN_DISPARITIES, middle, 90.0]).view(1, 1, 1, -1)
    expected = torch.tensor([0.0, *gains, 0.25, gains[-1]]).view(1, 1, 1, -1)
    torch.testing.assert_close(gain_at(gains, disparity), expected)
