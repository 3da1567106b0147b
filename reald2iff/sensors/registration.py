"""Depth registered to another camera, as a driver's "align to colour" gives it, and noise made there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics, require_depth, sanitize_depth
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import HORIZON, clean_input

_VOID = np.float32(0.9 * HORIZON)
"""Metres; stands for nothing there, so that it moves with the view like everything else."""


@dataclass(frozen=True)
class Registration:
    """Where registered depth comes from.

    Attributes:
        native: The depth camera itself.
        translation: ``(3,)`` metres, added to a point of the native camera to have it in the target camera;
            the axes of both are parallel, as they nearly are in a D435.

    Raises:
        InvalidParameterError: unless ``translation`` is three finite numbers below 1 m.
    """

    native: PinholeIntrinsics
    translation: Sequence[float] | NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "translation", _checked_translation(self.translation))


def _checked_translation(translation: Sequence[float] | NDArray[np.float64]) -> tuple[float, float, float]:
    vector = np.asarray(translation, dtype=np.float64)
    if vector.shape != (3,) or not (np.abs(vector) < 1).all():
        raise InvalidParameterError(f"translation = {translation}: expected three numbers below 1, in metres")
    x, y, z = vector
    return float(x), float(y), float(z)


@nb.njit(cache=True)
def _splat(
    depth: NDArray, source: tuple, target: tuple, translation: tuple, shape: tuple, driver: bool
) -> NDArray:
    fx, fy, cx, cy = source
    gx, gy, hx, hy = target
    tx, ty, tz = translation
    height, width = shape
    registered = np.zeros((height, width), np.float32)
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            z = depth[y, x]
            seen = z + tz
            if z <= 0 or seen <= 0:
                continue
            left = ((x - 0.5 - cx) / fx * z + tx) / seen * gx + hx
            right = ((x + 0.5 - cx) / fx * z + tx) / seen * gx + hx
            top = ((y - 0.5 - cy) / fy * z + ty) / seen * gy + hy
            bottom = ((y + 0.5 - cy) / fy * z + ty) / seen * gy + hy
            if driver:
                first, last = int(np.floor(left + 0.5)), int(np.floor(right + 0.5))
                upper, lower = int(np.floor(top + 0.5)), int(np.floor(bottom + 0.5))
                if first < 0 or upper < 0 or last >= width or lower >= height:
                    continue
            else:
                # The tolerance keeps neighbours from both leaving out a centre that lies on their seam.
                first, last = max(int(np.ceil(left - 1e-6)), 0), min(int(np.ceil(right - 1e-6)), width)
                upper, lower = max(int(np.ceil(top - 1e-6)), 0), min(int(np.ceil(bottom - 1e-6)), height)
                last, lower = last - 1, lower - 1
            for v in range(upper, lower + 1):
                for u in range(first, last + 1):
                    if registered[v, u] == 0 or seen < registered[v, u]:
                        registered[v, u] = seen
    return registered


def _pinhole(camera: PinholeIntrinsics) -> tuple[float, float, float, float]:
    return camera.fx, camera.fy, camera.cx, camera.cy


def register_depth(
    depth: NDArray[np.float32],
    native: PinholeIntrinsics,
    target: PinholeIntrinsics,
    translation: Sequence[float] | NDArray[np.float64] = (0.0, 0.0, 0.0),
    footprint: Literal["driver", "exact"] = "driver",
) -> NDArray[np.float32]:
    """Depth as another camera would have it: every pixel fills its footprint there, and the nearest wins.

    Args:
        depth: ``(H, W) float32`` metres, 0 = invalid.
        native: Intrinsics of ``depth``.
        target: The other camera.
        translation: ``(3,)`` metres from the one to the other, see `Registration`.
        footprint: ``"driver"`` rounds the corners of a footprint and fills both ends, as librealsense's
            ``align`` does: neighbours overlap by a pixel, which widens foregrounds and narrows holes, and
            what juts out of the image is dropped. ``"exact"`` fills the pixels whose centres lie in the
            footprint: footprints tile a surface, up to cracks where one is steep.

    Returns:
        ``(target.height, target.width) float32`` metres, 0 = invalid.

    Raises:
        InvalidDepthError: for another type or shape.
        InvalidParameterError: for a translation that is none, or an unknown footprint.
    """
    checked = clean_input(depth, native)
    if footprint not in ("driver", "exact"):
        raise InvalidParameterError(f"footprint {footprint!r}: expected 'driver' or 'exact'")
    return np.asarray(
        _splat(
            checked,
            _pinhole(native),
            _pinhole(target),
            _checked_translation(translation),
            (target.height, target.width),
            footprint == "driver",
        )
    )


@nb.njit(cache=True)
def _fill_from_sides(depth: NDArray) -> None:
    """Fill what has no depth from the farther of its neighbours along the row, in place; a side that has
    none does not count."""
    height, width = depth.shape
    for y in range(height):
        x = 0
        while x < width:
            if depth[y, x] > 0:
                x += 1
                continue
            start = x
            while x < width and depth[y, x] == 0:
                x += 1
            before = depth[y, start - 1] if start > 0 else np.float32(0)
            after = depth[y, x] if x < width else np.float32(0)
            depth[y, start:x] = max(before, after)


def surrounding_view(
    depth: NDArray[np.float32], camera: PinholeIntrinsics, registration: Registration
) -> NDArray[np.float32]:
    """Clean depth of the native camera, made from a clean image of the target camera.

    What the target does not see is guessed: behind foregrounds the background goes on, and beyond the image
    its border repeats, so that the sensor's own border lies where the native camera has it.

    Args:
        depth: ``(H, W) float32`` metres of the target camera, 0 = nothing there.
        camera: Intrinsics of ``depth``.
        registration: Of the native camera.

    Returns:
        ``(native.height, native.width) float32`` metres, 0 = nothing there.

    Raises:
        InvalidDepthError: for another type or shape, or if nothing of it lies in the native camera's view.
    """
    everywhere = np.where(clean_input(depth, camera) > 0, depth, _VOID).astype(np.float32)
    backwards = -np.asarray(registration.translation)
    view = register_depth(everywhere, camera, registration.native, backwards, footprint="exact")
    if not view.any():
        raise InvalidDepthError(f"nothing that {camera} sees lies in the view of {registration.native}")
    _fill_from_sides(view)
    rows = np.flatnonzero(view[:, 0] > 0)
    nearest = np.abs(np.arange(view.shape[0])[:, None] - rows).argmin(axis=1)
    view = view[rows[nearest]]
    return np.where(view < _VOID / 2, view, np.float32(0))


@dataclass(frozen=True)
class RegisteredNoise(NoiseModel):
    """Noise of a sensor whose depth the driver registers to another camera.

    The clean image of that camera is moved into the sensor, made noisy there and moved back, so that the
    noise has the sensor's scale and edges carry the marks of the registration.
    """

    name: ClassVar[str] = "registered"

    inner: NoiseModel
    """Of the native camera."""
    registration: Registration
    """Of the native camera."""

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`; ``intrinsics`` are those of the camera that is registered to."""
        native = self.registration.native
        clean = surrounding_view(sanitize_depth(require_depth(depth)), intrinsics, self.registration)
        noisy = self.inner.apply(clean, native, rng)
        return register_depth(noisy, native, intrinsics, self.registration.translation)

    def for_sequence(self, seed: int) -> RegisteredNoise:
        """The sensor's own, registered; see `NoiseModel.for_sequence`."""
        return replace(self, inner=self.inner.for_sequence(seed))
