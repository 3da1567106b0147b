"""Depth as Isaac Sim's `SingleViewDepthSensor` makes it: one ideal view, disparity noise, no matching.

Written from NVIDIA's description of the model (Omniverse Camera Extension, "Single View Depth Camera", and
the attributes of `OmniSensorDepthSensorSingleViewAPI`); the renderer itself is closed. In its order:

1. depth becomes disparity, and is looked at from the second imager: what that one cannot see is lost;
2. disparity is quantised to steps of ``noise_step`` and varied by a Gaussian, anew in every frame;
3. what is not confident is dropped: there, where the luminance's Sobel response is low; a projector makes
   surfaces confident within its reach;
4. range limits, and removal of single samples.

What had to be chosen: the result stays in the view of the left imager, which is the depth camera, as every
noise model here promises. There is no luminance in a depth image; the test uses that of white matt surfaces
under a light at the camera, and the D435's projector reaches 10 m. Constants are Isaac Sim 5's defaults, but
for those that make the camera a D435: the baseline, and the least distance (its 0.5 m would blind a wrist
camera).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_BASELINE, PinholeIntrinsics, depth_to_disparity, disparity_to_depth
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.checks import clean_input, require_within

_HIDDEN_BY = 0.5
"""A sample is hidden from the second imager if one to its right lands this much further left (px)."""


@dataclass(frozen=True)
class IsaacNoise(NoiseModel):
    """Quantised disparity with white noise, shadows of the second view, confidence and range culling."""

    name: ClassVar[str] = "isaac"

    noise_step: float = 0.25
    """Quantisation of disparity (px), `noiseMean`; 0 switches the noise off too, as in Isaac Sim."""
    noise_sigma: float = 0.25
    """Of the Gaussian on top (px), `noiseSigma`."""
    noise_downscale: float = 1.0
    """The noise is the same over squares of this many pixels, `noiseDownscaleFactorPixel`."""
    max_disparity: float = 110.0
    """Nearer surfaces are lost (px), `maxDisparityPixel`."""
    min_distance: float = 0.2
    """Nearer surfaces are lost (m)."""
    max_distance: float = 1e7
    """Farther surfaces are lost (m)."""
    confidence: float = 0.95
    """The lower, the more of the smooth surfaces beyond the projector's reach is lost, `confidenceThreshold`:
    a Sobel response (of luminance in [0, 1], saturated at 1) of at least one minus this is kept."""
    projector_distance: float = 10.0
    """Within it every surface is confident (m)."""
    outlier_range: float = 3.0
    """Single samples that differ by more than this from all their neighbours are lost (px),
    `outlierRemovalEnabled`; 0 keeps them."""
    baseline: float = D435_BASELINE
    """Of the stereo camera (m)."""

    def __post_init__(self) -> None:
        require_within(self, 0, 100, "noise_step", "noise_sigma", "outlier_range")
        require_within(self, 1, 10, "noise_downscale")
        require_within(self, 1, 10000, "max_disparity")
        require_within(self, 0, 1e9, "min_distance", "max_distance", "projector_distance")
        require_within(self, 0, 1, "confidence")
        require_within(self, 1e-3, 10, "baseline")

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """See `NoiseModel.apply`."""
        clean = clean_input(depth, intrinsics)
        disparity = depth_to_disparity(clean, intrinsics.fx, self.baseline)
        seen = _seen_by_right(disparity) & (disparity <= self.max_disparity)
        seen &= (clean >= self.min_distance) & (clean <= self.max_distance)
        seen &= (clean <= self.projector_distance) | self._textured(clean, intrinsics)
        noisy = np.where(seen, np.maximum(self._noisy(disparity, rng), 0), np.float32(0))
        if self.outlier_range > 0:
            noisy[_is_single(noisy, self.outlier_range)] = 0
        return disparity_to_depth(noisy, intrinsics.fx, self.baseline)

    def _noisy(self, disparity: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        if self.noise_step == 0:
            return disparity
        height, width = disparity.shape
        rows, columns = ((np.arange(size) / self.noise_downscale).astype(np.intp) for size in (height, width))
        noise = rng.standard_normal((rows[-1] + 1, columns[-1] + 1), dtype=np.float32)
        step = np.float32(self.noise_step)
        return np.rint(disparity / step) * step + np.float32(self.noise_sigma) * noise[np.ix_(rows, columns)]

    def _textured(self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics) -> NDArray[np.bool_]:
        """Where the Sobel response of a matt white scene, lit from the camera, is strong enough."""
        across = cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=3) / 8 * np.float32(intrinsics.fx)
        down = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3) / 8 * np.float32(intrinsics.fy)
        facing = depth / np.maximum(np.sqrt(np.square(depth) + np.square(across) + np.square(down)), 1e-9)
        luminance = facing.astype(np.float32)
        response = np.hypot(
            cv2.Sobel(luminance, cv2.CV_32F, 1, 0, ksize=3), cv2.Sobel(luminance, cv2.CV_32F, 0, 1, ksize=3)
        )
        return np.minimum(response, 1) >= 1 - self.confidence


def _seen_by_right(disparity: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Samples with disparity that land inside the second image and behind no other one."""
    valid = disparity > 0
    columns = np.arange(disparity.shape[1], dtype=np.float32)
    landing = np.where(valid, columns - disparity, np.float32(np.inf))
    leftmost = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    return valid & (landing >= 0) & (landing <= leftmost + _HIDDEN_BY)


def _is_single(disparity: NDArray[np.float32], tolerance: float) -> NDArray[np.bool_]:
    """Valid samples that none of the eight neighbours comes close to."""
    height, width = disparity.shape
    padded = np.pad(disparity, 1)
    supported = np.zeros(disparity.shape, bool)
    for row in range(3):
        for column in range(3):
            if (row, column) != (1, 1):
                neighbour = padded[row : row + height, column : column + width]
                supported |= (neighbour > 0) & (np.abs(neighbour - disparity) <= tolerance)
    return (disparity > 0) & ~supported
