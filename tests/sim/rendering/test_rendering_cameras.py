"""Cameras of renderings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff_sim.rendering.cameras import CameraConfig, windowed


@given(st.integers(1, 900), st.integers(1, 900))
def test_other_sizes_have_square_pixels_and_look_within_the_sensor_s_view(width, height):
    view = windowed(D435_DEPTH, width, height)
    assert view.fx == view.fy
    for corner, size, focal, centre, whole in (
        ("left", width, view.fx, view.cx, D435_DEPTH.width),
        ("top", height, view.fy, view.cy, D435_DEPTH.height),
    ):
        low, high = (-0.5 - centre) / focal, (size - 0.5 - centre) / focal
        widest = whole / 2 / D435_DEPTH.fx
        assert -widest - 1e-9 <= low < high <= widest + 1e-9, corner


def test_the_same_shape_is_the_same_view():
    assert windowed(D435_DEPTH, 320, 240) == D435_DEPTH.resized(320, 240)


def test_each_demonstration_has_a_camera_of_its_own_that_the_seed_decides():
    config = CameraConfig()
    first, again, other, reseeded = (
        config.draw(*arguments)[0].pose for arguments in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other) and not np.array_equal(first, reseeded)


def test_without_jitter_all_cameras_are_the_same():
    config = CameraConfig(position_sd=0.0, rotation_sd=0.0)
    assert np.array_equal(config.draw(0, 0)[0].pose, config.draw(5, 7)[0].pose)


def test_aligned_colour_has_the_depth_camera_s_pose_and_pinhole():
    depth, color = CameraConfig(aligned=True).draw(0, 0)
    assert np.array_equal(depth.pose, color.pose) and depth.intrinsics == color.intrinsics


@pytest.mark.parametrize("options", [{"width": 0}, {"camera": "a/b"}, {"position_sd": -1.0}])
def test_cameras_that_cannot_be_are_refused(options):
    with pytest.raises(InvalidParameterError):
        CameraConfig(**options)
