"""The denoiser that ships with the project, on frames with known truth and on real ones."""

from pathlib import Path

import numpy as np
import pytest
from denoising_frames import SHAPE, room

from reald2iff.denoising import Denoiser, load_denoiser
from reald2iff.errors import InvalidDepthError, InvalidParameterError, WeightsError

FRAMES = Path(__file__).resolve().parents[3] / "shared" / "data" / "d435_frames"


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    return load_denoiser()


@pytest.fixture(scope="module")
def frame() -> tuple[np.ndarray, np.ndarray]:
    return room(np.random.default_rng(1))


@pytest.fixture(scope="module")
def cleaned(denoiser, frame):
    return denoiser.clean(frame[1])


def on_planes(clean: np.ndarray, sensed: np.ndarray) -> np.ndarray:
    """Measured pixels well inside the floor."""
    inside = np.zeros(SHAPE, bool)
    inside[380:470, 60:580] = True
    return inside & (sensed > 0)


def test_noise_on_planes_is_a_third_of_what_it_was(frame, cleaned) -> None:
    clean, sensed = frame
    inside = on_planes(clean, sensed)
    assert cleaned.refusal is None
    assert np.std((cleaned.disparity - clean)[inside]) < np.std((sensed - clean)[inside]) / 3


def test_the_networks_cells_leave_no_seams(frame, cleaned) -> None:
    inside = on_planes(*frame)[:, 1:-1]
    bend = np.abs(np.diff(cleaned.disparity - frame[0], n=2, axis=1))
    columns = [bend[:, place::4][inside[:, place::4]].mean() for place in range(4)]
    assert max(columns) < 2 * min(columns)


def test_the_predicted_spread_is_larger_where_the_error_is(frame, cleaned) -> None:
    error = np.abs(cleaned.disparity - frame[0])
    known = cleaned.disparity > 0
    sure = known & (cleaned.spread < np.median(cleaned.spread))
    assert error[sure].mean() < error[known & ~sure].mean() / 3


def test_pixels_that_cannot_be_told_are_zero(denoiser, cleaned) -> None:
    assert ((cleaned.disparity == 0) == (cleaned.spread > denoiser.limits.spread)).all()


def test_images_of_odd_sizes_are_cleaned(denoiser, frame) -> None:
    clean, sensed = frame
    part = denoiser.clean(sensed[101:, 13:])
    assert part.disparity.shape == part.spread.shape == (379, 627)
    inside = on_planes(clean, sensed)[101:, 13:]
    assert np.std((part.disparity - clean[101:, 13:])[inside]) < 0.03


def test_a_registered_frame_is_cleaned_in_its_own_pixels(denoiser, frame) -> None:
    import cv2

    clean, sensed = (image[120:, 120:600] for image in frame)
    scale = 1.6
    size = (round(clean.shape[1] * scale), round(clean.shape[0] * scale))
    clean, sensed = (
        cv2.resize(image, size, interpolation=cv2.INTER_NEAREST_EXACT) * np.float32(scale)
        for image in (clean, sensed)
    )
    result = denoiser.clean(sensed, scale)
    assert result.refusal is None
    inside = np.zeros(sensed.shape, bool)
    inside[430:560, 50:700] = True
    inside &= sensed > 0
    assert np.median(np.abs(result.disparity - clean)[inside]) < 0.1


def test_pure_noise_is_refused(denoiser) -> None:
    noise = np.random.default_rng(0).uniform(5, 60, SHAPE).astype(np.float32)
    result = denoiser.clean(noise)
    assert result.refusal is not None
    assert not result.disparity.any()


def test_a_frame_without_noise_is_refused(denoiser, frame) -> None:
    assert "no sensor noise" in str(denoiser.clean(frame[0]).refusal)


def test_a_frame_without_measurements_is_refused(denoiser) -> None:
    result = denoiser.clean(np.zeros(SHAPE, np.float32))
    assert "pixels hold a measurement" in str(result.refusal)
    assert np.isinf(result.spread).all()


@pytest.mark.parametrize(
    "image",
    [np.zeros((480, 640, 3)), np.zeros((4, 4)), np.zeros((480, 640), np.uint16), np.full((64, 64), np.nan)],
)
def test_what_is_no_disparity_image_is_an_error(denoiser, image) -> None:
    with pytest.raises(InvalidDepthError, match="expected"):
        denoiser.clean(image)


def test_an_impossible_scale_is_an_error(denoiser, frame) -> None:
    with pytest.raises(InvalidParameterError, match=r"registered_scale = 0\.0"):
        denoiser.clean(frame[1], 0.0)


def test_missing_weights_are_an_error(tmp_path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        load_denoiser(tmp_path / "nothing")


@pytest.mark.skipif(not FRAMES.is_dir(), reason="needs the shared D435 frames")
@pytest.mark.parametrize("source", [0, 1])
def test_real_frames_are_cleaned(denoiser, source) -> None:
    from reald2iff.io.recordings import read_recordings

    recording = read_recordings(FRAMES)[source]
    disparity = recording.frames[0].disparity()
    scale = recording.intrinsics.fx / 382.6 if recording.registered else 1.0
    result = denoiser.clean(disparity, scale)
    assert result.refusal is None
    assert np.mean(result.disparity > 0) > 0.7
    both = (disparity > 0) & (result.disparity > 0)
    assert 0.01 < np.median(np.abs(disparity - result.disparity)[both]) < 0.2 * scale
