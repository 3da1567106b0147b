"""What the networks are told of the clean disparity."""

import torch

from reald2iff.diffusion.condition import (
    CONDITION_CHANNELS,
    CONTEXT_LEFT,
    CONTEXT_RIGHT,
    condition_features,
)

HIDDEN_FROM_RIGHT, HIDDEN_FROM_PROJECTOR, LEFT_BORDER = 5, 6, 7


def test_features_have_the_stated_number_of_channels(box_disparity) -> None:
    assert condition_features(box_disparity).shape == (1, CONDITION_CHANNELS, 40, 56)


def test_what_lies_left_of_a_near_box_is_hidden_from_the_right_imager(box_disparity) -> None:
    hidden = condition_features(box_disparity)[0, HIDDEN_FROM_RIGHT, 20]
    # The box is 12 px nearer: it hides the 12 px of wall left of it, most of them next to it.
    assert (hidden[13:24] > 0).all()
    assert not hidden[:13].any()
    assert not hidden[24:40].any()


def test_the_projectors_shadow_is_narrower_than_the_imagers(box_disparity) -> None:
    features = condition_features(box_disparity)[0, :, 20]
    assert (features[HIDDEN_FROM_PROJECTOR] > 0).sum() < (features[HIDDEN_FROM_RIGHT] > 0).sum()


def test_the_left_border_feature_grows_with_the_column_and_falls_with_disparity(box_disparity) -> None:
    border = condition_features(box_disparity)[0, LEFT_BORDER, 20]
    assert border[2] < border[18]
    assert border[24] < border[23]


def test_features_of_a_window_equal_those_of_the_whole_rows() -> None:
    disparity = torch.rand(1, 1, 80, 60) * 20 + 5
    window = condition_features(disparity[..., 20:60, :])
    # The widest mean reaches 16 rows up and down.
    torch.testing.assert_close(window[..., 16:24, :], condition_features(disparity)[..., 36:44, :])


def test_a_part_with_its_context_gets_the_features_of_the_whole_image() -> None:
    disparity = torch.rand(2, 1, 12, 400) * 90 + 5
    left, right = 100, 140
    start, end = left - CONTEXT_LEFT, right + CONTEXT_RIGHT
    part = condition_features(disparity[..., start:end], torch.tensor([start, start])[:, None, None, None])
    whole = condition_features(disparity)[..., left:right]
    torch.testing.assert_close(part[..., CONTEXT_LEFT : CONTEXT_LEFT + right - left], whole)
