"""Each stage of the fingerprint gives the known answer on a made image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.fingerprint.border import border_rows, summarise_border
from reald2iff.metrics.fingerprint.comb import comb_scale, measure_comb
from reald2iff.metrics.fingerprint.dropout import count_holes, fill_rows
from reald2iff.metrics.fingerprint.edges import SIDES, find_transitions, summarise_edges
from reald2iff.metrics.fingerprint.patches import cut_patches
from reald2iff.metrics.fingerprint.planes import label_planes
from reald2iff.metrics.fingerprint.surface_noise import blur, measure_noise, summarise_noise
from reald2iff.metrics.fingerprint.temporal import measure_burst
from reald2iff.metrics.fingerprint.view import View

HEIGHT, WIDTH = 240, 320
Y, X = np.mgrid[:HEIGHT, :WIDTH]
PLANE = (20 + 0.01 * X + 0.02 * Y).astype(np.float32)


def correlated(rng, sigma, along_x, along_y, shape=(HEIGHT, WIDTH)):
    """Gaussian noise of a known standard deviation, blurred by a Gaussian of known sigmas."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), (along_y, along_x), mode="wrap")
    return (sigma * noise / noise.std()).astype(np.float32)


def noise_features(image, scale=1.0):
    view = View.of(image, scale)
    return summarise_noise([measure_noise(cut_patches(view), scale)])


# left border


@settings(max_examples=20, deadline=None)
@given(excess=st.integers(0, 15), slope=st.sampled_from([0.0, 0.5, 1.0]))
def test_a_known_border_band_gives_its_excess_and_slope(excess, slope):
    disparity = (
        np.broadcast_to(np.linspace(10, 40, HEIGHT)[:, None], (HEIGHT, WIDTH)).astype(np.float32).copy()
    )
    start = np.round(slope * disparity[:, :1] + excess)
    disparity[start > X] = 0
    features = summarise_border([border_rows(View.of(disparity))])
    assert features["border_slope"].median == pytest.approx(slope, abs=0.06)
    if slope == 1:
        assert features["border_excess"].median == pytest.approx(excess, abs=0.51)


def test_rows_that_begin_with_a_hole_of_the_scene_do_not_count_as_border():
    disparity = PLANE.copy()
    disparity[:, :20] = 0
    disparity[:100, :200] = 0
    rows = border_rows(View.of(disparity))
    assert len(rows) == HEIGHT - 100 and (rows[:, 0] == 20).all()


# holes


def test_holes_are_counted_by_size_right_of_the_border():
    disparity = np.full((HEIGHT, WIDTH), 20, np.float32)
    disparity[:, :30] = 0
    for x in range(50, 90, 10):
        disparity[50, x] = 0  # four of 1 px
    disparity[100:102, 60:63] = 0  # one of 6 px
    disparity[150, 60] = disparity[151, 61] = 0  # touching at a corner: one of 2 px
    counts = count_holes(View.of(disparity))
    seen = HEIGHT * (WIDTH - 30)
    assert counts.interior == pytest.approx((4 + 6 + 2) / seen)
    assert counts.components_per_megapixel == pytest.approx(6 / seen * 1e6)
    np.testing.assert_allclose(counts.area_shares, [4 / 6, 2 / 6, 0, 0, 0])


def test_hole_rates_go_by_the_distance_to_the_edge():
    disparity = np.full((HEIGHT, WIDTH), 10, np.float32)
    disparity[:, 160:] = 30
    disparity[:, 157:160] = 0  # filled with 10: the edge stays between columns 159 and 160
    disparity[::2, 145] = 0  # 14 px from the edge's pixel 159: half of one of ten columns on one of two sides
    rates = count_holes(View.of(disparity)).edge_rates
    # Within 2 px: columns 158 and 159 of 158-161; 2-5 px: column 157 of 155-157 and 162-164.
    np.testing.assert_allclose(rates[:2], [2 / 4, 1 / 6])
    assert rates[2] == 0
    assert rates[3] == pytest.approx(0.5 / 20)


def test_hole_rates_by_disparity_leave_edges_out():
    disparity = np.full((HEIGHT, WIDTH), 10, np.float32)
    disparity[:, 160:] = 30
    disparity[:, 150:160] = 0  # near the edge
    disparity[::10, 300] = 0
    rates = count_holes(View.of(disparity)).disparity_rates
    assert rates[1] == 0 and rates[4] == pytest.approx(24 / (HEIGHT * (160 - 11)), rel=0.02)
    assert np.isnan(rates[[0, 2, 3, 5]]).all()


def test_holes_are_filled_with_the_background_of_the_row():
    row = np.array([[0, 0, 5, 0, 9, 0, 0]], np.float32)
    np.testing.assert_array_equal(fill_rows(row), [[5, 5, 5, 5, 9, 9, 9]])


# edges


