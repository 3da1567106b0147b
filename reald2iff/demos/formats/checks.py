"""Is it depth along the optical axis, in metres, unclipped? Simulators and loaders hand out much else.

Beside the plain signs (8 bits, values of 0 to 1, many pixels at the largest value) there is one of shape. On
a plane ``1 / depth`` is linear in the image, whatever the camera. With ``a, b, c`` the values of three pixels
in a row at equal distances, ``(a - 2b + c)(a + c) / (c - a)^2`` is therefore 1 where they lie on a plane and
the values are depth, and 0 where the values are inverse depth, disparity or a z-buffer. Rooms and tables are
full of planes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.formats.base import to_metres
from reald2iff.errors import InvalidDepthError

_PILE_SHARE = 0.005
_FAR = 20.0
"""Metres; a D435 sees nothing there, so that it does not matter what stands there."""

_LARGEST_TYPICAL = 50.0
_SMALLEST_MILLIMETRES = 30
_FEWEST_VALUES = 32
_FINE = 0.002
_MANY_PIXELS = 5000
_PLANE_WINDOW = 0.1
_LEAST_EVIDENCE = 300
_SLOPES = (0.001, 0.3)
"""Relative change from pixel to pixel; less is rounding, more is an edge."""


def check_depth(frames: Sequence[NDArray[Any]], name: str, max_depth: float | None = None) -> None:
    """Raise unless raw frames hold depth that a noise model can start from.

    Args:
        frames: ``(H, W)`` as stored, a few of a data set or an episode.
        name: Of the key and the place, for messages.
        max_depth: Metres that the user has said to count as invalid from there on; None = nothing said.

    Raises:
        InvalidDepthError: saying what it looks like, by which value, and what to do.
    """
    kind = frames[0].dtype
    if kind == np.uint8:
        raise InvalidDepthError(
            f"{name} is 8 bit: 256 depths at most. Expected metres in floating point or millimetres in "
            "uint16: render or record the depth again"
        )
    if kind != np.uint16 and kind.kind != "f":
        raise InvalidDepthError(
            f"{name} is {kind}: expected metres in floating point or millimetres in uint16"
        )
    raw = np.concatenate([frame.ravel() for frame in frames])
    finite = raw[np.isfinite(raw)]
    if finite.size and (finite < 0).mean() > 0.01:
        raise InvalidDepthError(
            f"{name} is negative in {(finite < 0).mean():.0%} of the pixels (down to {finite.min():.4g}): "
            "expected distances in front of the camera"
        )
    values = to_metres(raw)
    values = values[values > 0]
    if not values.size:
        raise InvalidDepthError(f"{name} is empty: every value is 0, NaN or infinite")
    _check_unit(kind, values, name)
    _check_scale(frames, values, name)
    _check_levels(frames, name)
    _check_shape(frames, name)
    if max_depth is None:
        _check_pile(values, name)


def _check_unit(kind: np.dtype[Any], values: NDArray[np.float32], name: str) -> None:
    typical, largest = float(np.median(values)), float(values.max())
    if kind == np.uint16 and largest * 1000 < _SMALLEST_MILLIMETRES:
        raise InvalidDepthError(
            f"{name} reaches {largest * 1000:.0f}, which counts as millimetres: this looks like metres cut "
            "to integers; expected millimetres, or floating point metres"
        )
    if kind.kind == "f" and typical > _LARGEST_TYPICAL:
        raise InvalidDepthError(
            f"{name} has a median of {typical:.4g}, which counts as metres: this looks like millimetres; "
            "divide by 1000, or store it as uint16"
        )


def _check_scale(frames: Sequence[NDArray[Any]], values: NDArray[np.float32], name: str) -> None:
    if frames[0].dtype.kind != "f" or values.max() != 1.0:
        return
    reaching = np.mean([np.nanmax(frame) == 1 for frame in frames])
    if reaching >= 0.5 and float((values == 1).mean()) < _PILE_SHARE:
        raise InvalidDepthError(
            f"{name} reaches exactly 1 in {reaching:.0%} of the frames: this looks normalised to 0..1. "
            "Expected metres: scale it back with the range that it was divided by"
        )


def _check_levels(frames: Sequence[NDArray[Any]], name: str) -> None:
    steps = [step for step in map(_ladder_step, frames) if step is not None]
    if len(steps) > len(frames) / 2:
        raise InvalidDepthError(
            f"{name} has at most 256 different values in a frame, {np.median(steps):.4g} apart: it went "
            "through 8 bits. Expected full resolution: render or record the depth again"
        )


def _ladder_step(frame: NDArray[Any]) -> float | None:
    """Distance of a frame's levels, if they are few and evenly spaced; None if it has many, or too few."""
    depth = to_metres(frame)
    levels = np.unique(depth[depth > 0])
    if not _FEWEST_VALUES <= len(levels) <= 256 or depth.size < _MANY_PIXELS:
        return None
    step = float(np.diff(levels).min())
    multiples = np.diff(levels) / step
    return step if step > _FINE and np.abs(multiples - np.rint(multiples)).max() < 0.05 else None


