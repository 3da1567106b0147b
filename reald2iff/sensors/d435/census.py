"""Census transform: each pixel described by which of its neighbours are brighter."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

RADIUS = 3
"""7x7 neighbourhood: 48 comparisons fit one 64-bit word."""

BITS = (2 * RADIUS + 1) ** 2 - 1


@nb.njit(cache=True)
def census(image: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Census words of an image; neighbours beyond the border repeat the border.

    Args:
        image: ``(H, W) uint8``.

    Returns:
        ``(H, W) uint64``, 48 bits used.
    """
    height, width = image.shape
    padded = np.empty((height + 2 * RADIUS, width + 2 * RADIUS), np.uint8)
    for y in range(height + 2 * RADIUS):
        source_y = min(max(y - RADIUS, 0), height - 1)
        for x in range(width + 2 * RADIUS):
            padded[y, x] = image[source_y, min(max(x - RADIUS, 0), width - 1)]
    words = np.zeros((height, width), np.uint64)
    for y in range(height):
        bit = np.uint64(1)
        for j in range(2 * RADIUS + 1):
            for i in range(2 * RADIUS + 1):
                if i == RADIUS and j == RADIUS:
                    continue
                for x in range(width):
                    if padded[y + j, x + i] > image[y, x]:
                        words[y, x] |= bit
                bit <<= np.uint64(1)
    return words