def boxes(widths, jump=12.0):
    """Foreground boxes on a background, with bands of known widths on each side."""
    disparity = np.full((HEIGHT, WIDTH), 10, np.float32)
    for top in (30, 130):
        for left in (60, 200):
            box = (slice(top, top + 70), slice(left, left + 60))
            disparity[top - widths["top"] : top, box[1]] = 0
            disparity[top + 70 : top + 70 + widths["bottom"], box[1]] = 0
            disparity[box[0], left - widths["left"] : left] = 0
            disparity[box[0], left + 60 : left + 60 + widths["right"]] = 0
            disparity[box] = 10 + jump
    return disparity


def test_bands_of_known_width_are_measured_on_each_side():
    widths = {"left": 13, "right": 3, "top": 5, "bottom": 0}
    features = summarise_edges([find_transitions(View.of(boxes(widths)))])
    for side in SIDES:
        assert features[f"band_{side}_8_16"].median == widths[side]
        assert features[f"no_band_{side}"].median == (widths[side] == 0)
        assert features[f"band_{side}_4_8"] is None
        assert features[f"ramp_{side}"].median == 0


def test_a_ramp_between_the_sides_of_an_edge_is_no_band():
    disparity = np.full((HEIGHT, WIDTH), 10, np.float32)
    disparity[:, 100:] = 20
    disparity[:, 96:100] = [12, 14, 16, 18]
    features = summarise_edges([find_transitions(View.of(disparity))])
    assert features["ramp_left"].median == 4
    assert features["band_left_8_16"].median == 0


def test_widths_and_jumps_of_a_magnified_image_are_those_of_the_native_one():
    image = boxes({"left": 12, "right": 4, "top": 6, "bottom": 2})
    native = summarise_edges([find_transitions(View.of(image))])
    magnified = summarise_edges([find_transitions(View.of(np.kron(image, np.ones((2, 2))) * 2, 2.0))])
    for side in SIDES:
        assert magnified[f"band_{side}_8_16"].median == native[f"band_{side}_8_16"].median


# planes and the noise on them


def test_two_planes_are_labelled_apart_and_a_step_is_not_crossed():
    disparity = PLANE.copy()
    disparity[:, 200:] = 45 - 0.03 * X[:, 200:]
    labels = label_planes(View.of(disparity), np.random.default_rng(0))
    assert len(np.unique(labels[:, :200])) == 1 and len(np.unique(labels[:, 200:])) == 1
    assert labels[0, 0] != labels[0, -1] and labels.min() >= 0


def test_a_frame_without_depth_has_no_planes():
    patches = cut_patches(View.of(np.zeros((HEIGHT, WIDTH), np.float32)))
    assert len(patches.origins) == 0 and np.isnan(patches.hole_share)


def test_the_residual_of_a_patch_is_the_noise_on_its_plane():
    noise = correlated(np.random.default_rng(1), 0.05, 1, 1)
    patches = cut_patches(View.of(PLANE + noise))
    assert len(patches.origins) > 100
    row, column = patches.origins[10]
    window = noise[row : row + 48, column : column + 48]
    # The plane fitted to 48x48 px takes the noise's own trend away.
    assert np.corrcoef(window.ravel(), patches.residual[10].ravel())[0, 1] > 0.95
    assert patches.disparity[10] == pytest.approx(PLANE[row + 24, column + 24], abs=0.05)


def test_holes_on_planes_are_counted_and_leave_no_residual():
    disparity = PLANE.copy()
    disparity[::12, ::12] = 0
    patches = cut_patches(View.of(disparity))
    assert patches.hole_share == pytest.approx(1 / 144, rel=0.01)
    assert (patches.residual[~patches.valid] == 0).all()


def test_curved_surfaces_do_not_count_as_noise():
    bowl = PLANE + 0.3 * ((X - 160) / 160) ** 2
    assert len(cut_patches(View.of(bowl)).origins) == 0


@pytest.mark.parametrize(("along_x", "along_y"), [(4.5, 2.8), (2.0, 2.0)])
def test_correlated_noise_gives_its_sigma_and_half_widths(along_x, along_y):
    rng = np.random.default_rng(2)
    features = noise_features(PLANE + correlated(rng, 0.06, along_x, along_y))
    half_width = 2 * np.sqrt(np.log(2))  # of a Gaussian kernel's autocorrelation, in its sigmas
    assert features["plane_sigma"].median == pytest.approx(0.06, rel=0.1)
    assert features["plane_correlation_x"].median == pytest.approx(half_width * along_x, rel=0.12)
    assert features["plane_correlation_y"].median == pytest.approx(half_width * along_y, rel=0.12)
    assert features["plane_kurtosis"].median == pytest.approx(0, abs=0.35)


def test_sigma_goes_by_disparity():
    rng = np.random.default_rng(3)
    disparity = np.where(Y < 120, 10, 30).astype(np.float32)
    sigma = np.where(Y < 120, 0.04, 0.08)
    features = noise_features(disparity + sigma * correlated(rng, 1, 1.5, 1.5))
    assert features["plane_sigma_disparity_8_12"].median == pytest.approx(0.04, rel=0.08)
    assert features["plane_sigma_disparity_24_40"].median == pytest.approx(0.08, rel=0.08)
    assert features["plane_sigma_disparity_12_16"] is None


