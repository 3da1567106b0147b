"""Patches of planes and their residuals: what everything said about noise on surfaces is taken from."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.metrics.fingerprint.planes import label_planes, solve_normal
from reald2iff.metrics.fingerprint.view import View

PATCH_SIDE = 48
"""Native px; patches overlap by half."""

PHASE_CLASSES = 32

_MIN_VALID = 0.9
_MIN_ON_ONE_PLANE = 0.97
_MAX_CURVATURE = 0.5
"""Patches whose residual a quadratic explains to a larger share are curved surfaces, not noise."""

_FIT_ROUNDS = 3
_LARGEST_RESIDUAL = 1.0
"""Residuals are clipped to this many px."""


@dataclass(frozen=True)
class Patches:
    """Patches of planes of one frame.

    Attributes:
        origins: ``(N, 2)`` row and column of their top left pixels.
        disparity: ``(N,)`` px, the plane's at the centre.
        residual: ``(N, P, P) float32`` px, disparity minus plane; 0 at holes.
        valid: ``(N, P, P)``.
        phase_counts: ``(32,)`` pixels by the fraction of the plane's disparity, all patches together.
        phase_sums: ``(32,)`` their residuals' sum.
        hole_share: Share of the pixels of all patches, curved ones too, without depth; NaN without patches.
    """

    origins: NDArray[np.int64]
    disparity: NDArray[np.float64]
    residual: NDArray[np.float32]
    valid: NDArray[np.bool_]
    phase_counts: NDArray[np.int64]
    phase_sums: NDArray[np.float64]
    hole_share: float


def cut_patches(view: View, seed: int = 0) -> Patches:
    """Find the planes of a frame and cut them into patches.

    Args:
        view: The frame.
        seed: Of the search for planes.
    """
    side = round(PATCH_SIDE * view.scale)
    labels = label_planes(view, np.random.default_rng(seed))
    rows, columns, holes, seen = _find(labels, view.valid, side, side // 2)
    residual = np.empty((rows.size, side, side), np.float32)
    centres, keep = np.empty(rows.size), np.empty(rows.size, np.bool_)
    counts, sums = np.zeros(PHASE_CLASSES, np.int64), np.zeros(PHASE_CLASSES)
    _fit(view.disparity, rows, columns, residual, centres, keep, counts, sums)
    origins = np.stack([rows, columns], axis=1)[keep]
    valid = np.empty((len(origins), side, side), np.bool_)
    for patch, (row, column) in zip(valid, origins, strict=True):
        patch[:] = view.valid[row : row + side, column : column + side]
    share = holes / seen if seen else float("nan")
    return Patches(origins, centres[keep], residual[keep], valid, counts, sums, share)


@nb.njit(cache=True)
def _find(labels: NDArray, valid: NDArray, side: int, step: int) -> tuple[NDArray, NDArray, int, int]:
    """Origins of patches on one plane; and the holes and pixels of them all."""
    height, width = valid.shape
    area = side * side
    most = max((height // step) * (width // step), 1)
    rows, columns = np.empty(most, np.int64), np.empty(most, np.int64)
    count = holes = seen = 0
    per_label = np.zeros(int(labels.max()) + 2, np.int64)
    for top in range(0, height - side + 1, step):
        for first in range(0, width - side + 1, step):
            per_label[:] = 0
            inside = 0
            for y in range(top, top + side):
                for x in range(first, first + side):
                    if valid[y, x]:
                        inside += 1
                        per_label[labels[y, x] + 1] += 1
            largest = per_label[1:].max() if per_label.size > 1 else 0
            if inside < _MIN_VALID * area or largest < _MIN_ON_ONE_PLANE * inside:
                continue
            rows[count], columns[count] = top, first
            count += 1
            holes += area - inside
            seen += area
    return rows[:count].copy(), columns[:count].copy(), holes, seen


@nb.njit(cache=True)
def _least_squares(basis: NDArray, values: NDArray, used: NDArray) -> NDArray:
    matrix, right = np.zeros((3, 3)), np.zeros(3)
    for k in range(values.size):
        if used[k]:
            for i in range(3):
                right[i] += basis[i, k] * values[k]
                for j in range(i, 3):
                    matrix[i, j] += basis[i, k] * basis[j, k]
    matrix[1, 0], matrix[2, 0], matrix[2, 1] = matrix[0, 1], matrix[0, 2], matrix[1, 2]
    return solve_normal(matrix, right)


@nb.njit(cache=True)
def _explained_by_quadratic(basis: NDArray, residual: NDArray, used: NDArray) -> float:
    """Share of the residual's variance that a quadratic surface takes away."""
    x, y = basis[0], basis[1]
    quadratic = np.empty_like(basis)
    quadratic[0], quadratic[1], quadratic[2] = x * x - 1 / 12, y * y - 1 / 12, x * y
    curve = _least_squares(quadratic, residual, used)
    before, after = residual[used], np.empty(used.sum())
    count = 0
    for k in range(residual.size):
        if used[k]:
            bent = curve[0] * quadratic[0, k] + curve[1] * quadratic[1, k] + curve[2] * quadratic[2, k]
            after[count] = residual[k] - bent
            count += 1
    variance = before.var()
    return 1 - after.var() / variance if variance > 0 else 0.0


@nb.njit(cache=True)
def _fit(
    disparity: NDArray,
    rows: NDArray,
    columns: NDArray,
    residuals: NDArray,
    centres: NDArray,
    keep: NDArray,
    phase_counts: NDArray,
    phase_sums: NDArray,
) -> None:
    """Robust plane of every patch, its residual and, of patches that are not curved, the phases."""
    side = residuals.shape[1]
    area = side * side
    basis, values, places = np.empty((3, area)), np.empty(area), np.empty(area, np.int64)
    for number in range(rows.size):
        count = 0
        for y in range(side):
            for x in range(side):
                value = disparity[rows[number] + y, columns[number] + x]
                if value > 0:
                    basis[0, count], basis[1, count], basis[2, count] = x / side - 0.5, y / side - 0.5, 1.0
                    values[count] = value
                    places[count] = y * side + x
                    count += 1
        bases, inside = basis[:, :count], values[:count]
        used = np.ones(count, np.bool_)
        residual = np.empty(count)
        for _ in range(_FIT_ROUNDS):
            plane = _least_squares(bases, inside, used)
            for k in range(count):
                residual[k] = inside[k] - (plane[0] * bases[0, k] + plane[1] * bases[1, k] + plane[2])
            limit = max(4 * 1.4826 * np.median(np.abs(residual[used])), 0.1)
            used = np.abs(residual) < limit
        keep[number] = _explained_by_quadratic(bases, residual, used) <= _MAX_CURVATURE
        centres[number] = plane[2]
        flat = residuals[number].ravel()
        flat[:] = 0
        for k in range(count):
            clipped = min(max(residual[k], -_LARGEST_RESIDUAL), _LARGEST_RESIDUAL)
            flat[places[k]] = clipped
            if keep[number]:
                fraction = (inside[k] - residual[k]) % 1.0
                phase = min(int(fraction * PHASE_CLASSES), PHASE_CLASSES - 1)
                phase_counts[phase] += 1
                phase_sums[phase] += clipped
