"""Borders of near surfaces, which stereo puts too far out.

A matching window that reaches over a near surface sees little else, so that the near surface is found beyond
its border: by a pixel or so on every side where the border stays visible. The network gives the border where
the sensor has it, since a frame does not tell by how much it is off at each place.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_JUMP = 1.5
"""Difference of disparity (px) at which a near surface ends."""


def draw_back_borders(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Let near surfaces end a pixel earlier, on all sides; what is thinner than three pixels stays.

    On twin views, with the network's borders, pixels within one of an edge were near instead of far twice as
    often as the other way round; drawn back, about as often.

    Args:
        disparity: ``(H, W)`` cleaned, px, 0 = unknown, which draws nothing back.
    """
    known = disparity > 0
    kernel = np.ones((3, 3), np.uint8)
    farthest = cv2.erode(np.where(known, disparity, np.float32(np.inf)), kernel)
    opened = cv2.dilate(np.where(np.isfinite(farthest), farthest, np.float32(0)), kernel)
    thin = disparity - opened > _JUMP
    beyond = known & ~thin & (disparity - farthest > _JUMP)
    return np.where(beyond, farthest, disparity)
