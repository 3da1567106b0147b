"""Noise of a given spread and of the sensor's shape."""

import pytest
import torch

from reald2iff.diffusion.texture import blurred, blurred_within, texture_field, texture_of


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _field(spread: float) -> torch.Tensor:
    return texture_field(torch.full((6, 1, 8, 8), spread), _noise(6, 1, 192, 192))


def test_a_field_has_the_spread_that_was_asked_for():
    torch.testing.assert_close(_field(0.3)[..., 16:-16, 16:-16].std(), torch.tensor(0.3), atol=0.03, rtol=0)


def test_no_spread_gives_no_field():
    assert not _field(0.0).any()


def test_spread_follows_its_map():
    spread = torch.zeros(4, 1, 8, 8)
    spread[..., 4:] = 1.0
    field = texture_field(spread, _noise(4, 1, 128, 128))
    assert field[..., :48].std() < 0.05 < 0.8 < field[..., 80:-16].std()


@pytest.mark.parametrize(("axis", "around"), [(-1, (7, 9)), (-2, (4, 6))])
def test_behind_the_low_pass_noise_is_longer_along_rows(axis, around):
    field = blurred(_field(1.0), 2.0, 2.0)[..., 24:-24, 24:-24]
    length = field.shape[axis]
    near, far = (
        (field.narrow(axis, 0, length - n) * field.narrow(axis, n, length - n)).mean() / field.square().mean()
        for n in around
    )
    assert near > 0.5 > far


def test_texture_is_what_is_left_without_the_wide():
    seen = torch.ones(1, 1, 96, 96)
    ramp = torch.linspace(0, 1, 96).expand(1, 1, 96, 96)
    assert texture_of(ramp, seen)[..., 40:-40].abs().max() < 1e-4
    noise = _noise(1, 1, 96, 96)
    assert texture_of(ramp + noise, seen).std() > 0.9 * noise.std()


def test_unseen_pixels_do_not_bleed_into_the_blur():
    seen = torch.ones(1, 1, 48, 48)
    seen[..., 20:28] = 0
    images = torch.where(seen > 0, 2.0, 1000.0)
    torch.testing.assert_close(blurred_within(images, seen, 3.0, 3.0), 2.0 * seen, rtol=1e-4, atol=1e-4)


def test_the_blur_of_a_constant_is_itself_up_to_the_borders():
    constant = torch.full((1, 1, 48, 64), 3.0)
    torch.testing.assert_close(blurred(constant, 4.0, 2.0), constant)
