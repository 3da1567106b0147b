"""Between numpy arrays and `sensor_msgs` messages, without copies where the memory allows it.

The PyPI package cv-bridge is the ROS 1 one and returns wrong values for 16UC1, hence our own conversion.
Encodings: 16UC1, 32FC1, rgb8, bgr8, rgba8, bgra8, mono8. Colour in others needs the real cv_bridge.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from reald2iff.errors import RealD2iffError
from reald2iff.geometry import (
    PinholeIntrinsics,
    meters_to_millimeters,
    millimeters_to_meters,
    require_depth,
    sanitize_depth,
)


@dataclass(frozen=True)
class _Layout:
    dtype: np.dtype
    channels: int

    @property
    def pixel_size(self) -> int:
        return self.dtype.itemsize * self.channels


ENCODINGS: dict[str, _Layout] = {
    "16UC1": _Layout(np.dtype("<u2"), 1),
    "32FC1": _Layout(np.dtype("<f4"), 1),
    "mono8": _Layout(np.dtype("u1"), 1),
    "rgb8": _Layout(np.dtype("u1"), 3),
    "bgr8": _Layout(np.dtype("u1"), 3),
    "rgba8": _Layout(np.dtype("u1"), 4),
    "bgra8": _Layout(np.dtype("u1"), 4),
}
DEPTH_ENCODINGS = ("16UC1", "32FC1")
COLOR_ENCODINGS = ("rgb8", "bgr8", "rgba8", "bgra8", "mono8")

_NANOSECONDS = 1_000_000_000


class InvalidImageError(RealD2iffError):
    """An image message that contradicts itself or cannot be decoded.

    Attributes:
        kind: ``encoding``, ``size``, ``step`` or ``data_length``: a short word to count by.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def check_image(message: Image, encodings: Sequence[str] = tuple(ENCODINGS)) -> None:
    """Check that an image message can be decoded, without touching its pixels.

    Raises:
        InvalidImageError: for an encoding not among ``encodings``, an empty image, a step shorter than a row,
            or data of another length than ``height * step``.
    """
    if message.encoding not in encodings:
        raise InvalidImageError(
            "encoding", f"image has encoding {message.encoding!r}: expected one of {', '.join(encodings)}"
        )
    row = message.width * ENCODINGS[message.encoding].pixel_size
    if message.height < 1 or message.width < 1:
        raise InvalidImageError(
            "size", f"image has size {message.width}x{message.height}: expected at least 1x1"
        )
    if message.step < row:
        raise InvalidImageError(
            "step",
            f"image has step {message.step}: expected at least {row} "
            f"for {message.width} pixels of {message.encoding}",
        )
    if len(message.data) != message.height * message.step:
        raise InvalidImageError(
            "data_length",
            f"image has {len(message.data)} bytes: expected {message.height * message.step} "
            f"(height {message.height} * step {message.step})",
        )


def image_to_array(message: Image) -> NDArray[Any]:
    """The pixels of an image message.

    Honours row padding (``step``) and ``is_bigendian``. The result is a view of the message's memory
    unless the bytes have to be swapped.

    Returns:
        ``(H, W)`` or ``(H, W, C)`` in the type and channel order of the encoding.

    Raises:
        InvalidImageError: as `check_image`.
    """
    check_image(message)
    layout = ENCODINGS[message.encoding]
    height, width = message.height, message.width
    big = bool(message.is_bigendian) and layout.dtype.itemsize > 1
    dtype = layout.dtype.newbyteorder(">") if big else layout.dtype
    shape: tuple[int, ...] = (height, width)
    strides: tuple[int, ...] = (message.step, layout.pixel_size)
    if layout.channels > 1:
        shape, strides = (*shape, layout.channels), (*strides, layout.dtype.itemsize)
    pixels: NDArray[Any] = np.ndarray(shape, dtype=dtype, buffer=message.data, strides=strides)
    return pixels.astype(layout.dtype.newbyteorder("=")) if big else pixels


