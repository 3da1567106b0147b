"""The discrepancy map and the weights made from it."""

import pytest
import torch

from reald2iff.diffusion.discrepancy import DiscrepancyGuidance, deviation
from reald2iff.errors import InvalidParameterError


def test_the_map_is_constant_in_each_block_and_spans_zero_to_one() -> None:
    result = DiscrepancyGuidance(block=8).normalised_map(torch.rand(2, 1, 32, 40))
    assert torch.equal(result[..., ::8, ::8].repeat_interleave(8, -1).repeat_interleave(8, -2), result)
    for image in result:
        assert image.min() == 0
        assert image.max() == 1


def test_images_that_are_no_multiple_of_the_block_keep_their_size() -> None:
    assert DiscrepancyGuidance().normalised_map(torch.rand(1, 1, 13, 21)).shape == (1, 1, 13, 21)


def test_a_flat_deviation_gives_no_discrepancy() -> None:
    assert not DiscrepancyGuidance().normalised_map(torch.full((1, 1, 16, 16), 2.0)).any()


def test_weights_follow_the_threshold() -> None:
    weights = DiscrepancyGuidance().weights(torch.tensor([0.2, 0.5, 0.51]))
    assert weights.tolist() == [0.5, 0.5, 1.5]


def test_deviation_ignores_the_residual_inside_holes_but_not_a_wrong_hole() -> None:
    target = torch.tensor([[[[0.0, 0.0]], [[-1.0, 1.0]]]])
    coarse = torch.tensor([[[[9.0, 0.5]], [[-1.0, -1.0]]]])
    assert deviation(coarse, target).flatten().tolist() == [0.0, 1.5]


def test_a_threshold_outside_the_map_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="threshold"):
        DiscrepancyGuidance(threshold=1.5)
