"""Surface patterns made of numbers: grey, periodic, brightest value 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.float32]


def draw_texture(rng: np.random.Generator, size: int) -> Texture:
    """A random surface pattern ``(size, size) float32`` in [0, 1] that continues over its borders."""
    pattern = _PATTERNS[rng.choice(len(_PATTERNS), p=_WEIGHTS)](rng, size)
    grain = 1 + rng.uniform(0.0, 0.08) * power_noise(rng, size, 0.3)
    contrast = rng.beta(1.6, 1.6)
    texture = np.clip((1 - contrast + contrast * pattern) * grain, 0, None)
    return (texture / max(float(texture.max()), 1e-6)).astype(np.float32)


def power_noise(rng: np.random.Generator, size: int, slope: float, stretch: float = 1.0) -> Texture:
    """Periodic noise of zero mean and unit variance whose amplitude falls as frequency**-slope.

    Args:
        rng: Source of the noise.
        size: Side of the image.
        slope: 0 is white noise, 1 cloudy, 2 smooth.
        stretch: How much longer its structures are along the columns than along the rows.
    """
    rows = np.fft.fftfreq(size)[:, None] * stretch
    radius = np.hypot(rows, np.fft.rfftfreq(size)[None, :])
    radius[0, 0] = 1.0
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * radius**-slope, s=(size, size))
    noise -= noise.mean()
    return (noise / noise.std()).astype(np.float32)


def _unit(pattern: NDArray[np.floating]) -> Texture:
    low, high = np.quantile(pattern, (0.01, 0.99))
    return np.clip((pattern - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _plain(rng: np.random.Generator, size: int) -> Texture:
    return np.ones((size, size), np.float32)


def _clouds(rng: np.random.Generator, size: int) -> Texture:
    return _unit(power_noise(rng, size, rng.uniform(0.6, 1.8)))


def _fabric(rng: np.random.Generator, size: int) -> Texture:
    period = int(rng.integers(3, 9))
    y, x = np.mgrid[:size, :size]
    weave = np.sin(2 * np.pi * x * (size // period) / size) + np.sin(2 * np.pi * y * (size // period) / size)
    return _unit(weave + power_noise(rng, size, 0.5))


def _wood(rng: np.random.Generator, size: int) -> Texture:
    warp = power_noise(rng, size, 1.8, stretch=rng.uniform(4, 12))
    rings = np.sin(2 * np.pi * (np.arange(size)[None, :] * rng.integers(3, 10) / size + 0.6 * warp))
    return _unit(rings + 0.7 * power_noise(rng, size, 0.7, stretch=12))


def _checker(rng: np.random.Generator, size: int) -> Texture:
    squares = 2 * int(rng.integers(1, 8))
    y, x = np.mgrid[:size, :size] * squares // size
    return np.where((x + y) % 2, 1.0, rng.uniform(0, 0.6)).astype(np.float32)


def _stripes(rng: np.random.Generator, size: int) -> Texture:
    phase = np.arange(size) * rng.integers(1, 20) / size % 1
    bars = np.where(phase < rng.uniform(0.2, 0.8), 1.0, rng.uniform(0, 0.6)).astype(np.float32)
    stripes = np.broadcast_to(bars, (size, size))
    return np.ascontiguousarray(stripes.T if rng.random() < 0.5 else stripes)


def _tiles(rng: np.random.Generator, size: int) -> Texture:
    columns, rows = 2 * int(rng.integers(1, 5)), 2 * int(rng.integers(1, 8))
    y, x = np.mgrid[:size, :size] / size
    row = np.floor(y * rows).astype(int)
    shifted = x * columns + 0.5 * (row % 2) * rng.integers(0, 2)
    column = np.floor(shifted).astype(int) % columns
    tile = rng.uniform(0.7, 1.0, (rows, columns))[row, column]
    joint = ((shifted % 1) < 0.04 * columns / 2) | ((y * rows % 1) < 0.04 * rows / 2)
    tile = tile + 0.05 * power_noise(rng, size, 1.0)
    return np.clip(np.where(joint, rng.uniform(0.1, 1), tile), 0, 1).astype(np.float32)


def _print(rng: np.random.Generator, size: int) -> Texture:
    """Packaging: blocks of colour and lines of writing."""
    image = np.full((size, size), rng.uniform(0.3, 1.0), np.float32)
    for _ in range(int(rng.integers(2, 9))):
        (top, left), (high, wide) = rng.integers(0, size, 2), rng.integers(size // 10, size // 2, 2)
        image[top : top + high, left : left + wide] = rng.uniform(0, 1)
        if rng.random() < 0.5:
            line = max(2, int(rng.integers(size // 64, size // 20)))
            letters = np.repeat(rng.random((high // line + 1, wide // 2 + 1)) < 0.5, 2, axis=1)
            lines = np.repeat(letters, line, axis=0)[:high, :wide]
            lines &= (np.arange(high) // line % 2 == 0)[:, None]
            block = image[top : top + high, left : left + wide]
            block[lines[: block.shape[0], : block.shape[1]]] = rng.uniform(0, 1)
    return image


_Pattern = Callable[[np.random.Generator, int], Texture]
_CATALOGUE: tuple[tuple[_Pattern, float], ...] = (
    (_plain, 0.30),
    (_clouds, 0.16),
    (_fabric, 0.10),
    (_wood, 0.14),
    (_checker, 0.05),
    (_stripes, 0.06),
    (_tiles, 0.07),
    (_print, 0.12),
)
_PATTERNS = tuple(pattern for pattern, _ in _CATALOGUE)
_WEIGHTS = tuple(weight for _, weight in _CATALOGUE)
