"""The pixel backbone."""

import torch

from reald2iff.diffusion.backbone import PixelBackbone


def test_a_warm_start_gives_what_the_other_network_gives_whatever_the_new_condition() -> None:
    torch.manual_seed(0)
    coarse = PixelBackbone(3, 4, (8, 16), 1, deviation_head=True).eval()
    fine = PixelBackbone(5, 4, (8, 16), 1).eval()
    fine.start_from(coarse)
    sample, sigma, condition = torch.randn(1, 2, 16, 16), torch.tensor([0.5]), torch.randn(1, 3, 16, 16)
    expected, _ = coarse(sample, sigma, condition)
    extended = torch.cat([condition, torch.randn(1, 2, 16, 16)], dim=1)
    torch.testing.assert_close(fine(sample, sigma, extended)[0], expected)


def test_the_deviation_is_never_negative_and_only_there_when_asked_for() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(1, 2, 16, 16), torch.tensor([0.5]), torch.randn(1, 3, 16, 16)
    _, deviation = PixelBackbone(3, 4, (8, 16), 1, deviation_head=True)(*inputs)
    assert deviation.shape == (1, 1, 16, 16)
    assert (deviation >= 0).all()
    assert PixelBackbone(3, 4, (8, 16), 1)(*inputs)[1] is None
