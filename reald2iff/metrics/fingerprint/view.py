"""One frame as every kind of statistic sees it: native disparity, validity, the left border band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
from numpy.typing import NDArray

DISPARITY_CLASSES = (4.0, 8.0, 12.0, 16.0, 24.0, 40.0)
"""Limits between classes of disparity, px."""

_RUN = 8
"""A row's depth begins with so many valid pixels in a line."""


@dataclass(frozen=True)
class View:
    """A frame, in disparity of the native stereo image.

    Attributes:
        disparity: ``(H, W) float32`` px of the native image; 0 = invalid.
        scale: Magnification of this image against the native one; lengths in pixels are divided by it.
    """

    disparity: NDArray[np.float32]
    scale: float

    @classmethod
    def of(cls, disparity: NDArray[np.floating], scale: float = 1.0) -> View:
        """From disparity ``fx * baseline / z`` of this image, ``(H, W)`` px."""
        native = np.ascontiguousarray(disparity, dtype=np.float32)
        return cls(native / np.float32(scale) if scale != 1 else native, scale)

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """``(H, W)``."""
        return self.disparity > 0

    @cached_property
    def first_columns(self) -> NDArray[np.int64]:
        """``(H,)`` column where each row's depth begins; the image's width where it never does."""
        return _first_runs(self.valid, _RUN)

    @cached_property
    def interior(self) -> NDArray[np.bool_]:
        """``(H, W)``: right of the left border band."""
        return np.arange(self.disparity.shape[1])[None, :] >= self.first_columns[:, None]

    def starting_disparities(self) -> NDArray[np.float32]:
        """``(H,)`` median disparity of the pixels that begin each row, px; NaN where none do."""
        height, width = self.disparity.shape
        result = np.full(height, np.nan, dtype=np.float32)
        rows = np.nonzero(self.first_columns < width)[0]
        columns = self.first_columns[rows, None] + np.arange(_RUN)
        result[rows] = np.median(self.disparity[rows[:, None], columns], axis=1)
        return result


@nb.njit(cache=True)
def _first_runs(valid: NDArray, length: int) -> NDArray:
    height, width = valid.shape
    columns = np.full(height, width, np.int64)
    for y in range(height):
        run = 0
        for x in range(width):
            run = run + 1 if valid[y, x] else 0
            if run == length:
                columns[y] = x - length + 1
                break
    return columns
