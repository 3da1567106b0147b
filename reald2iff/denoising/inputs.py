"""What the denoising network sees: candidates for the clean disparity, and how they differ.

On a surface a plane fitted to the neighbourhood is a better estimate than any filter: the wider the fit, the
less of the sensor's low-frequency noise is left. Fits stop at jumps of the disparity, so that they hold up to
the edge, and are carried on beyond it into holes and fattened borders. The network chooses between them pixel
by pixel, and adds what none of them holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

CELL = 4
"""Plane fits are made on a grid of cells of so many px; image sides must be multiples of it."""

FITS = 3
"""Plane fits reach over 3, 9 and 27 cells (12, 36 and 108 px), against noise with a half width of 7 px."""

CANDIDATES = FITS + 4
FEATURES = 4 + CANDIDATES

COMPAND = 0.1
"""Differences of disparity (px) below this are seen and judged linearly, larger ones logarithmically."""

_JUMP = 1.2
"""Difference between neighbouring cells at which a fit half stops, px: steep floors stay below it."""

_MIXED_RANGE = 1.5
_SLOPE_PRIOR = 4.0
_BORDER_CELLS = 2
"""Surfaces are carried this far beyond their borders: stereo fattens near ones by up to half its window."""


@dataclass(frozen=True)
class DenoiserInputs:
    """Of a batch.

    Attributes:
        candidates: ``(B, CANDIDATES, H, W)`` px: holes filled with the farther and with the nearer neighbour
            along the row, the plane fits, and the farthest and nearest surface around.
        features: ``(B, FEATURES, H, W)`` what the network sees.
    """

    candidates: torch.Tensor
    features: torch.Tensor


def compand(difference: torch.Tensor) -> torch.Tensor:
    """Px to the network's scale: linear below `COMPAND`, logarithmic above."""
    scaled = difference / COMPAND
    # Six times as fast as torch.asinh.
    return scaled.sign() * torch.log(scaled.abs() + torch.sqrt(scaled.square() + 1))


@torch.no_grad()
def denoiser_inputs(disparity: torch.Tensor) -> DenoiserInputs:
    """Candidates and features.

    Args:
        disparity: ``(B, 1, H, W)`` of the sensor, px, 0 = invalid; sides multiples of `CELL`, and a valid
            pixel in each image.
    """
    valid = disparity > 0
    farther, nearer = fill_rows(disparity)
    candidates = torch.cat([farther, nearer, *surfaces(disparity)], dim=1)
    middle = candidates[:, 3:4]
    phase = 2 * math.pi * farther
    features = [
        (farther / 16 - 1).clamp(-1, 4),
        2 * valid.to(disparity.dtype) - 1,
        torch.sin(phase),
        torch.cos(phase),
        compand(middle - farther.mean(dim=(-1, -2), keepdim=True)) / 4,
        *(compand(candidates[:, i : i + 1] - middle) / 2 for i in range(CANDIDATES) if i != 3),
    ]
    return DenoiserInputs(candidates, torch.cat(features, dim=1))