def array_to_image(pixels: NDArray[Any], encoding: str, header: Header | None = None) -> Image:
    """An image message of pixels, rows packed, little-endian. Copies the pixels once.

    Args:
        pixels: ``(H, W)`` or ``(H, W, C)`` of exactly the encoding's type and channels.
        encoding: One of `ENCODINGS`.
        header: Taken over as it is.

    Raises:
        InvalidImageError: if the pixels do not fit the encoding.
    """
    layout = ENCODINGS.get(encoding)
    if layout is None:
        raise InvalidImageError("encoding", f"encoding {encoding!r}: expected one of {', '.join(ENCODINGS)}")
    channels = (layout.channels,) if layout.channels > 1 else ()
    if pixels.ndim != 2 + len(channels) or pixels.shape[2:] != channels or pixels.size == 0:
        expected = "(height, width" + (f", {layout.channels})" if channels else ")")
        raise InvalidImageError(
            "size", f"pixels have shape {pixels.shape}: expected {expected} for {encoding}"
        )
    if pixels.dtype.newbyteorder("=") != layout.dtype.newbyteorder("="):
        raise InvalidImageError(
            "encoding", f"pixels have type {pixels.dtype}: expected {layout.dtype.name} for {encoding}"
        )
    # An array.array('B') is what the message stores: any other type is converted element by element.
    data = array("B")
    data.frombytes(np.ascontiguousarray(pixels, dtype=layout.dtype).reshape(-1).view(np.uint8).data)
    return Image(
        header=Header() if header is None else header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.shape[1] * layout.pixel_size,
        data=data,
    )


def depth_from_image(message: Image) -> NDArray[np.float32]:
    """Depth of a 16UC1 (millimetres) or 32FC1 (metres) image.

    Returns:
        ``(H, W) float32`` metres; what the sensor called invalid (0, NaN, infinite, negative) is 0.

    Raises:
        InvalidImageError: as `image_to_array`, and for an encoding that is not depth.
    """
    check_image(message, DEPTH_ENCODINGS)
    pixels = image_to_array(message)
    return millimeters_to_meters(pixels) if message.encoding == "16UC1" else sanitize_depth(pixels)


def depth_to_image(
    depth: NDArray[np.floating], encoding: str = "16UC1", header: Header | None = None
) -> Image:
    """An image message of ``(H, W)`` depth in metres; 0 stays 0, what does not fit 16 bits becomes 0.

    Raises:
        InvalidImageError: for an encoding that is not depth.
        InvalidDepthError: for another type or shape.
    """
    if encoding not in DEPTH_ENCODINGS:
        raise InvalidImageError("encoding", f"depth encoding {encoding!r}: expected 16UC1 or 32FC1")
    metres = require_depth(depth)
    return array_to_image(meters_to_millimeters(metres) if encoding == "16UC1" else metres, encoding, header)


def color_from_image(message: Image) -> NDArray[np.uint8]:
    """Colour as ``(H, W, 3) uint8`` RGB, a view if possible.

    rgb8, bgr8, rgba8, bgra8 and mono8 are read here; others (YUV, Bayer) by cv_bridge, if ROS is installed.

    Raises:
        InvalidImageError: as `image_to_array`, and for an encoding that is not colour.
    """
    if message.encoding not in (*ENCODINGS, ""):
        return _color_by_cv_bridge(message)
    check_image(message, COLOR_ENCODINGS)
    pixels = image_to_array(message)
    if message.encoding == "mono8":
        return np.repeat(pixels[..., None], 3, axis=2)
    return pixels[..., 2::-1] if message.encoding.startswith("bgr") else pixels[..., :3]


def _color_by_cv_bridge(message: Image) -> NDArray[np.uint8]:
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError as error:
        raise InvalidImageError(
            "encoding",
            f"colour image has encoding {message.encoding!r}: without cv_bridge (part of a ROS installation) "
            f"only {', '.join(COLOR_ENCODINGS)} can be read",
        ) from error
    try:
        return CvBridge().imgmsg_to_cv2(message, "rgb8")
    except CvBridgeError as error:
        raise InvalidImageError("encoding", f"cv_bridge: {error}") from error


def intrinsics_from_camera_info(message: CameraInfo) -> PinholeIntrinsics:
    """Intrinsics of a rectified camera.

    Raises:
        InvalidIntrinsicsError: for K or a size that is not of a pinhole camera (all zero: not calibrated).
    """
    return PinholeIntrinsics.from_camera_info(message)


def intrinsics_to_camera_info(intrinsics: PinholeIntrinsics, header: Header | None = None) -> CameraInfo:
    """The `sensor_msgs/CameraInfo` of a rectified camera: no distortion (plumb_bob), R = I, P = [K | 0]."""
    return CameraInfo(header=Header() if header is None else header, **intrinsics.camera_info_fields())


def stamp_to_nanoseconds(stamp: Time) -> int:
    """`builtin_interfaces/Time` as one integer."""
    return int(stamp.sec) * _NANOSECONDS + int(stamp.nanosec)


def nanoseconds_to_stamp(nanoseconds: int) -> Time:
    """The inverse of `stamp_to_nanoseconds`."""
    seconds, rest = divmod(int(nanoseconds), _NANOSECONDS)
    return Time(sec=seconds, nanosec=rest)
