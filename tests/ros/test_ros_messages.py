"""numpy <-> sensor_msgs: exact round trips, padding, byte order, and errors that say what is wrong."""

import importlib.util
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from reald2iff.errors import InvalidIntrinsicsError, RealD2iffError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff_ros.messages import (
    ENCODINGS,
    InvalidImageError,
    array_to_image,
    check_image,
    color_from_image,
    depth_from_image,
    depth_to_image,
    image_to_array,
    intrinsics_from_camera_info,
    intrinsics_to_camera_info,
    nanoseconds_to_stamp,
    stamp_to_nanoseconds,
)

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))


@st.composite
def images(draw):
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    layout = ENCODINGS[encoding]
    shape = draw(SIZES) + ((layout.channels,) if layout.channels > 1 else ())
    pixels = draw(arrays(layout.dtype.type, shape))
    return encoding, pixels


def pad(message, padding):
    """The same image with ``padding`` bytes of rubbish after each row."""
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    rubbish = np.full((message.height, padding), 0xAB, np.uint8)
    message.step += padding
    message.data = array("B", np.hstack([rows, rubbish]).tobytes())
    return message


@given(images())
def test_round_trip_is_exact(image):
    encoding, pixels = image
    np.testing.assert_array_equal(image_to_array(array_to_image(pixels, encoding)), pixels)


@given(images(), st.integers(1, 7))
def test_row_padding_is_skipped(image, padding):
    encoding, pixels = image
    np.testing.assert_array_equal(image_to_array(pad(array_to_image(pixels, encoding), padding)), pixels)


@given(images())
def test_big_endian_is_swapped(image):
    encoding, pixels = image
    message = array_to_image(pixels, encoding)
    message.is_bigendian = 1
    message.data = array("B", pixels.astype(pixels.dtype.newbyteorder(">")).tobytes())
    np.testing.assert_array_equal(image_to_array(message), pixels)


def test_reading_does_not_copy():
    message = array_to_image(np.zeros((4, 5), np.uint16), "16UC1")
    image_to_array(message)[2, 3] = 7
    assert image_to_array(message)[2, 3] == 7


def test_views_that_are_not_contiguous_are_written_row_by_row():
    pixels = np.arange(60, dtype=np.uint16).reshape(6, 10)[::2, 1::3]
    np.testing.assert_array_equal(image_to_array(array_to_image(pixels, "16UC1")), pixels)


def test_header_is_taken_over():
    header = Header(frame_id="camera_depth_optical_frame", stamp=nanoseconds_to_stamp(12_000_000_034))
    assert array_to_image(np.zeros((2, 2), np.uint16), "16UC1", header).header == header


def broken(**fields):
    message = array_to_image(np.zeros((4, 6), np.uint16), "16UC1")
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (broken(encoding="yuv422"), "encoding", "'yuv422'"),
        (broken(encoding=""), "encoding", "''"),
        (broken(height=0, data=array("B")), "size", "6x0"),
        (broken(step=11), "step", "at least 12"),
        (broken(data=array("B")), "data_length", "0 bytes"),
        (broken(step=14), "data_length", "expected 56"),
        (broken(width=2**32 - 1), "step", str(2**32 - 1)),
        (Image(), "encoding", "''"),
    ],
)
def test_contradictions_are_named(message, kind, words):
    for function in (check_image, image_to_array, depth_from_image):
        with pytest.raises(InvalidImageError, match="expected") as caught:
            function(message)
        assert caught.value.kind == kind
        assert words in str(caught.value)
        assert isinstance(caught.value, RealD2iffError)


@pytest.mark.parametrize(
    ("pixels", "encoding", "kind"),
    [
        (np.zeros((2, 2), np.int16), "16UC1", "encoding"),
        (np.zeros((2, 2, 3), np.uint8), "mono8", "size"),
        (np.zeros((2, 2, 4), np.uint8), "rgb8", "size"),
        (np.zeros((0, 2), np.uint8), "mono8", "size"),
        (np.zeros((2, 2), np.uint8), "bayer_rggb8", "encoding"),
    ],
)
def test_pixels_that_do_not_fit_the_encoding_are_refused(pixels, encoding, kind):
    with pytest.raises(InvalidImageError, match="expected") as caught:
        array_to_image(pixels, encoding)
    assert caught.value.kind == kind


