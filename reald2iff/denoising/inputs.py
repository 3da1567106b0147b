"""What the denoising network sees: candidates for the clean disparity, and how they differ.

On a surface a plane fitted to the neighbourhood is a better estimate than any filter: the wider the fit, the
less of the sensor's low-frequency noise is left. Near edges and in holes it is wrong. The network chooses
between fits of several sizes pixel by pixel, and adds what none of them holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

CELL = 4
"""Plane fits are made on a grid of cells of so many px; image sides must be multiples of it."""

FIT_CELLS = (5, 13, 33)
"""Sides of the plane fits, cells: 20, 52 and 132 px, against noise with a half width of 7 px."""

CANDIDATES = 2 + len(FIT_CELLS)
FEATURES = 4 + 2 * len(FIT_CELLS)

COMPAND = 0.1
"""Differences of disparity (px) below this are seen and judged linearly, larger ones logarithmically."""

_SLOPE_PRIOR = 1.0
_MIN_SHARE = 0.1


@dataclass(frozen=True)
class DenoiserInputs:
    """Of a batch.

    Attributes:
        candidates: ``(B, CANDIDATES, H, W)`` px: holes filled with the farther neighbour along the row, with
            the nearer one, and the plane fits.
        features: ``(B, FEATURES, H, W)`` what the network sees.
    """

    candidates: torch.Tensor
    features: torch.Tensor


def compand(difference: torch.Tensor) -> torch.Tensor:
    """Px to the network's scale: linear below `COMPAND`, logarithmic above."""
    scaled = difference / COMPAND
    # Six times as fast as torch.asinh.
    return scaled.sign() * torch.log(scaled.abs() + torch.sqrt(scaled.square() + 1))


def denoiser_inputs(disparity: torch.Tensor) -> DenoiserInputs:
    """Candidates and features.

    Args:
        disparity: ``(B, 1, H, W)`` of the sensor, px, 0 = invalid; sides multiples of `CELL`, and a valid
            pixel in each image.
    """
    valid = disparity > 0
    farther, nearer = _fill_rows(disparity, valid)
    # Without enough valid pixels around there is no plane to speak of.
    planes = [torch.where(has, plane, farther) for plane, has in _plane_fits(disparity, valid)]
    phase = 2 * math.pi * farther
    features = [
        (farther / 16 - 1).clamp(-1, 4),
        2 * valid.to(disparity.dtype) - 1,
        torch.sin(phase),
        torch.cos(phase),
        *(compand(farther - plane) / 2 for plane in planes),
        *(compand(nearer - plane) / 2 for plane in planes),
    ]
    return DenoiserInputs(torch.cat([farther, nearer, *planes], dim=1), torch.cat(features, dim=1))


def _fill_rows(disparity: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Holes filled with the smaller and the larger of the nearest valid values to the left and right."""
    rows = _nearest(disparity, valid)
    # Rows without any value take those above and below.
    filled = [
        torch.stack(_nearest(r.mT, r.mT > 0)).amax(0).mT if bool((r == 0).any()) else r
        for r in (
            torch.where((rows[0] == 0) | (rows[1] == 0), rows[0] + rows[1], torch.minimum(*rows)),
            torch.maximum(*rows),
        )
    ]
    return filled[0], filled[1]


def _nearest(disparity: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Value of the nearest valid pixel at or left of each, and at or right of each; 0 where there is none."""
    columns = torch.arange(disparity.shape[-1], device=disparity.device).expand(disparity.shape)

    def from_left(values: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        index = torch.where(seen, columns, -1).cummax(-1).values
        return torch.where(index >= 0, values.gather(-1, index.clamp(min=0)), 0)

    return from_left(disparity, valid), from_left(disparity.flip(-1), valid.flip(-1)).flip(-1)


def _plane_fits(disparity: torch.Tensor, valid: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Least-squares planes over the squares of `FIT_CELLS` around each pixel, and where they have support."""
    height, width = disparity.shape[-2:]
    y = torch.arange(height, device=disparity.device, dtype=torch.float32)[:, None].expand(height, width)
    x = torch.arange(width, device=disparity.device, dtype=torch.float32)[None, :].expand(height, width)
    weight = valid.to(torch.float32)
    moments = [weight, *(weight * m for m in (x, y, x * x, x * y, y * y))]
    moments += [disparity, disparity * x, disparity * y]
    # Sums of squares of coordinates cancel: double precision, on the small grid of cells.
    cells = F.avg_pool2d(torch.cat(moments, dim=1), CELL).double()
    fits = []
    for size in FIT_CELLS:
        half = size // 2
        sums = F.avg_pool2d(F.avg_pool2d(cells, (1, size), 1, (0, half)), (size, 1), 1, (half, 0))
        planes = F.interpolate(_planes(sums), scale_factor=CELL, mode="bilinear")
        slope_x, slope_y, offset, share = planes.split(1, dim=1)
        fits.append((slope_x * x + slope_y * y + offset, share > _MIN_SHARE))
    return fits


def _planes(sums: torch.Tensor) -> torch.Tensor:
    """``(B, 4, ...)`` slopes, offset and share of valid pixels, from weighted sums."""
    share = sums[:, :1]
    mean_x, mean_y, xx, xy, yy, mean_d, dx, dy = (sums[:, 1:] / share.clamp(min=1e-9)).split(1, dim=1)
    xx, xy, yy = xx - mean_x**2 + _SLOPE_PRIOR, xy - mean_x * mean_y, yy - mean_y**2 + _SLOPE_PRIOR
    dx, dy = dx - mean_d * mean_x, dy - mean_d * mean_y
    determinant = xx * yy - xy**2
    slope_x = (dx * yy - dy * xy) / determinant
    slope_y = (dy * xx - dx * xy) / determinant
    offset = mean_d - slope_x * mean_x - slope_y * mean_y
    return torch.cat([slope_x, slope_y, offset, share], dim=1).to(torch.float32)
