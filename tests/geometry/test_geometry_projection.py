"""Back-projection and projection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics, back_project, project, transform_points

CAMERA = PinholeIntrinsics(8, 6, 10.0, 11.0, 3.2, 2.9)


@given(st.integers(0, 2**32 - 1))
def test_projection_undoes_back_projection(seed) -> None:
    depth = np.random.default_rng(seed).uniform(0.2, 9, (6, 8)).astype(np.float32)
    pixels, z = project(back_project(depth, CAMERA), CAMERA)
    rows, columns = np.mgrid[:6, :8]
    np.testing.assert_allclose(pixels[..., 0], columns, atol=1e-3)
    np.testing.assert_allclose(pixels[..., 1], rows, atol=1e-3)
    np.testing.assert_allclose(z, depth, rtol=1e-6)


def test_invalid_depth_gives_no_point() -> None:
    depth = np.ones((6, 8), np.float32)
    depth[2, 3] = 0
    assert np.isnan(back_project(depth, CAMERA)[2, 3]).all()


def test_points_behind_the_camera_have_no_pixel() -> None:
    pixels, _ = project(np.array([[0.1, 0.1, -1.0], [0.1, 0.1, 0.0]]), CAMERA)
    assert np.isnan(pixels).all()


def test_depth_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidDepthError, match="expected \\(6, 8\\)"):
        back_project(np.ones((5, 8), np.float32), CAMERA)


def test_points_move_with_the_frame() -> None:
    quarter_turn = np.array([[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]], float)
    assert transform_points(quarter_turn, np.array([1.0, 0.0, 0.0])).tolist() == [1, 3, 3]
