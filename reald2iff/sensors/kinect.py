"""Noise of a first-generation Kinect (structured light).

Pixel shifts and the final quantisation follow Barron and Malik, "Intrinsic Scene Properties from a Single
RGB-D Image" (2013); the dot-pattern correlation window follows Bohg et al., "Robot Arm Pose Estimation through
Pixel-Wise Part Classification" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity, disparity_to_depth
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input, require_within

_DISPARITY_CENTIMETRES = 35130.0
"""Barron and Malik's constant: depth (cm) times the sensor's integer disparity."""


@lru_cache(maxsize=4)
def _dot_mask(height: int, width: int, density: float) -> NDArray[np.bool_]:
    """The projector's random dots, the same for every frame."""
    mask = np.random.default_rng(2010).random((height, width)) < density
    mask.setflags(write=False)
    return mask


@dataclass(frozen=True)
class KinectNoise(NoiseModel):
    """Lateral jitter, disparity in eighths of a pixel known only at dots, and depth-dependent quantisation."""

    name: ClassVar[str] = "kinect"

    shift_std: float = 0.5
    """Pixels are read from this far beside their place (px), by row and column."""
    baseline: float = 0.075
    """Projector to camera (m)."""
    disparity_steps: int = 8
    """Steps of disparity per pixel."""
    dot_density: float = 0.1
    """Dots per pixel."""
    window: int = 9
    """Correlation window (px), odd. A dot is found only if the window lies on one surface."""
    inlier_distance: float = 0.1
    """Disparity (px) from the window's mean up to which a dot of it supports the match."""
    inlier_share: float = 2 / 3
    """Share of the window's dots that must support it."""

    def __post_init__(self) -> None:
        require_within(self, 0, 10, "shift_std")
        require_within(self, 1e-3, 10, "baseline")
        require_within(self, 1, 1024, "disparity_steps")
        require_within(self, 0.001, 1, "dot_density")
        require_within(self, 1, 31, "window")
        require_within(self, 0, 100, "inlier_distance")
        require_within(self, 0, 1, "inlier_share")
        if self.window % 2 == 0:
            raise InvalidParameterError(f"KinectNoise.window = {self.window}: expected an odd size in pixels")

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`."""
        clean = clean_input(depth, intrinsics)
        disparity = depth_to_disparity(self._shifted(clean, rng), intrinsics.fx, self.baseline)
        matched = self._match(disparity)
        metres = disparity_to_depth(matched, intrinsics.fx, self.baseline)
        return np.where(clean > 0, self._quantise(metres, rng), np.float32(0))

    def _shifted(self, depth: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        height, width = depth.shape
        shift = rng.normal(0, self.shift_std, (2, height, width))
        rows, columns = np.indices(depth.shape) + np.rint(shift).astype(int)
        return depth[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]

    def _match(self, disparity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Disparity of every pixel from the nearest dot whose window lies on one surface, 0 where there is none."""
        dots = _dot_mask(*disparity.shape, self.dot_density)
        radius = self.window // 2
        seen = dots & (disparity > 0)

        def window_sum(image: NDArray) -> NDArray[np.float32]:
            summed = cv2.boxFilter(
                image.astype(np.float32),
                -1,
                (self.window, self.window),
                normalize=False,
                borderType=cv2.BORDER_CONSTANT,
            )
            return np.asarray(summed, dtype=np.float32)

        mean = window_sum(np.where(seen, disparity, 0)) / np.maximum(window_sum(seen), 1)
        rows, columns = np.nonzero(seen)
        padded = np.pad(np.where(seen, disparity, np.inf).astype(np.float32), radius, constant_values=np.inf)
        support = np.zeros(rows.size, np.int32)
        for j in range(self.window):
            for i in range(self.window):
                support += np.abs(padded[rows + j, columns + i] - mean[rows, columns]) < self.inlier_distance
        needed = self.inlier_share * window_sum(dots)[rows, columns]
        found = support >= needed

        missing = np.ones(disparity.shape, np.uint8)
        missing[rows[found], columns[found]] = 0
        if missing.all():
            return np.zeros_like(disparity)
        distance, nearest = cv2.distanceTransformWithLabels(
            missing, cv2.DIST_C, 3, labelType=cv2.DIST_LABEL_PIXEL
        )
        values = np.zeros(int(nearest.max()) + 1, np.float32)
        values[nearest[missing == 0]] = disparity[missing == 0]
        values = np.rint(values * self.disparity_steps) / np.float32(self.disparity_steps)
        return np.where(distance <= radius, values[nearest], np.float32(0)).astype(np.float32)

    @staticmethod
    def _quantise(depth: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Whole centimetres, then the integer disparity they fall on, with noise of a sixth of a step."""
        noise = rng.standard_normal(depth.shape, dtype=np.float32)
        centimetres = np.rint(depth * 100)
        valid = centimetres > 0
        steps = np.rint(_DISPARITY_CENTIMETRES / np.where(valid, centimetres, 1) + noise / 6 + 0.5)
        valid &= steps > 0
        return np.where(valid, _DISPARITY_CENTIMETRES / np.maximum(steps, 1) / 100, 0).astype(np.float32)
