"""Noise too fine for what samples hold of it, and too regular: from pixel to pixel, and of a box's lobes.

A D435's noise on planes has a second maximum at .15 to .2 cycles/px along rows and columns, as white noise
has under a box of 9 px; samples lack most of it, and are a little too smooth from pixel to pixel.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reald2iff.sensors.d435.statistics import StatisticsParameters, box_field

_BOX = StatisticsParameters().grain_size
_SMOOTH = 3.0
"""Gaussian radius (px) of what is taken away from the box's noise: its main lobe, which samples have."""


def fine_noise(
    shape: tuple[int, int], white: float, lobes: float, generator: torch.Generator
) -> NDArray[np.float32]:
    """A frame's noise, ``(H, W)`` px.

    Args:
        shape: ``(H, W)``.
        white: Standard deviation of what is new in every pixel, px.
        lobes: Standard deviation of noise under a box, px, of which the side lobes alone are left.
        generator: Source of both.
    """

    def draw(size: tuple[int, int]) -> NDArray[np.float32]:
        return torch.randn(size, generator=generator).numpy()

    noise = np.float32(white) * draw(shape)
    if lobes:
        field = box_field(shape, _BOX, draw)
        noise += np.float32(lobes) * (field - cv2.GaussianBlur(field, (0, 0), _SMOOTH))
    return noise
