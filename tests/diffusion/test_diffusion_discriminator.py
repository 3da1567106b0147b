import torch

from reald2iff.diffusion.training.discriminator import (
    PatchDiscriminator,
    geometry_channels,
    noise_channels,
)


def _clean(*shape: int) -> torch.Tensor:
    return torch.linspace(5, 20, 64).expand(*shape, 64).clone()


def test_both_scales_judge_every_place():
    setting = torch.zeros(2, 2, 64, 64)
    clean = _clean(2, 1, 64)
    texture, context = PatchDiscriminator(8)(
        geometry_channels(clean, setting), noise_channels(torch.zeros_like(clean), torch.ones_like(clean))
    )
    assert texture.shape == (2, 1, 16, 16)
    assert context.shape == (2, 1, 8, 8)


def test_the_finest_texture_is_a_channel_of_its_own():
    wave = torch.full((1, 1, 32, 32), 0.02)
    checks = wave * (1 - 2 * ((torch.arange(32)[:, None] + torch.arange(32)) % 2))
    smooth, rough = (noise_channels(x, torch.ones_like(x))[0, 2].abs().mean() for x in (wave, checks))
    assert smooth < 0.01 < rough


def test_depth_inside_holes_is_not_seen():
    residual = torch.full((1, 1, 32, 32), 0.1)
    hole = torch.ones_like(residual)
    hole[..., 8:16, 8:16] = -1
    masked = residual * (hole > 0)
    channels = noise_channels(masked, hole)
    assert channels[0, :3, 10, 10].abs().max() == 0


def test_the_setting_reaches_the_discriminator():
    clean = _clean(1, 1, 64)
    setting = torch.stack([torch.full((64, 64), 0.5), torch.full((64, 64), -1.0)])[None]
    assert torch.equal(geometry_channels(clean, setting)[:, -2:], setting)
