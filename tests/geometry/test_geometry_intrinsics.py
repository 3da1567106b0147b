"""Pinhole intrinsics."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.errors import InvalidIntrinsicsError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics, project

focal = st.floats(50, 2000)
cameras = st.builds(
    PinholeIntrinsics,
    st.integers(2, 2000),
    st.integers(2, 2000),
    focal,
    focal,
    st.floats(-50, 2000),
    st.floats(-50, 2000),
)


@given(cameras)
def test_camera_info_round_trip_keeps_the_camera(camera: PinholeIntrinsics) -> None:
    message = SimpleNamespace(**camera.camera_info_fields())
    assert PinholeIntrinsics.from_camera_info(message) == camera


@given(cameras, st.integers(1, 1000), st.integers(1, 1000))
def test_resizing_keeps_the_viewing_angle_of_the_image_borders(camera, width, height) -> None:
    resized = camera.resized(width, height)
    assert (-0.5 - resized.cx) / resized.fx == pytest.approx((-0.5 - camera.cx) / camera.fx)
    right, resized_right = camera.width - 0.5, width - 0.5
    assert (resized_right - resized.cx) / resized.fx == pytest.approx(
        (right - camera.cx) / camera.fx, abs=1e-9
    )


def test_cropping_shifts_pixels_by_the_window() -> None:
    point = np.array([0.1, -0.2, 1.0])
    whole, _ = project(point, D435_DEPTH)
    window, _ = project(point, D435_DEPTH.cropped(10, 20, 100, 100))
    assert whole - window == pytest.approx([10, 20])


def test_a_window_outside_the_image_is_refused() -> None:
    with pytest.raises(InvalidIntrinsicsError, match="does not lie within 640x480"):
        D435_DEPTH.cropped(600, 0, 100, 100)


@pytest.mark.parametrize(
    "fields",
    [(0, 480, 1.0, 1.0, 0.0, 0.0), (640, 480, 0.0, 1.0, 0.0, 0.0), (640, 480, 1.0, 1.0, float("nan"), 0.0)],
)
def test_impossible_cameras_are_refused(fields) -> None:
    with pytest.raises(InvalidIntrinsicsError):
        PinholeIntrinsics(*fields)


def test_a_matrix_with_skew_is_refused() -> None:
    with pytest.raises(InvalidIntrinsicsError, match="skew"):
        PinholeIntrinsics.from_matrix([380, 1.5, 320, 0, 380, 240, 0, 0, 1], 640, 480)


def test_a_matrix_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidIntrinsicsError, match="expected 9"):
        PinholeIntrinsics.from_matrix([380, 0, 320], 640, 480)
