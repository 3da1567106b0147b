"""What real frames show and no modelled physics gives yet, added as fitted random fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from reald2iff.sensors.checks import require_within


@dataclass(frozen=True)
class StatisticsParameters:
    """Fitted to native D435 frames at 640x480. Lengths in pixels."""

    noise_std: float = 0.0365
    """Gaussian-process disparity noise (px); at disparity d times 1 + (far / d)^2 + (d / near)^2 ..."""
    noise_far_disparity: float = 7.0
    """... with this for far (px): the camera is less sure of what its dots hardly reach ..."""
    noise_near_disparity: float = 45.0
    """... and this for near (px): calibration wobbles, and dots saturate."""
    noise_lowest_disparity: float = 4.5
    """The law is measured from here (px) to `noise_near_disparity`, and stays constant beyond either end."""
    noise_sigma_x: float = 6.0
    """Gaussian radius of its kernel along rows."""
    noise_sigma_y: float = 3.8
    grain_std: float = 0.013
    """Finer noise (px): white, averaged over boxes."""
    grain_size: int = 9
    """Edge of these boxes; from the zeros and side lobes of the camera's noise along rows."""
    noise_fixed_share: float = 0.05
    """Share of both noises' variance that a static scene keeps from frame to frame, besides what comes of the
    infrared noise that stays."""
    speckle_rate: float = 3000.0
    """Small holes per million pixels where depth breaks off, at holes and at jumps of disparity ..."""
    speckle_reach: float = 3.0
    """... and up to this distance from there (px); farther away they thin out with its power 1.5, so that
    amid a smooth surface there is next to none."""
    speckle_fixed_share: float = 0.8
    """Share of them that a static scene keeps from frame to frame."""
    border_margin: float = 6.3
    """The left border band is as wide as the disparity plus this ..."""
    border_correlation: float = 0.92
    """... and ragged by an AR(1) process down the rows with this coefficient ..."""
    border_static_std: float = 2.7
    """... of which this much stays from frame to frame ..."""
    border_frame_std: float = 0.67
    """... and this much does not."""

    def __post_init__(self) -> None:
        require_within(self, 0, 10, "noise_std", "grain_std")
        require_within(self, 1, 64, "grain_size")
        require_within(self, 0, 1000, "noise_far_disparity")
        require_within(self, 0.1, 1000, "noise_lowest_disparity")
        require_within(self, self.noise_lowest_disparity, 1000, "noise_near_disparity")
        require_within(self, 0.3, 100, "noise_sigma_x", "noise_sigma_y")
        require_within(self, 0, 1, "noise_fixed_share", "speckle_fixed_share")
        require_within(self, 0, 1e5, "speckle_rate")
        require_within(self, 0.1, 100, "speckle_reach")
        require_within(self, 0, 0.999, "border_correlation")
        require_within(self, 0, 100, "border_margin", "border_static_std", "border_frame_std")


Draw = Callable[[tuple[int, int]], NDArray[np.float32]]
"""Gives white noise of unit variance of a shape."""


def gaussian_field(shape: tuple[int, int], sigma_x: float, sigma_y: float, draw: Draw) -> NDArray[np.float32]:
    """White noise under a Gaussian kernel, scaled to unit variance in expectation.

    Args:
        shape: ``(H, W)``.
        sigma_x: Radius of the kernel along rows (px).
        sigma_y: Radius of the kernel down columns (px).
        draw: Source of the noise.

    Returns:
        ``(H, W) float32``.
    """
    margin_x, margin_y = int(np.ceil(3.5 * sigma_x)), int(np.ceil(3.5 * sigma_y))
    kernels = []
    for sigma, margin in ((sigma_x, margin_x), (sigma_y, margin_y)):
        kernel = cv2.getGaussianKernel(2 * margin + 1, sigma, cv2.CV_32F)
        kernels.append(kernel / np.sqrt(np.square(kernel).sum()))
    # A margin of fresh noise instead of a border rule keeps the variance the same up to the edge.
    field = cv2.sepFilter2D(draw((shape[0] + 2 * margin_y, shape[1] + 2 * margin_x)), -1, *kernels)
    inner = field[margin_y : margin_y + shape[0], margin_x : margin_x + shape[1]]
    return np.asarray(inner, dtype=np.float32)


def box_field(shape: tuple[int, int], size: int, draw: Draw) -> NDArray[np.float32]:
    """White noise averaged over squares of ``size`` px, of unit variance: ``(H, W) float32``."""
    field = cv2.boxFilter(draw((shape[0] + size, shape[1] + size)), -1, (size, size), normalize=False)
    middle = size // 2
    return np.asarray(field[middle : middle + shape[0], middle : middle + shape[1]] / np.float32(size))


def white_noise(rng: np.random.Generator) -> Draw:
    """Noise drawn from ``rng``."""
    return lambda shape: rng.standard_normal(shape, dtype=np.float32)


def _partly_fixed(share: float, static_rng: np.random.Generator, frame_rng: np.random.Generator) -> Draw:
    """Noise of which ``share`` of the variance is drawn from ``static_rng``."""
    fixed, fresh = white_noise(static_rng), white_noise(frame_rng)

    def draw(shape: tuple[int, int]) -> NDArray[np.float32]:
        return np.float32(np.sqrt(share)) * fixed(shape) + np.float32(np.sqrt(1 - share)) * fresh(shape)

    return draw


