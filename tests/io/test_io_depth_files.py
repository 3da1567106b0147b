"""Depth files give back what was written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from reald2iff.errors import InvalidDepthError
from reald2iff.io.depth_files import DepthFormat, read_depth, write_depth

MILLIMETRES = arrays(
    np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(30, 65535)
)
METRES = arrays(
    np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.floats(2**-10, 40, width=32)
)


@settings(max_examples=25, deadline=None)
@given(millimetres=MILLIMETRES, container=st.sampled_from(["png", "npy", "npz"]))
def test_whole_millimetres_survive_every_container(tmp_path_factory, millimetres, container):
    path = tmp_path_factory.mktemp("depth") / f"depth.{container}"
    write_depth(path, millimetres.astype(np.float32) * np.float32(0.001), DepthFormat(container, "uint16"))
    image = read_depth(path)
    np.testing.assert_array_equal(np.rint(image.depth * 1000), millimetres)
    assert image.format == DepthFormat(container, "uint16")


@settings(max_examples=25, deadline=None)
@given(depth=METRES, container=st.sampled_from(["npy", "npz"]))
def test_metres_survive_exactly(tmp_path_factory, depth, container):
    path = tmp_path_factory.mktemp("depth") / f"depth.{container}"
    write_depth(path, depth, DepthFormat(container, "float32"))
    np.testing.assert_array_equal(read_depth(path).depth, depth)


def test_what_is_not_depth_becomes_invalid(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[np.nan, np.inf, -1.0, 0.0, 1.5]]))
    assert read_depth(tmp_path / "a.npy").depth.tolist() == [[0, 0, 0, 0, 1.5]]


def test_depth_beyond_16_bits_becomes_invalid_in_a_png(tmp_path):
    write_depth(tmp_path / "a.png", np.array([[1.0, 66.0]], np.float32), DepthFormat("png", "uint16"))
    assert read_depth(tmp_path / "a.png").depth.tolist() == [[1.0, 0.0]]


def test_a_far_background_is_still_metres(tmp_path):
    depth = np.ones((4, 4))
    depth[0] = 1000
    np.save(tmp_path / "a.npy", depth)
    assert read_depth(tmp_path / "a.npy").depth.max() == 1000


def test_a_single_channel_axis_is_dropped(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 6, 1), np.float32))
    assert read_depth(tmp_path / "a.npy").depth.shape == (4, 6)


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidDepthError, match="cannot be written"):
        write_depth(tmp_path / "file" / "a.png", np.ones((2, 2), np.float32), DepthFormat("png", "uint16"))


def test_no_half_written_file_is_left_behind(tmp_path):
    write_depth(tmp_path / "a.npy", np.ones((2, 2), np.float32), DepthFormat("npy", "float32"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
