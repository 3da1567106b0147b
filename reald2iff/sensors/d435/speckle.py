"""Infrared noise that stays from frame to frame where nothing moves: laser speckle, pixels not alike."""

from __future__ import annotations

from functools import lru_cache

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

_STEPS = 32
"""Steps per pixel of disparity: a surface that moves by as much as the camera can tell shows new speckle."""

_INDEX_BITS = 16
_PIXEL, _DEPTH = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Odd multipliers that spread bits over a word; the latter two are those of splitmix64."""


@lru_cache(maxsize=1)
def _normal_values() -> NDArray[np.float32]:
    """Quantiles of the normal distribution, equally likely."""
    places = (np.arange(2**_INDEX_BITS) + 0.5) / 2**_INDEX_BITS
    return np.asarray(ndtri(places), dtype=np.float32)


@nb.njit(cache=True)
def _held_noise(depth: NDArray, focal_baseline: float, seed: int, values: NDArray) -> NDArray:
    height, width = depth.shape
    noise = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            z = depth[y, x]
            step = np.uint64(_STEPS * focal_baseline / z) if z > 0 else np.uint64(0)
            word = (seed + np.uint64(y * width + x + 1) * _PIXEL) ^ (step * _DEPTH)
            word = (word ^ (word >> np.uint64(30))) * _FIRST
            word = (word ^ (word >> np.uint64(27))) * _SECOND
            noise[y, x] = values[word >> np.uint64(64 - _INDEX_BITS)]
    return noise


def held_noise(
    depth: NDArray[np.float32], focal_baseline: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """White normal noise that is a function of the pixel and of the depth seen there.

    Frames of a static scene share it, given the same state of ``rng``; where something moves in depth it is
    new, so that it does not stick to the image like dirt on a window.

    Args:
        depth: ``(H, W)`` metres from one imager, 0 = nothing there.
        focal_baseline: Focal length (px) times baseline (m).
        rng: Draws the function.

    Returns:
        ``(H, W) float32`` of unit variance.
    """
    seed = rng.integers(2**64, dtype=np.uint64)
    return np.asarray(_held_noise(depth, focal_baseline, seed, _normal_values()))
