"""Planes of a frame: a plane in space is a plane in disparity, so that what is left is noise."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.view import View

_PLANES = 4
_HYPOTHESES = 150
_POINTS = 4000
_FIT_TOLERANCE = 0.4
_LABEL_TOLERANCE = 0.6
_REFINEMENTS = 4
_NEIGHBOURHOOD = 0.15
"""Three points of a hypothesis lie within this share of the image's size of each other."""

_MIN_SHARE = 0.05
"""A plane holds at least this share of the valid pixels."""


def label_planes(view: View, rng: np.random.Generator) -> NDArray[np.int8]:
    """Which of up to 4 planes ``d = a x + b y + c`` each pixel lies on (RANSAC).

    Args:
        view: The frame.
        rng: Draws the hypotheses.

    Returns:
        ``(H, W)``: 0-3, the plane fitted first has the lowest number; -1 = on none, or invalid.
    """
    labels = np.full(view.disparity.shape, -1, np.int8)
    rows, columns = np.nonzero(view.valid)
    if rows.size < 3:
        return labels
    chosen = rng.integers(0, rows.size, min(_POINTS, rows.size))
    draws = rng.random((_PLANES, _HYPOTHESES, 5))
    _label(view.disparity, labels, rows[chosen], columns[chosen], draws)
    return labels


@nb.njit(cache=True)
def solve_normal(matrix: NDArray, right: NDArray) -> NDArray:
    """Solution of the symmetric 3x3 system, by Cramer's rule; NaN where it is singular."""
    a, b, c = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    e, f, i = matrix[1, 1], matrix[1, 2], matrix[2, 2]
    c00, c01, c02 = e * i - f * f, c * f - b * i, b * f - c * e
    determinant = a * c00 + b * c01 + c * c02
    result = np.full(3, np.nan)
    if abs(determinant) < 1e-12 * max(abs(a * e * i), 1e-300):
        return result
    c11, c12, c22 = a * i - c * c, b * c - a * f, a * e - b * b
    result[0] = (c00 * right[0] + c01 * right[1] + c02 * right[2]) / determinant
    result[1] = (c01 * right[0] + c11 * right[1] + c12 * right[2]) / determinant
    result[2] = (c02 * right[0] + c12 * right[1] + c22 * right[2]) / determinant
    return result


@nb.njit(cache=True)
def _through(points: NDArray, disparities: NDArray) -> NDArray:
    """The plane through three points."""
    x1, y1 = points[1, 0] - points[0, 0], points[1, 1] - points[0, 1]
    x2, y2 = points[2, 0] - points[0, 0], points[2, 1] - points[0, 1]
    d1, d2 = disparities[1] - disparities[0], disparities[2] - disparities[0]
    determinant = x1 * y2 - x2 * y1
    plane = np.full(3, np.nan)
    if abs(determinant) > 1e-6:
        plane[0] = (d1 * y2 - d2 * y1) / determinant
        plane[1] = (x1 * d2 - x2 * d1) / determinant
        plane[2] = disparities[0] - plane[0] * points[0, 0] - plane[1] * points[0, 1]
    return plane


@nb.njit(cache=True)
def _refine(plane: NDArray, x: NDArray, y: NDArray, d: NDArray, left: NDArray) -> NDArray:
    """Least squares over the points within the tolerance, repeated."""
    for _ in range(_REFINEMENTS):
        matrix, right = np.zeros((3, 3)), np.zeros(3)
        for k in range(x.size):
            if left[k] and abs(plane[0] * x[k] + plane[1] * y[k] + plane[2] - d[k]) < _FIT_TOLERANCE:
                row = (x[k], y[k], 1.0)
                for i in range(3):
                    right[i] += row[i] * d[k]
                    for j in range(3):
                        matrix[i, j] += row[i] * row[j]
        refined = solve_normal(matrix, right)
        if np.isnan(refined[0]):
            break
        plane = refined
    return plane


@nb.njit(cache=True)
def _label(disparity: NDArray, labels: NDArray, rows: NDArray, columns: NDArray, draws: NDArray) -> None:
    height, width = disparity.shape
    size = rows.size
    x, y, d = columns / width, rows / height, np.empty(size)
    for k in range(size):
        d[k] = disparity[rows[k], columns[k]]
    left = np.ones(size, np.bool_)
    points, values = np.empty((3, 2)), np.empty(3)
    for number in range(draws.shape[0]):
        index = np.nonzero(left)[0]
        if index.size < max(_MIN_SHARE * size, 3):
            return
        best, most = np.zeros(3), 0
        for draw in draws[number]:
            seed = index[int(draw[0] * index.size)]
            points[0, 0], points[0, 1], values[0] = x[seed], y[seed], d[seed]
            hit = True
            for k in range(2):
                column = columns[seed] + int((draw[1 + 2 * k] - 0.5) * 2 * _NEIGHBOURHOOD * width)
                row = rows[seed] + int((draw[2 + 2 * k] - 0.5) * 2 * _NEIGHBOURHOOD * height)
                if not (0 <= column < width and 0 <= row < height):
                    hit = False
                elif disparity[row, column] <= 0 or labels[row, column] >= 0:
                    hit = False
                else:
                    points[k + 1, 0], points[k + 1, 1] = column / width, row / height
                    values[k + 1] = disparity[row, column]
            if not hit:
                continue
            plane = _through(points, values)
            count = 0
            for point in index:
                if abs(plane[0] * x[point] + plane[1] * y[point] + plane[2] - d[point]) < _FIT_TOLERANCE:
                    count += 1
            if count > most:
                best, most = plane, count
        if most < _MIN_SHARE * size:
            return
        plane = _refine(best, x, y, d, left)
        for v in range(height):
            for u in range(width):
                if labels[v, u] < 0 and disparity[v, u] > 0:
                    there = plane[0] * u / width + plane[1] * v / height + plane[2]
                    if abs(there - disparity[v, u]) < _LABEL_TOLERANCE:
                        labels[v, u] = number
        for k in range(size):
            if abs(plane[0] * x[k] + plane[1] * y[k] + plane[2] - d[k]) < _LABEL_TOLERANCE:
                left[k] = False
