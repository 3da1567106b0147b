import torch

from reald2iff.diffusion.texture import BANDS, band_leakage, lay_texture, split_bands


def _noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _laid(sample: torch.Tensor, spread: torch.Tensor, seed: int) -> torch.Tensor:
    return lay_texture(sample, spread, _noise(*sample[:, :1].shape, seed=seed))


def _only(band: int, batch: int, spread: float = 1.0) -> torch.Tensor:
    only = torch.zeros(batch, BANDS, 8, 8)
    only[:, band] = spread
    return only


def test_each_band_has_the_spread_that_was_asked_for():
    for band in range(BANDS):
        laid = _laid(torch.zeros(6, 2, 192, 192), _only(band, 6, 0.3), 1)
        torch.testing.assert_close(laid[:, 0].std(), torch.tensor(0.3), atol=0.04, rtol=0)


def test_validity_is_left_alone():
    sample = _noise(1, 2, 64, 64)
    laid = _laid(sample, _only(0, 1), 1)
    assert torch.equal(laid[:, 1], sample[:, 1])
    assert not torch.equal(laid[:, 0], sample[:, 0])


def test_no_spread_adds_nothing():
    sample = _noise(1, 2, 64, 64)
    assert torch.equal(_laid(sample, torch.zeros(1, BANDS, 8, 8), 1), sample)


def test_later_bands_are_wider():
    widths = []
    for band in range(BANDS):
        field = _laid(torch.zeros(4, 2, 128, 128), _only(band, 4), 2)[:, 0]
        widths.append((field[:, :, 2:] * field[:, :, :-2]).mean() / field.square().mean())
    assert widths == sorted(widths)


def test_leakage_predicts_the_energies_of_a_laid_field():
    laid = _laid(torch.zeros(8, 2, 192, 192), _only(1, 8), 3)
    seen = split_bands(laid[:, :1])[..., 32:-32, 32:-32].square().mean((0, 2, 3))
    torch.testing.assert_close(seen, band_leakage()[:, 1], rtol=0.2, atol=0.005)


def test_bands_of_a_constant_are_empty_up_to_the_borders():
    assert split_bands(torch.full((1, 1, 48, 64), 3.0)).abs().max() < 1e-4
