"""Noise of a given spread and of the sensor's shape."""

import pytest
import torch

from reald2iff.diffusion.texture import blurred, blurred_within, roots_of_texture, texture_field


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _rough(*shape: int) -> torch.Tensor:
    """A sample's residual: correlated noise of standard deviation 0.3."""
    smooth = blurred(_noise(*shape, seed=9), 4.0, 2.0)
    return 0.3 * smooth / smooth.std()


def _field(ratio: float | torch.Tensor) -> torch.Tensor:
    residual = _rough(6, 1, 192, 192)
    ratios = torch.as_tensor(ratio).expand(6, 1, 8, 8)
    return texture_field(residual, torch.ones_like(residual), ratios, _noise(6, 1, 192, 192))


def test_a_field_is_in_proportion_to_the_samples_roughness():
    # The square of a mean of square roots is less than the standard deviation.
    torch.testing.assert_close(_field(2.0)[..., 16:-16, 16:-16].std(), torch.tensor(0.39), atol=0.05, rtol=0)


def test_a_ratio_of_nothing_gives_no_field():
    assert not _field(0.0).any()


def test_the_field_follows_the_ratios_map():
    ratio = torch.zeros(8, 8)
    ratio[:, 4:] = 1.0
    field = _field(ratio)
    assert field[..., :72].std() < 0.02 < 0.1 < field[..., 120:-16].std()


def test_the_field_is_weak_where_the_sample_is_smooth():
    residual = _rough(4, 1, 128, 128)
    residual[..., :64] *= 0.2
    field = texture_field(residual, torch.ones_like(residual), torch.ones(4, 1, 8, 8), _noise(4, 1, 128, 128))
    assert 3 * field[..., :32].std() < field[..., 96:].std()


@pytest.mark.parametrize(("axis", "around"), [(-1, (7, 9)), (-2, (4, 6))])
def test_behind_the_low_pass_noise_is_longer_along_rows(axis, around):
    field = blurred(_field(1.0), 2.0, 2.0)[..., 24:-24, 24:-24]
    length = field.shape[axis]
    near, far = (
        (field.narrow(axis, 0, length - n) * field.narrow(axis, n, length - n)).mean() / field.square().mean()
        for n in around
    )
    assert near > 0.5 > far


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
    torch.testing.assert_close(blurred_within(images, seen, 3.0, 3.0), 2.0 * seen, rtol=1e-4, atol=1e-4)


def test_the_blur_of_a_constant_is_itself_up_to_the_borders():
    constant = torch.full((1, 1, 48, 64), 3.0)
    torch.testing.assert_close(blurred(constant, 4.0, 2.0), constant)