def test_invalid_depth_of_either_encoding_becomes_zero():
    metres = np.array([[1.5, np.nan, np.inf], [-np.inf, -1.0, 0.0]], np.float32)
    expected = [[1.5, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(depth_from_image(array_to_image(metres, "32FC1")), expected)
    millimetres = np.array([[1500, 0, 0], [0, 0, 0]], np.uint16)
    depth = depth_from_image(array_to_image(millimetres, "16UC1"))
    np.testing.assert_allclose(depth, expected, rtol=1e-6)
    assert depth.dtype == np.float32


@given(arrays(np.uint16, SIZES))
def test_millimetres_survive_the_way_over_metres(millimetres):
    depth = depth_from_image(array_to_image(millimetres, "16UC1"))
    np.testing.assert_array_equal(image_to_array(depth_to_image(depth, "16UC1")), millimetres)


def test_depth_is_rounded_and_what_does_not_fit_is_invalid():
    depth = np.array([[0.0014, 0.0016, 65.535, 65.536, np.nan]], np.float32)
    np.testing.assert_array_equal(image_to_array(depth_to_image(depth)), [[1, 2, 65535, 0, 0]])


def test_depth_in_metres_is_unchanged():
    depth = np.array([[0.0, 1.2345678]], np.float32)
    np.testing.assert_array_equal(image_to_array(depth_to_image(depth, "32FC1")), depth)


def test_colour_is_no_depth_and_depth_no_colour():
    with pytest.raises(InvalidImageError, match="16UC1, 32FC1"):
        depth_from_image(array_to_image(np.zeros((2, 2, 3), np.uint8), "rgb8"))
    with pytest.raises(InvalidImageError, match="rgb8"):
        color_from_image(array_to_image(np.zeros((2, 2), np.uint16), "16UC1"))
    with pytest.raises(InvalidImageError, match="16UC1 or 32FC1"):
        depth_to_image(np.zeros((2, 2), np.float32), "mono8")


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8"])
def test_colour_comes_out_as_rgb(encoding):
    pixel = {"r": 10, "g": 20, "b": 30, "a": 40}
    pixels = np.full((2, 3, len(encoding) - 1), [pixel[c] for c in encoding[:-1]], np.uint8)
    colour = color_from_image(array_to_image(pixels, encoding))
    np.testing.assert_array_equal(colour, np.full((2, 3, 3), [10, 20, 30]))


def test_grey_is_repeated():
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(
        color_from_image(array_to_image(grey, "mono8")), np.stack([grey] * 3, axis=-1)
    )


@given(
    st.integers(1, 4096),
    st.integers(1, 4096),
    *(st.floats(1e-3, 1e5) for _ in range(2)),
    *(st.floats(-1e5, 1e5) for _ in range(2)),
)
def test_intrinsics_survive_camera_info(width, height, fx, fy, cx, cy):
    intrinsics = PinholeIntrinsics(width, height, fx, fy, cx, cy)
    assert intrinsics_from_camera_info(intrinsics_to_camera_info(intrinsics)) == intrinsics


def test_camera_info_of_an_uncalibrated_camera_is_refused():
    message = intrinsics_to_camera_info(PinholeIntrinsics(4, 3, 2.0, 2.0, 1.5, 1.0))
    message.k = [0.0] * 9
    with pytest.raises(InvalidIntrinsicsError, match="positive focal lengths"):
        intrinsics_from_camera_info(message)


@given(st.integers(0, 2**31 * 10**9 - 1))
def test_stamps_survive_as_nanoseconds(nanoseconds):
    assert stamp_to_nanoseconds(nanoseconds_to_stamp(nanoseconds)) == nanoseconds


needs_cv_bridge = pytest.mark.skipif(
    importlib.util.find_spec("cv_bridge") is None, reason="cv_bridge comes with a ROS install"
)


@pytest.mark.skipif(importlib.util.find_spec("cv_bridge") is not None, reason="cv_bridge reads it")
def test_colour_in_an_unusual_encoding_needs_cv_bridge():
    with pytest.raises(InvalidImageError, match=r"'yuv422'.*cv_bridge"):
        color_from_image(Image(encoding="yuv422", height=1, width=2, step=4, data=bytes(4)))


@pytest.mark.ros_install
@needs_cv_bridge
def test_colour_in_an_unusual_encoding_comes_from_cv_bridge():
    grey = array("B", [128, 100] * 4)  # no chroma, luminance 100
    colour = color_from_image(Image(encoding="yuv422", height=2, width=2, step=4, data=grey))
    assert colour.shape == (2, 2, 3)
    assert np.ptp(colour) == 0


@pytest.mark.ros_install
@needs_cv_bridge
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_equals_the_real_cv_bridge(encoding):
    from cv_bridge import CvBridge

    layout = ENCODINGS[encoding]
    shape = (7, 5) + ((layout.channels,) if layout.channels > 1 else ())
    pixels = np.random.default_rng(0).integers(0, 255, shape).astype(layout.dtype)
    ours, theirs = array_to_image(pixels, encoding), CvBridge().cv2_to_imgmsg(pixels, encoding)
    assert (ours.step, ours.encoding, ours.data) == (theirs.step, theirs.encoding, theirs.data)
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(ours, "passthrough"), image_to_array(theirs))