def test_white_noise_has_a_flat_spectrum_and_little_at_low_frequencies():
    rng = np.random.default_rng(4)
    features = noise_features(PLANE + 0.05 * rng.standard_normal(PLANE.shape))
    assert features["plane_spectrum_slope"].median == pytest.approx(0, abs=0.25)
    assert features["plane_sigma_high"].median > 5 * features["plane_sigma_low"].median


def test_noise_with_power_of_frequency_to_minus_four_has_that_slope():
    rng = np.random.default_rng(5)
    radius = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None])
    shape = np.where(radius > 0.03, np.maximum(radius, 1e-3) ** -2, 0)
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((HEIGHT, WIDTH))) * shape, (HEIGHT, WIDTH))
    features = noise_features(PLANE + 0.05 * noise / noise.std())
    assert features["plane_spectrum_slope"].median == pytest.approx(-4, abs=0.4)


def test_heavy_tails_show_in_the_kurtosis():
    rng = np.random.default_rng(6)
    features = noise_features(PLANE + 0.02 * rng.standard_t(6, PLANE.shape))
    assert features["plane_kurtosis"].median > 1


def test_the_blur_is_a_gaussian_of_three_pixels():
    patch = np.zeros((1, 48, 48), np.float32)
    patch[0, 24, 24] = 1
    expected = ndimage.gaussian_filter(patch[0], 3.0, mode="mirror", truncate=4.0)
    np.testing.assert_allclose(blur(patch)[0], expected, atol=1e-5)


def test_noise_of_a_magnified_image_has_the_lengths_of_the_native_one():
    rng = np.random.default_rng(7)
    noise = correlated(rng, 0.06, 6.4, 6.4, (2 * HEIGHT, 2 * WIDTH))
    image = 2 * (np.kron(PLANE, np.ones((2, 2))) + noise)
    features = noise_features(image.astype(np.float32), 2.0)
    assert features["plane_sigma"].median == pytest.approx(0.06, rel=0.1)
    assert features["plane_correlation_x"].median == pytest.approx(1.665 * 3.2, rel=0.12)


# quantisation


def test_sub_pixel_locking_gives_its_amplitude():
    ramp = 20 + 0.05 * X + 0.03 * Y
    locked = ramp + 0.04 * np.sin(2 * np.pi * ramp) + 0.01 * np.sin(4 * np.pi * ramp)
    features = noise_features(locked.astype(np.float32))
    assert features["locking_1"].median == pytest.approx(0.04, rel=0.1)
    assert features["locking_2"].median == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize("true", [0.9931, 1.0, 1.00033, 1.0084])
def test_the_comb_tells_how_far_the_listed_camera_is_off(true):
    listed = 19.13
    measured = np.random.default_rng(0).integers(70, 400, (120, 160)) / 32
    millimetres = np.rint(1000 * listed * true / measured)
    frame = (1000 * listed / millimetres).astype(np.float32)
    assert comb_scale([frame]) == pytest.approx(true, abs=2e-5)


def test_without_a_comb_the_listed_camera_stands():
    resampled = np.random.default_rng(0).uniform(2, 12, (120, 160)).astype(np.float32)
    near = np.full((120, 160), 40.0, dtype=np.float32)
    assert comb_scale([resampled]) == comb_scale([near]) == 1.0


@pytest.mark.parametrize(("steps", "expected"), [(32, (1, 0)), (16, (1, 1)), (None, (0, 0))])
def test_the_comb_shows_the_step_of_quantisation(steps, expected):
    disparity = np.random.default_rng(8).uniform(5, 12, (HEIGHT, WIDTH))
    if steps is not None:
        disparity = np.round(disparity * steps) / steps
    np.testing.assert_allclose(measure_comb(View.of(disparity)), expected, atol=0.02)


# over time


def burst_of(static, changing, frames=6):
    rng = np.random.default_rng(9)
    still = correlated(rng, static, 2, 2) if static else 0
    return [View.of(PLANE + still + correlated(rng, changing, 2, 2)) for _ in range(frames)]


@pytest.mark.parametrize(("static", "changing"), [(0.03, 0.04), (0.05, 0.02), (0.0, 0.05)])
def test_noise_that_changes_is_told_from_noise_that_stays(static, changing):
    features = measure_burst(burst_of(static, changing))
    total = np.hypot(static, changing)
    assert features["temporal_std"].median == pytest.approx(changing, rel=0.1)
    assert features["temporal_share"].median == pytest.approx(changing / total, rel=0.07)
    assert features["temporal_correlation"].median == pytest.approx((static / total) ** 2, abs=0.08)


def test_flicker_and_persistence_count_changes_of_validity():
    steady, blinking = PLANE.copy(), PLANE.copy()
    steady[:10] = blinking[:10] = 0
    blinking[20:25] = 0
    features = measure_burst([View.of(image) for image in (steady, blinking, steady)])
    assert features["flicker"].median == pytest.approx(5 / HEIGHT)
    assert features["hole_persistence"].median == pytest.approx((1 + 10 / 15) / 2)


def test_a_burst_of_one_frame_is_refused():
    with pytest.raises(InvalidParameterError, match="a burst of 1 frames"):
        measure_burst([View.of(PLANE)])
