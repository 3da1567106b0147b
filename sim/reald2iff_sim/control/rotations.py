"""Rotation matrices and vectors of one rotation, fast: at 100 Hz, scipy's general `Rotation` costs most."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotation_vector(matrix: Array) -> Array:
    """``(3,)`` radians, of length 0 to pi, from ``(3, 3)``."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    # Quaternion by its largest component (Shepperd), which is exact at half turns too.
    trace = a + e + i
    if trace >= max(a, e, i):
        x, y, z, w = h - f, c - g, d - b, 1 + trace
    elif a >= max(e, i):
        x, y, z, w = 1 + a - e - i, d + b, c + g, h - f
    elif e >= i:
        x, y, z, w = d + b, 1 + e - a - i, h + f, c - g
    else:
        x, y, z, w = c + g, h + f, 1 + i - a - e, d - b
    if w < 0:
        x, y, z, w = -x, -y, -z, -w
    sine = math.sqrt(x * x + y * y + z * z)
    scale = 2 * math.atan2(sine, w) / sine if sine > 1e-12 * w else 2 / w
    return np.array([scale * x, scale * y, scale * z])


def rotation_matrix(vector: Array) -> Array:
    """``(3, 3)`` from ``(3,)`` radians (Rodrigues)."""
    x, y, z = vector.tolist()
    square = x * x + y * y + z * z
    angle = math.sqrt(square)
    s = math.sin(angle) / angle if angle > 1e-8 else 1.0
    k = (1 - math.cos(angle)) / square if angle > 1e-4 else 0.5
    cos = 1 - k * square
    return np.array(
        [
            [cos + k * x * x, k * x * y - s * z, k * x * z + s * y],
            [k * x * y + s * z, cos + k * y * y, k * y * z - s * x],
            [k * x * z - s * y, k * y * z + s * x, cos + k * z * z],
        ]
    )