def lognormal_field(
    shape: tuple[int, int], spread: float, sigma: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Positive factors with median 1, ``(H, W) float32``.

    Args:
        shape: ``(H, W)``.
        spread: Standard deviation of their logarithm.
        sigma: Gaussian radius of the field (px).
        rng: Source of the field.
    """
    return np.exp(np.float32(spread) * gaussian_field(shape, sigma, sigma, white_noise(rng)))


def _ragged_edge(rows: int, correlation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Stationary AR(1) process of unit variance, ``(rows,)``."""
    drive = rng.standard_normal(rows)
    drive[1:] *= np.sqrt(1 - correlation**2)
    return np.asarray(lfilter([1.0], [1.0, -correlation], drive))


def noise_deviation(disparity: NDArray[np.float32], parameters: StatisticsParameters) -> NDArray[np.float32]:
    """Standard deviation of the Gaussian-process noise (px) at each disparity."""
    p = parameters
    measured = np.clip(disparity, p.noise_lowest_disparity, p.noise_near_disparity)
    law = 1 + np.square(p.noise_far_disparity / measured) + np.square(measured / p.noise_near_disparity)
    return np.asarray(p.noise_std * law, dtype=np.float32)


_SPECKLE_SIDES = (0.6, 0.25, 0.15)
"""Shares of speckle that are 1, 2 and 3 pixels wide, and likewise high: a third are single pixels."""


_BREAK = 1.0
"""Difference of disparity (px) between neighbouring pixels at which depth breaks off."""
_THINNING = 1.5


def nearness_to_breaks(
    disparity: NDArray[np.float32], reach: float = StatisticsParameters().speckle_reach
) -> NDArray[np.float32]:
    """``(H, W) float32`` in [0, 1]: 1 beside holes and jumps of disparity, and less the farther away.

    Small holes are as likely, and samples of the diffusion model as rough.

    Args:
        disparity: ``(H, W)`` px, 0 = invalid.
        reach: Distance from there (px) from which on it falls, with the power -1.5.
    """
    smooth = (disparity > 0).astype(np.uint8)
    for axis in (0, 1):
        jump = np.abs(np.diff(disparity, axis=axis)) > _BREAK
        first, second = (smooth[:-1], smooth[1:]) if axis == 0 else (smooth[:, :-1], smooth[:, 1:])
        first[jump] = 0
        second[jump] = 0
    if smooth.all():
        # Nothing breaks off anywhere, and OpenCV's distances would have no meaning.
        return np.zeros_like(disparity)
    distance = cv2.distanceTransform(smooth, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray((reach / np.maximum(distance, reach)) ** _THINNING, dtype=np.float32)


def punch_speckle(
    disparity: NDArray[np.float32], density: NDArray[np.float32], rate: float, rng: np.random.Generator
) -> None:
    """Punch small holes into ``disparity``, in place.

    Args:
        disparity: ``(H, W)`` px.
        density: ``(H, W)`` in [0, 1], such as `nearness_to_breaks`.
        rate: Holes per million pixels where the density is 1.
        rng: Source of their places.
    """
    height, width = disparity.shape
    n = rng.poisson(rate * 1e-6 * disparity.size)
    top, left = rng.integers(height, size=n), rng.integers(width, size=n)
    sides = 1 + rng.choice(3, size=(n, 2), p=_SPECKLE_SIDES)
    kept = rng.random(n) < density[top, left]
    for y, x, (rows, columns) in zip(top[kept], left[kept], sides[kept], strict=True):
        disparity[y : y + rows, x : x + columns] = 0


def add_statistics(
    disparity: NDArray[np.float32],
    parameters: StatisticsParameters,
    static_rng: np.random.Generator,
    frame_rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Disparity with correlated noise, speckle and the ragged left border band.

    Args:
        disparity: ``(H, W) float32`` px, 0 = invalid.
        parameters: Of the fields.
        static_rng: Draws what a static scene keeps.
        frame_rng: Draws what changes from frame to frame.

    Returns:
        ``(H, W) float32`` px, not yet quantised; no pixel becomes valid.
    """
    p = parameters
    shape = (disparity.shape[0], disparity.shape[1])
    draw = _partly_fixed(p.noise_fixed_share, static_rng, frame_rng)
    noise = gaussian_field(shape, p.noise_sigma_x, p.noise_sigma_y, draw)
    noise *= noise_deviation(disparity, p)
    noise += np.float32(p.grain_std) * box_field(shape, p.grain_size, draw)
    edge = p.border_margin + p.border_static_std * _ragged_edge(shape[0], p.border_correlation, static_rng)
    edge += p.border_frame_std * _ragged_edge(shape[0], p.border_correlation, frame_rng)
    noisy = disparity + noise
    inside = np.arange(shape[1], dtype=np.float32)[None, :] - noisy >= edge[:, None].astype(np.float32)
    noisy = np.where((disparity > 0) & inside, noisy, np.float32(0))
    density = nearness_to_breaks(noisy, p.speckle_reach)
    punch_speckle(noisy, density, p.speckle_rate * p.speckle_fixed_share, static_rng)
    punch_speckle(noisy, density, p.speckle_rate * (1 - p.speckle_fixed_share), frame_rng)
    return noisy
