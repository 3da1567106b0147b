"""The pixel backbone."""

import torch

from reald2iff.diffusion.backbone import DetailHead, PixelBackbone


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


def test_a_new_detail_head_changes_nothing() -> None:
    torch.manual_seed(0)
    plain = PixelBackbone(3, 4, (8, 16), 1).eval()
    detailed = PixelBackbone(3, 4, (8, 16), 1, detail_width=4).eval()
    detailed.start_from(plain)
    inputs = torch.randn(1, 2, 16, 16), torch.tensor([0.5]), torch.randn(1, 3, 16, 16)
    torch.testing.assert_close(detailed(*inputs)[0], plain(*inputs)[0])


def test_the_detail_head_corrects_a_pixel_from_the_three_around_it() -> None:
    torch.manual_seed(0)
    head = DetailHead(1, 4).eval()
    torch.nn.init.normal_(head.layers[-1].weight)
    answer, sample, condition = (
        torch.randn(1, 2, 16, 16),
        torch.randn(1, 2, 16, 16),
        torch.zeros(1, 1, 16, 16),
    )
    moved = condition.clone()
    moved[..., 8, 8] = 1
    change = (head(answer, sample, moved) - head(answer, sample, condition)).abs().amax((0, 1))
    rows, columns = torch.nonzero(change > 0, as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 11, 5, 11)


def test_a_detail_head_leaves_the_deviation_alone() -> None:
    torch.manual_seed(0)
    network = PixelBackbone(3, 4, (8, 16), 1, deviation_head=True, detail_width=4).eval()
    inputs = torch.randn(1, 2, 16, 16), torch.tensor([0.5]), torch.randn(1, 3, 16, 16)
    before, deviation = network(*inputs)
    torch.nn.init.ones_(network.detail.layers[-1].bias)
    after, same = network(*inputs)
    torch.testing.assert_close(after, before + 1)
    torch.testing.assert_close(same, deviation)
