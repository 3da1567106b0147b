"""Noise of a first-generation Kinect (structured light).

Pixel shifts and the final quantisation follow Barron and Malik, "Intrinsic Scene Properties from a Single
RGB-D Image" (2013); the dot-pattern correlation window follows Bohg et al., "Robot Arm Pose Estimation
through Pixel-Wise Part Classification" (2014), with the constants of the simkinect implementation.
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


_REACH = 3.0
"""A dot hands its disparity to pixels up to this far away (px)."""


@lru_cache(maxsize=4)
def _dot_mask(height: int, width: int, cell: int) -> NDArray[np.bool_]:
    """The projector's dots, the same for every frame: one at a random place of every cell."""
    rng = np.random.default_rng(2010)
    rows, columns = np.mgrid[0:height:cell, 0:width:cell]
    rows = np.minimum(rows + rng.integers(cell, size=rows.shape), height - 1)
    columns = np.minimum(columns + rng.integers(cell, size=columns.shape), width - 1)
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    mask.setflags(write=False)
    return mask


@dataclass(frozen=True)
class KinectNoise(NoiseModel):
    """Lateral jitter, disparity in eighths of a pixel known only at dots, depth-dependent quantisation."""

    name: ClassVar[str] = "kinect"

    shift_std: float = 0.5
    """Pixels are read from this far beside their place (px), by row and column."""
    baseline: float = 0.075
    """Projector to camera (m)."""
    disparity_steps: int = 8
    """Steps of disparity per pixel."""
    dot_cell: int = 3
    """One dot in every square of this size (px)."""
    window: int = 9
    """Correlation window (px), odd. A dot is found only if its window lies on one surface."""
    inlier_distance: float = 0.1
    """A dot supports the match if its disparity differs from the window's mean by at most this much (px),
    times 1.44 times its squared distance (px) from the centre."""
    inlier_share: float = 1 / 1.2
    """Share of the window's dots that must support it."""

    def __post_init__(self) -> None:
        require_within(self, 0, 10, "shift_std")
        require_within(self, 1e-3, 10, "baseline")
        require_within(self, 1, 1024, "disparity_steps")
        require_within(self, 1, 64, "dot_cell")
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
        """Disparity of the nearest found dot within reach, 0 where there is none."""
        radius = self.window // 2
        valid = disparity > 0
        quantised = np.rint(disparity * self.disparity_steps) / np.float32(self.disparity_steps)
        count = self._window_sum(valid)
        mean = self._window_sum(quantised) / np.maximum(count, 1)

        dots = _dot_mask(disparity.shape[0], disparity.shape[1], self.dot_cell)
        rows, columns = np.nonzero(dots & valid)
        centre_mean = mean[rows, columns]
        seen = np.where(dots & valid, quantised, np.float32(np.inf))
        padded = np.pad(seen, radius, constant_values=np.inf)
        support = np.zeros(rows.size, np.int32)
        for j in range(-radius, radius + 1):
            for i in range(-radius, radius + 1):
                tolerance = self.inlier_distance * max(1.44 * (i * i + j * j), 1.0)
                support += np.abs(padded[rows + radius + j, columns + radius + i] - centre_mean) < tolerance
        found = support >= self.inlier_share * self._window_sum(dots)[rows, columns]
        if not found.any():
            return np.zeros_like(disparity)

        missing = np.ones(disparity.shape, np.uint8)
        missing[rows[found], columns[found]] = 0
        distance, nearest = cv2.distanceTransformWithLabels(
            missing, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        values = np.zeros(int(nearest.max()) + 1, np.float32)
        values[nearest[missing == 0]] = quantised[missing == 0]
        return np.where(distance <= _REACH, values[nearest], np.float32(0))

    def _window_sum(self, image: NDArray) -> NDArray[np.float32]:
        size = (self.window, self.window)
        summed = cv2.boxFilter(
            image.astype(np.float32), -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return np.asarray(summed, dtype=np.float32)

    @staticmethod
    def _quantise(depth: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Whole centimetres, then the integer disparity they fall on, with noise of a sixth of a step."""
        noise = rng.standard_normal(depth.shape, dtype=np.float32)
        centimetres = np.rint(depth * 100)
        valid = centimetres > 0
        steps = np.rint(_DISPARITY_CENTIMETRES / np.where(valid, centimetres, 1) + noise / 6 + 0.5)
        valid &= steps > 0
        return np.where(valid, _DISPARITY_CENTIMETRES / np.maximum(steps, 1) / 100, 0).astype(np.float32)
