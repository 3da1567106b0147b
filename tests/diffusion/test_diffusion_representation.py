"""Companded residual and validity."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.diffusion.representation import Representation
from reald2iff.errors import InvalidParameterError

REPRESENTATION = Representation()


@given(st.floats(-39, 39, width=32))
def test_companding_is_undone_by_expanding(residual) -> None:
    value = torch.tensor([residual])
    torch.testing.assert_close(
        REPRESENTATION.expand(REPRESENTATION.compand(value)), value, rtol=1e-4, atol=1e-5
    )


def test_decoding_an_encoded_pair_gives_the_sensor_back() -> None:
    clean = torch.rand(2, 1, 6, 7) * 30 + 5
    sensor = torch.round((clean + torch.randn_like(clean) * 0.3) * 32) / 32
    sensor[0, 0, 0] = 0
    assert torch.equal(REPRESENTATION.decode(clean, REPRESENTATION.encode(clean, sensor)), sensor)


def test_a_hole_of_the_sensor_has_validity_minus_one_and_no_residual() -> None:
    encoded = REPRESENTATION.encode(torch.full((1, 1, 1, 2), 9.0), torch.tensor([[[[0.0, 9.5]]]]))
    assert encoded[0, :, 0, 0].tolist() == [0, -1]
    assert encoded[0, 1, 0, 1] == 1


def test_decoded_disparity_lies_on_the_sensors_comb() -> None:
    disparity = REPRESENTATION.decode(torch.rand(1, 1, 5, 5) * 20 + 4, torch.randn(1, 2, 5, 5))
    assert torch.equal(disparity * 32, torch.round(disparity * 32))


def test_nothing_is_made_up_where_the_clean_disparity_is_invalid() -> None:
    assert not REPRESENTATION.decode(torch.zeros(1, 1, 3, 3), torch.ones(1, 2, 3, 3)).any()


def test_noise_is_added_in_disparity_and_validity_left_alone() -> None:
    clean = torch.full((1, 1, 8, 8), 20.0)
    generated = REPRESENTATION.encode(clean, clean + 1.0)
    field = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    added = REPRESENTATION.add(generated, field)
    torch.testing.assert_close(REPRESENTATION.expand(added[:, :1]), 1.0 + REPRESENTATION.unit * field)
    assert torch.equal(added[:, 1:], generated[:, 1:])


def test_a_small_residual_of_one_unit_is_one_in_the_networks_eyes() -> None:
    small = torch.tensor([1e-3])
    torch.testing.assert_close(REPRESENTATION.compand(small * REPRESENTATION.unit), small, rtol=1e-3, atol=0)


def test_a_scale_that_is_not_positive_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="compand_scale = 0"):
        Representation(compand_scale=0)
