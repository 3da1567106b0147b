"""Depth images as files: 16-bit PNG and NPY/NPZ, in millimetres or metres, always metres in memory.

Units are not stored in these files, so that the type decides: 16-bit integers are millimetres, floating
point is metres. Values that look like the other unit are refused rather than guessed at.
"""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import meters_to_millimeters, millimeters_to_meters, require_depth, sanitize_depth

Container = Literal["png", "npy", "npz"]
CONTAINERS: tuple[Container, ...] = ("png", "npy", "npz")

NPZ_KEY = "depth"
"""Name of the array in an NPZ that this project writes."""

_LARGEST_METRES = 50.0
_SMALLEST_MILLIMETRES = 30


@dataclass(frozen=True)
class DepthFormat:
    """How a file holds depth.

    Attributes:
        container: File type, also its suffix.
        dtype: ``uint16`` (millimetres) or a floating type (metres).
    """

    container: Container
    dtype: str


@dataclass(frozen=True)
class DepthImage:
    """A depth image from a file.

    Attributes:
        depth: ``(H, W) float32`` metres, 0 = invalid.
        format: How the file holds it.
    """

    depth: NDArray[np.float32]
    format: DepthFormat


def read_depth(path: Path) -> DepthImage:
    """Read a depth image.

    Args:
        path: ``.png`` (16 bit, one channel, millimetres), ``.npy`` or ``.npz`` (an array called ``depth``, or
            the only one; ``(H, W)`` or ``(H, W, 1)``; unsigned 16-bit millimetres or floating point metres).

    Raises:
        InvalidDepthError: for a file that is missing, unreadable, or of another type, shape or unit.
    """
    container = path.suffix.lower().lstrip(".")
    if container not in CONTAINERS:
        raise InvalidDepthError(f"{path}: expected a .png, .npy or .npz file")
    if not path.is_file():
        raise InvalidDepthError(f"{path}: no such file")
    array = _read_png(path) if container == "png" else _read_numpy(path)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim != 2 or array.size == 0:
        color = " (a colour image?)" if array.ndim == 3 and array.shape[2] in (3, 4) else ""
        raise InvalidDepthError(
            f"{path}: has shape {array.shape}{color}: expected one depth image (height, width)"
        )
    format_ = DepthFormat(container, array.dtype.name)  # type: ignore[arg-type]
    if array.dtype == np.uint16:
        return DepthImage(_from_millimetres(array, path), format_)
    if array.dtype.kind == "f":
        return DepthImage(_from_metres(array, path), format_)
    raise InvalidDepthError(
        f"{path}: has type {array.dtype}: expected uint16 (millimetres) or floating point (metres)"
    )


def write_depth(path: Path, depth: NDArray[np.float32], format_: DepthFormat) -> None:
    """Write a depth image; the file exists under its name only when it is whole.

    Args:
        path: Of the file; its folder is made.
        depth: ``(H, W)`` metres, 0 = invalid.
        format_: What to write. Integers are rounded millimetres; depth beyond 65.535 m becomes invalid.

    Raises:
        InvalidDepthError: if it cannot be written.
    """
    values = meters_to_millimeters(depth) if format_.dtype == "uint16" else depth.astype(format_.dtype)
    # The suffix stays last: both writers choose by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp.{format_.container}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if format_.container == "png":
            temporary.write_bytes(_png_bytes(values))
        elif format_.container == "npy":
            np.save(temporary, values)
        else:
            np.savez_compressed(temporary, depth=values)
        temporary.replace(path)
    except OSError as error:
        raise InvalidDepthError(f"{path}: cannot be written ({error})") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _from_millimetres(array: NDArray[np.uint16], path: Path) -> NDArray[np.float32]:
    largest = int(array.max())
    if 0 < largest < _SMALLEST_MILLIMETRES:
        raise InvalidDepthError(
            f"{path}: 16-bit integers count as millimetres, but the largest is {largest}: this looks like "
            "metres cut to integers; expected millimetres, or floating point metres"
        )
    return millimeters_to_meters(array)


def _from_metres(array: NDArray[Any], path: Path) -> NDArray[np.float32]:
    depth = sanitize_depth(require_depth(array, str(path)))
    valid = depth[depth > 0]
    # The median, because a renderer's background may lie far away in metres too.
    typical = float(np.median(valid)) if valid.size else 0.0
    if typical > _LARGEST_METRES:
        raise InvalidDepthError(
            f"{path}: floating point counts as metres, but the median is {typical:.0f}: this looks like "
            "millimetres; divide by 1000, or store it as uint16"
        )
    return depth


def _read_png(path: Path) -> NDArray[Any]:
    import cv2

    # cv2.imread would print its own complaint about a broken file; decoding bytes does not.
    try:
        image = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error) as error:
        raise InvalidDepthError(f"{path}: cannot be read ({error})") from error
    if image is None:
        raise InvalidDepthError(f"{path}: not a readable PNG")
    if image.ndim == 3:
        raise InvalidDepthError(
            f"{path}: has {image.shape[2]} channels, a colour picture: expected 16-bit depth with one channel"
        )
    if image.dtype != np.uint16:
        raise InvalidDepthError(
            f"{path}: an 8-bit PNG holds 256 depths at most: expected 16 bits, in millimetres"
        )
    return np.asarray(image)


def _png_bytes(values: NDArray[np.uint16]) -> bytes:
    import cv2

    ok, encoded = cv2.imencode(".png", values)
    if not ok:
        raise InvalidDepthError(f"an image of shape {values.shape} cannot be stored as PNG")
    return encoded.tobytes()


def _read_numpy(path: Path) -> NDArray[Any]:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            names = loaded.files
            if NPZ_KEY not in names and len(names) != 1:
                raise InvalidDepthError(
                    f"{path}: holds {', '.join(names) or 'nothing'}: expected an array called '{NPZ_KEY}', "
                    "or a single one"
                )
            return loaded[NPZ_KEY if NPZ_KEY in names else names[0]]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidDepthError(f"{path}: not a readable {path.suffix} file ({error})") from error
