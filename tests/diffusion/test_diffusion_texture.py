import pytest
import torch

from reald2iff.diffusion.texture import BANDS, band_leakage, blurred, split_bands, texture_field


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _field(spread: torch.Tensor, side: int, seed: int) -> torch.Tensor:
    return texture_field(spread, _noise(len(spread), 1, side, side, seed=seed))


def _only(band: int, batch: int, spread: float = 1.0) -> torch.Tensor:
    only = torch.zeros(batch, BANDS, 8, 8)
    only[:, band] = spread
    return only


def test_each_band_has_the_spread_that_was_asked_for():
    for band in range(BANDS):
        field = _field(_only(band, 6, 0.3), 192, 1)
        torch.testing.assert_close(field.std(), torch.tensor(0.3), atol=0.04, rtol=0)


def test_no_spread_gives_no_field():
    assert not _field(torch.zeros(1, BANDS, 8, 8), 64, 1).any()


def test_later_bands_are_wider():
    widths = []
    for band in range(BANDS):
        field = _field(_only(band, 4), 128, 2)[:, 0]
        widths.append((field[:, :, 2:] * field[:, :, :-2]).mean() / field.square().mean())
    assert widths == sorted(widths)


@pytest.mark.parametrize("lowpass", [0.0, 2.0])
def test_leakage_predicts_the_energies_of_a_field_after_the_low_pass(lowpass):
    field = _field(_only(1, 8), 192, 3)
    if lowpass:
        field = blurred(field, lowpass, lowpass)
    seen = split_bands(field)[..., 32:-32, 32:-32].square().mean((0, 2, 3))
    torch.testing.assert_close(seen, band_leakage(lowpass)[:, 1], rtol=0.2, atol=0.005)


def test_bands_of_a_constant_are_empty_up_to_the_borders():
    assert split_bands(torch.full((1, 1, 48, 64), 3.0)).abs().max() < 1e-4