def fill_rows(disparity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Holes filled with the smaller and the larger of the nearest valid values to the left and right.

    Rows without any value take those above and below.
    """
    left, right = _nearest(disparity)
    one_sided = (left == 0) | (right == 0)
    smaller = torch.where(one_sided, left + right, torch.minimum(left, right))
    larger = torch.maximum(left, right)
    filled = [
        torch.maximum(*_nearest(image.mT)).mT if bool((image == 0).any()) else image
        for image in (smaller, larger)
    ]
    return filled[0], filled[1]


def _nearest(disparity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Value of the nearest valid pixel at or left of each, and at or right of each; 0 where there is none."""
    columns = torch.arange(disparity.shape[-1], device=disparity.device).expand(disparity.shape)

    def from_left(values: torch.Tensor) -> torch.Tensor:
        index = torch.where(values > 0, columns, -1).cummax(-1).values
        return torch.where(index >= 0, values.gather(-1, index.clamp(min=0)), 0)

    return from_left(disparity), from_left(disparity.flip(-1)).flip(-1)


def surfaces(disparity: torch.Tensor) -> list[torch.Tensor]:
    """The plane fits, and the farthest and nearest surface within `_BORDER_CELLS`: ``(B, 1, H, W)`` each."""
    sums = _cell_sums(disparity)
    mean = sums[:, 6:7] / sums[:, :1].clamp(min=1e-9)
    right, down = (_affinity(sums, mean, axis) for axis in (-1, -2))
    fits, spacing = [], 1
    for _ in range(FITS):
        for axis, step in ((-1, right), (-2, down)):
            # Both neighbours at this spacing, unless a jump lies between.
            onward, back = _shifted(sums, spacing, axis), _shifted(sums, -spacing, axis)
            sums = sums + step * onward + _shifted(step, -spacing, axis) * back
        right, down = (_reach(step, spacing, axis) for axis, step in ((-1, right), (-2, down)))
        spacing *= 3
        fits.append(_extend_rows(_planes(sums)))
    far, near = _around(fits[1])
    return [_evaluate(planes) for planes in (*fits, far, near)]


def _cell_sums(disparity: torch.Tensor) -> torch.Tensor:
    """``(B, 9, h, w)`` double: means over cells of 1, x, y, xx, xy, yy, d, dx, dy over the valid pixels."""
    height, width = disparity.shape[-2:]
    y = torch.arange(height, device=disparity.device, dtype=torch.float32)[:, None].expand(height, width)
    x = torch.arange(width, device=disparity.device, dtype=torch.float32)[None, :].expand(height, width)
    valid = disparity > 0
    largest = F.max_pool2d(disparity, CELL)
    smallest = -F.max_pool2d(torch.where(valid, -disparity, -torch.inf), CELL)
    weight = valid.to(torch.float32)
    moments = [weight, *(weight * m for m in (x, y, x * x, x * y, y * y))]
    moments += [disparity, disparity * x, disparity * y]
    # Sums of squares of coordinates cancel: double precision, on the small grid of cells.
    sums = F.avg_pool2d(torch.cat(moments, dim=1), CELL).double()
    # A cell with an edge in it belongs to no surface.
    return torch.where(largest - smallest < _MIXED_RANGE, sums, 0)


def _affinity(sums: torch.Tensor, mean: torch.Tensor, axis: int) -> torch.Tensor:
    """How much each cell and its neighbour to the right (or below) are one surface, in [0, 1]."""
    jump = _shifted(mean, 1, axis) - mean
    both = (sums[:, :1] > 0) & (_shifted(sums[:, :1], 1, axis) > 0)
    return torch.where(both, 1 / (1 + (jump / _JUMP) ** 6), 0)


def _shifted(image: torch.Tensor, steps: int, axis: int) -> torch.Tensor:
    """``out[i] = image[i + steps]`` along an axis, 0 beyond the border."""
    out = torch.zeros_like(image)
    length = image.shape[axis] - abs(steps)
    if length > 0:
        source, target = (max(steps, 0), max(-steps, 0))
        out.narrow(axis, target, length).copy_(image.narrow(axis, source, length))
    return out


def _reach(step: torch.Tensor, spacing: int, axis: int) -> torch.Tensor:
    """Affinity over three times the spacing: nothing in between may be a jump."""
    return step * _shifted(step, spacing, axis) * _shifted(step, 2 * spacing, axis)


def _planes(sums: torch.Tensor) -> torch.Tensor:
    """``(B, 4, h, w)`` slopes, offset and weight of least-squares planes."""
    weight = sums[:, :1]
    mean_x, mean_y, xx, xy, yy, mean_d, dx, dy = (sums[:, 1:] / weight.clamp(min=1e-9)).split(1, dim=1)
    xx, xy, yy = xx - mean_x**2 + _SLOPE_PRIOR, xy - mean_x * mean_y, yy - mean_y**2 + _SLOPE_PRIOR
    dx, dy = dx - mean_d * mean_x, dy - mean_d * mean_y
    determinant = xx * yy - xy**2
    slope_x = (dx * yy - dy * xy) / determinant
    slope_y = (dy * xx - dx * xy) / determinant
    offset = mean_d - slope_x * mean_x - slope_y * mean_y
    return torch.cat([slope_x, slope_y, offset, weight], dim=1)


def _centres(planes: torch.Tensor) -> torch.Tensor:
    """``(B, 1, h, w)`` disparity of each cell's plane at the cell's centre."""
    return _at(planes, *_grid(planes, CELL, (CELL - 1) / 2))


def _grid(planes: torch.Tensor, spacing: float, first: float) -> tuple[torch.Tensor, torch.Tensor]:
    height, width = planes.shape[-2:]
    x = torch.arange(width, device=planes.device, dtype=planes.dtype) * spacing + first
    y = torch.arange(height, device=planes.device, dtype=planes.dtype) * spacing + first
    return x[None, :].expand(height, width), y[:, None].expand(height, width)


def _at(planes: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return planes[:, :1] * x + planes[:, 1:2] * y + planes[:, 2:3]


def _extend_rows(planes: torch.Tensor) -> torch.Tensor:
    """Cells without a plane take that of the nearest cell with one along the row: the farther of the two.

    What is still without (empty rows) takes the nearest above or below.
    """
    extended = _farther_of(planes, *_nearest_planes(planes))
    if bool((extended[:, 3:] <= 0).any()):
        above, below = _nearest_planes(extended.mT)
        extended = _farther_of(extended, above.mT, below.mT)
    return extended


def _farther_of(planes: torch.Tensor, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    prefer = (other[:, 3:] <= 0) | ((one[:, 3:] > 0) & (_centres(one) <= _centres(other)))
    return torch.where(planes[:, 3:] > 0, planes, torch.where(prefer, one, other))


def _nearest_planes(planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    columns = torch.arange(planes.shape[-1], device=planes.device).expand(planes[:, 3:].shape)

    def from_left(values: torch.Tensor) -> torch.Tensor:
        index = torch.where(values[:, 3:] > 0, columns, 0).cummax(-1).values
        return values.gather(-1, index.expand(values.shape))

    return from_left(planes), from_left(planes.flip(-1)).flip(-1)


def _around(planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of the planes of the neighbouring cells, carried on to this one, the farthest and the nearest."""
    x, y = _grid(planes, CELL, (CELL - 1) / 2)
    far = near = planes
    far_value = near_value = _at(planes, x, y)
    span = range(-_BORDER_CELLS, _BORDER_CELLS + 1)
    for down in span:
        for right in span:
            if (down, right) == (0, 0):
                continue
            moved = _shifted(_shifted(planes, right, -1), down, -2)
            value = _at(moved, x, y)
            there = (moved[:, 3:] > 0) & (value > 0)
            farther, nearer = there & (value < far_value), there & (value > near_value)
            far, near = torch.where(farther, moved, far), torch.where(nearer, moved, near)
            far_value = torch.where(farther, value, far_value)
            near_value = torch.where(nearer, value, near_value)
    return far, near


def _evaluate(planes: torch.Tensor) -> torch.Tensor:
    """``(B, 1, H, W)`` disparity of each cell's plane at the cell's pixels."""
    cells = planes.repeat_interleave(CELL, dim=-1).repeat_interleave(CELL, dim=-2)
    return _at(cells, *_grid(cells, 1, 0)).to(torch.float32).clamp(min=0)
