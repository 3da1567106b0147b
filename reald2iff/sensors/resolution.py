"""Noise made at the sensor's own resolution, for images that are smaller than what the camera takes.

Policies are trained on images of 84 or 128 px; on the robot, such an image is a 640x480 one scaled down. A
noise model that is given the small image as it is takes it for a sensor with pixels that much larger, and its
noise, which is a share of a pixel of disparity, becomes too strong in metres by the same factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import (
    D435_BASELINE,
    D435_DEPTH,
    PinholeIntrinsics,
    depth_to_disparity,
    disparity_to_depth,
)
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input

_STEEPEST = 0.5
"""Change of disparity from pixel to pixel that is believed of a single side."""


@dataclass(frozen=True)
class SensorResolution(NoiseModel):
    """A noise model that sees small images as large as the sensor takes them; its depth is scaled down again.

    Clean depth is enlarged by the whole factor that comes nearest to the sensor's focal length: linearly on
    surfaces, without values in between at edges. Of every block one pixel is kept, as where an image is
    resized to the nearest. Images of the sensor's size, or larger, go through as they are.

    Attributes:
        model: Makes the noise.
        focal: Focal length of the sensor's own images, px.
    """

    name: ClassVar[str] = "sensor_resolution"
    model: NoiseModel
    focal: float = D435_DEPTH.fx

    def __post_init__(self) -> None:
        if not self.focal > 0:
            raise InvalidParameterError(f"focal = {self.focal}: expected px, above 0")

    def factor(self, intrinsics: PinholeIntrinsics) -> int:
        """By which images of this camera are enlarged."""
        return max(1, round(self.focal / intrinsics.fx))

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        factor = self.factor(intrinsics)
        if factor == 1:
            return self.model.apply(depth, intrinsics, rng)
        disparity = depth_to_disparity(clean_input(depth, intrinsics), intrinsics.fx, D435_BASELINE)
        large = intrinsics.resized(intrinsics.width * factor, intrinsics.height * factor)
        clean = disparity_to_depth(enlarge(disparity, factor), intrinsics.fx, D435_BASELINE)
        noisy = self.model.apply(clean, large, rng)
        return np.ascontiguousarray(noisy[factor // 2 :: factor, factor // 2 :: factor])

    def for_sequence(self, seed: int) -> SensorResolution:
        """What stays is up to the model."""
        return SensorResolution(self.model.for_sequence(seed), self.focal)

    def describe(self) -> dict[str, Any]:
        """Of the model, with the focal length."""
        return self.model.describe() | {"sensor_focal": self.focal}


def enlarge(disparity: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Disparity at ``factor`` times the resolution, still in pixels of the input.

    Within every pixel a plane, as steep as the flatter of the two sides (the minmod limiter of finite volume
    schemes): planes come out as planes, and beside an edge each surface goes on up to it.

    Args:
        disparity: ``(H, W)`` px, 0 = invalid.
        factor: 1 or more.

    Returns:
        ``(factor * H, factor * W) float32`` px.
    """
    valid = disparity > 0
    offsets = ((np.arange(factor) + 0.5) / factor - 0.5).astype(np.float32)
    down, right = (_slope(disparity, valid, axis) for axis in (0, 1))
    height, width = disparity.shape
    fine = (
        disparity[:, None, :, None]
        + down[:, None, :, None] * offsets[None, :, None, None]
        + right[:, None, :, None] * offsets[None, None, None, :]
    )
    fine = np.where(valid[:, None, :, None], np.maximum(fine, np.finfo(np.float32).tiny), np.float32(0))
    return np.ascontiguousarray(fine.reshape(height * factor, width * factor), dtype=np.float32)


def _slope(disparity: NDArray[np.float32], valid: NDArray[np.bool_], axis: int) -> NDArray[np.float32]:
    """Change per pixel along an axis; at the image's border and beside holes that of the one side."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (1, 1)
    along = np.diff(np.pad(disparity, pad), axis=axis)
    known = np.pad(valid, pad)
    first, last = (slice(None, -1), slice(1, None))
    before, after = (
        ((first, slice(None)), (last, slice(None)))
        if axis == 0
        else (
            (slice(None), first),
            (slice(None), last),
        )
    )
    both = known[before] & known[after]
    one, other = along[before], along[after]
    one_known, other_known = both[before], both[after]
    limited = np.where(one * other > 0, np.where(np.abs(one) < np.abs(other), one, other), 0)
    single = np.where(one_known, one, np.where(other_known, other, 0))
    # A single side may be an edge: no steeper than what a surface seen from above is.
    single = np.where(np.abs(single) < _STEEPEST, single, 0)
    return np.asarray(np.where(one_known & other_known, limited, single), dtype=np.float32)