def _check_pile(values: NDArray[np.float32], name: str) -> None:
    largest = float(values.max())
    share = float((values == values.max()).mean())
    is_round = abs(largest * 1000 - round(largest * 1000)) < 1e-3
    if share >= _PILE_SHARE and is_round and largest < _FAR:
        raise InvalidDepthError(
            f"{name}: {share:.1%} of the pixels are exactly {largest:g} m, the largest value: clipped there, "
            "so that far surfaces became a wall. Record it without clipping, or count these pixels as "
            f"invalid with --max-depth {largest:g} (if they are a real surface: with a larger value)"
        )


def _check_shape(frames: Sequence[NDArray[Any]], name: str) -> None:
    bends = np.concatenate([_bends(frame) for frame in frames])
    if len(bends) < _LEAST_EVIDENCE:
        return
    depth = float((np.abs(bends - 1) < _PLANE_WINDOW).mean())
    inverse = float((np.abs(bends) < _PLANE_WINDOW).mean())
    if inverse > 0.15 and inverse > 3 * depth:
        raise InvalidDepthError(
            f"{name}: planes bend as in inverse depth, disparity or a z-buffer, not as in depth "
            f"({inverse:.0%} of the pixels against {depth:.0%}). Expected metres along the optical axis: "
            "convert it with the renderer's near and far planes"
        )
    flipped = float((bends < -_PLANE_WINDOW).mean())
    # Mere noise bends half of the pixels either way.
    if flipped > 0.65 and flipped > 10 * depth:
        raise InvalidDepthError(
            f"{name}: planes bend the wrong way ({flipped:.0%} of the pixels): near and far look flipped, or "
            "an offset was taken off. Expected metres, larger = farther"
        )


def _bends(frame: NDArray[Any]) -> NDArray[np.float64]:
    """The expression of this module's description, along rows and columns, where it can be told."""
    depth = to_metres(frame).astype(np.float64)
    resolution = _resolution(frame, depth)
    found = []
    for image in (depth, depth.T):
        step = max(2, image.shape[1] // 16)
        if image.shape[1] <= 2 * step:
            continue
        a, b, c = image[:, : -2 * step], image[:, step:-step], image[:, 2 * step :]
        slope, curvature = (c - a) / 2, a - 2 * b + c
        expected = 2 * np.square(slope) / np.maximum(b, 1e-9)
        relative = np.abs(slope) / np.maximum(b, 1e-9)
        usable = (a > 0) & (b > 0) & (c > 0) & (relative > _SLOPES[0]) & (relative < _SLOPES[1])
        usable &= (np.abs(curvature) < 0.5 * np.abs(slope)) & (expected > 20 * resolution)
        found.append((curvature * (a + c))[usable] / np.square(c - a)[usable])
    return np.concatenate(found) if found else np.empty(0)


def _resolution(frame: NDArray[Any], depth: NDArray[np.float64]) -> float:
    """Distance of neighbouring values, metres: of the type, or of the steps that they were rounded to."""
    levels = np.unique(depth)
    smallest = float(np.diff(levels).min()) if len(levels) > 1 else 0.0
    of_type = 0.001 if frame.dtype.kind in "iu" else float(np.finfo(frame.dtype).eps * depth.max())
    return max(smallest, of_type)
