"""What is no metric depth is refused, with its name and the value that tells; depth is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planar_demos import write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats.checks import check_depth
from reald2iff.errors import InvalidDepthError

HEIGHT, WIDTH = 96, 128


def scene(near=0.7, far=2.6, tilt=0.3):
    """Table and wall, a box and a ball before them: ``(H, W) float32`` metres, farthest point once only."""
    v, u = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    table = 1 / (1 / near * (v / HEIGHT) + 1 / far * (1 - v / HEIGHT) + 0.01 * u / WIDTH)
    wall = 1 / (1 / far + tilt * u / WIDTH)
    depth = np.minimum(table, wall)
    depth[50:70, 30:50] = near * 0.9
    ball = 12**2 - (v - 40) ** 2 - (u - 90) ** 2
    depth = np.where(ball > 0, near + 0.2 - 0.01 * np.sqrt(np.maximum(ball, 0)), depth)
    return depth.astype(np.float32)


def refused(frame, match, **options):
    with pytest.raises(InvalidDepthError, match=match) as caught:
        check_depth([frame, frame], "demo_0/obs/front_depth", **options)
    assert "demo_0/obs/front_depth" in str(caught.value)


@settings(max_examples=25)
@given(st.floats(0.2, 1.5), st.floats(1.1, 4.0), st.floats(0.0, 0.5))
def test_depth_of_planes_passes_in_metres_and_in_millimetres(near, ratio, tilt):
    depth = scene(near, near * ratio, tilt)
    check_depth([depth], "depth")
    check_depth([np.rint(depth * 1000).astype(np.uint16)], "depth")
    check_depth([depth.astype(np.float16)], "depth")


@settings(max_examples=25)
@given(st.floats(0.2, 1.5), st.floats(1.1, 4.0), st.sampled_from([6.1e-5, 1e-3, 2e-3]))
def test_depth_rounded_to_steps_is_not_taken_for_inverse_depth(near, ratio, step):
    check_depth([(np.rint(scene(near, near * ratio) / step) * step).astype(np.float32)], "depth")


def test_a_frame_with_holes_and_an_infinite_background_passes():
    depth = scene()
    depth[:20], depth[30:40, 60:80], depth[45, :9] = np.inf, 0, np.nan
    check_depth([depth], "depth")


def test_clipped_depth_is_refused_unless_it_is_said_to_be_meant():
    clipped = np.minimum(scene(), 1.0)
    refused(clipped, r"are exactly 1 m, the largest value: clipped there.*--max-depth 1")
    check_depth([clipped], "depth", max_depth=1.0)


def test_a_far_background_at_one_value_passes():
    depth = scene()
    depth[:20] = 50
    check_depth([depth], "depth")


def test_eight_bits_are_refused_before_and_after_scaling():
    eight = np.rint(scene() / 4 * 255).astype(np.uint8)
    refused(eight, "is 8 bit")
    refused(eight.astype(np.float32) / 255 * 4, "at most 256 different values in a frame, 0.01569 apart")


def test_depth_normalised_to_one_is_refused():
    depth = scene()
    refused(depth / depth.max(), r"reaches exactly 1 in 100% of the frames.*normalised")


def test_inverse_depth_and_z_buffers_are_refused():
    depth = scene()
    refused(0.5 / depth, "bend as in inverse depth, disparity or a z-buffer")
    near, far = 0.05, 50.0
    refused(((1 / near - 1 / depth) / (1 / near - 1 / far)).astype(np.float32), "z-buffer")


def test_flipped_depth_is_refused():
    depth = scene()
    refused(depth.max() + np.float32(0.1) - depth, "near and far look flipped")


def test_wrong_units_are_refused():
    refused(scene() * 1000, r"median of .* looks like millimetres")
    refused(scene().astype(np.uint16), r"reaches 2, .* looks like metres cut to integers")


def test_depth_below_zero_and_depth_that_is_nowhere_are_refused():
    refused(-scene(), r"negative in 100% of the pixels")
    refused(np.zeros((4, 5), np.float32), "is empty")
    refused(np.zeros((4, 5), np.int64), "is int64")


def test_enhance_names_the_key_the_episode_and_the_value(tmp_path):
    import h5py

    path = write_robomimic(tmp_path / "clean.hdf5", episodes=2)
    with h5py.File(path, "r+") as file:
        depth = file["data/demo_1/obs/agentview_depth"]
        depth[...] = np.minimum(depth[()], np.float32(1.0))
    with pytest.raises(InvalidDepthError, match=r"demo_1/obs/agentview_depth: .* exactly 1 m"):
        enhance(EnhanceConfig(path, tmp_path / "out.hdf5", model="gaussian"))
