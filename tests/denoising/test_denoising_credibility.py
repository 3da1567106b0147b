"""Frames that are refused before the network sees them, and results that are not believed."""

import numpy as np
import pytest
from denoising_frames import SHAPE, room, smooth_noise

from reald2iff.denoising.credibility import (
    CredibilityLimits,
    count_shadows,
    refuse_frame,
    refuse_result,
)
from reald2iff.errors import InvalidParameterError

LIMITS = CredibilityLimits()


@pytest.fixture(scope="module")
def frame() -> tuple[np.ndarray, np.ndarray]:
    return room(np.random.default_rng(0))


def test_a_stereo_frame_is_not_refused(frame) -> None:
    clean, sensed = frame
    assert refuse_frame(sensed, LIMITS) is None
    assert refuse_result(sensed, clean, np.full(SHAPE, 0.03, np.float32), LIMITS) is None


def test_shadows_lie_left_of_near_surfaces(frame) -> None:
    shadows = count_shadows(frame[1])
    assert shadows.left > 100
    assert shadows.right == 0


def test_an_empty_frame_is_refused() -> None:
    assert "only 0% of the pixels" in str(refuse_frame(np.zeros(SHAPE, np.float32), LIMITS))


def test_depth_in_millimetres_is_refused(frame) -> None:
    millimetres = np.where(frame[1] > 0, 19130 / np.maximum(frame[1], 1), 0).astype(np.float32)
    assert "millimetres" in str(refuse_frame(millimetres, LIMITS))


def test_depth_in_metres_is_refused(frame) -> None:
    millimetres = np.where(frame[1] > 0, np.rint(19130 / np.maximum(frame[1], 1)), 0)
    metres = millimetres.astype(np.float32) * np.float32(0.001)
    assert "depth in metres" in str(refuse_frame(metres, LIMITS))


def test_disparity_of_another_baseline_is_refused(frame) -> None:
    assert "another baseline" in str(refuse_frame(frame[1] * np.float32(1.7), LIMITS))


def test_inverted_disparity_is_refused(frame) -> None:
    sensed = frame[1]
    inverted = np.where(sensed > 0, sensed.max() + 5 - sensed, 0).astype(np.float32)
    assert "inverted" in str(refuse_frame(inverted, LIMITS))


def test_a_mirrored_image_is_refused(frame) -> None:
    assert "mirrored" in str(refuse_frame(np.ascontiguousarray(frame[1][:, ::-1]), LIMITS))


def test_an_unsure_result_is_refused(frame) -> None:
    reason = refuse_result(frame[1], frame[0], np.full(SHAPE, 2.0, np.float32), LIMITS)
    assert "unsure by more than 1 px over 100%" in str(reason)


def test_a_result_far_from_the_measurement_is_refused(frame) -> None:
    reason = refuse_result(frame[1], frame[0] + 2, np.full(SHAPE, 0.1, np.float32), LIMITS)
    assert "disagrees with the measured one: median 2.0" in str(reason)


def test_a_frame_without_noise_or_holes_is_refused(frame) -> None:
    clean = frame[0]
    reason = refuse_result(clean, clean + 0.005, np.full(SHAPE, 0.02, np.float32), LIMITS)
    assert "no sensor noise to remove" in str(reason)
    noise = smooth_noise(SHAPE, np.random.default_rng(1))
    assert refuse_result(clean + noise, clean, np.full(SHAPE, 0.02, np.float32), LIMITS) is None


@pytest.mark.parametrize("options", [{"valid_share": 1.5}, {"spread": 0.0}, {"largest_disparity": -1.0}])
def test_limits_out_of_range_are_refused(options) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        CredibilityLimits(**options)
