"""What the denoising network sees."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reald2iff.denoising.inputs import CANDIDATES, FEATURES, compand, denoiser_inputs, fill_rows, surfaces


def image(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(rows, dtype=np.float32))[None, None]


@settings(max_examples=5, deadline=None)
@given(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15), st.floats(30, 60))
def test_every_fit_reproduces_a_plane_away_from_the_borders(slope_x, slope_y, level) -> None:
    y, x = np.mgrid[:128, :128]
    plane = image(level + slope_x * (x - 64) + slope_y * (y - 64))
    # A prior keeps slopes from few pixels small: the narrow fit is a little flat.
    for fit, tolerance in zip(surfaces(plane)[:3], (0.13, 0.02, 0.003), strict=True):
        np.testing.assert_allclose(fit[..., 60:68, 60:68], plane[..., 60:68, 60:68], atol=tolerance)


def test_wide_fits_remove_more_of_smooth_noise_than_narrow_ones() -> None:
    from denoising_frames import smooth_noise

    noise = smooth_noise((192, 192), np.random.default_rng(0))
    fits = [fit[..., 64:128, 64:128] - 20 for fit in surfaces(image(20 + noise))[:3]]
    spreads = [float(fit.std()) for fit in fits]
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 0.35 * noise.std()


def test_fits_do_not_leak_across_a_jump() -> None:
    step = np.where(np.arange(128) < 64, 10.0, 20.0) * np.ones((64, 1))
    for fit in surfaces(image(step))[:3]:
        np.testing.assert_allclose(fit[0, 0], step, atol=1e-3)


def test_far_and_near_surfaces_are_both_offered_beside_a_jump() -> None:
    step = np.where(np.arange(128) < 64, 10.0, 20.0) * np.ones((64, 1))
    *_, far, near = surfaces(image(step))
    assert torch.allclose(far[..., 66], torch.tensor(10.0), atol=1e-2)
    assert torch.allclose(near[..., 61], torch.tensor(20.0), atol=1e-2)


def test_holes_take_the_farther_and_the_nearer_neighbour_of_their_row() -> None:
    farther, nearer = fill_rows(image([[5, 0, 0, 9, 0, 7], [0, 0, 3, 0, 0, 0]]))
    assert farther[0, 0].tolist() == [[5, 5, 5, 9, 7, 7], [3, 3, 3, 3, 3, 3]]
    assert nearer[0, 0].tolist() == [[5, 9, 9, 9, 9, 7], [3, 3, 3, 3, 3, 3]]


def test_empty_rows_take_the_values_above_or_below() -> None:
    farther, nearer = fill_rows(image([[0, 0], [4, 6], [0, 0]]))
    assert farther[0, 0].tolist() == nearer[0, 0].tolist() == [[4, 6], [4, 6], [4, 6]]


def test_holes_leave_no_value_that_is_not_finite() -> None:
    disparity = np.full((64, 64), 12.0)
    disparity[:, 8:] = 0
    disparity[40:] = 0
    inputs = denoiser_inputs(image(disparity))
    assert inputs.candidates.shape == (1, CANDIDATES, 64, 64)
    assert inputs.features.shape == (1, FEATURES, 64, 64)
    assert torch.isfinite(inputs.candidates).all() and torch.isfinite(inputs.features).all()
    assert torch.allclose(inputs.candidates, torch.tensor(12.0), atol=1e-3)


@given(st.floats(-80, 80))
def test_companding_is_odd_and_grows_like_asinh(difference) -> None:
    value = torch.tensor(difference, dtype=torch.float64)
    torch.testing.assert_close(compand(value), torch.asinh(value / 0.1), rtol=1e-6, atol=1e-9)
