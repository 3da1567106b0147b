"""Light that a row of pixels sends to an imager, many pixels computed side by side."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.sensors.d435.compiled import VECTOR_LOOP, stack_floats
from reald2iff.sensors.d435.materials import ALBEDO, DOUBLINGS, MAX_DOUBLINGS, SPECULAR

_LATTICE = 64
"""Edge of the periodic noise lattice; a power of two, so that wrapping is a mask."""

TILE = 64
"""Pixels of a row that are computed at once."""

LOBE_HEIGHT = 3
"""Column that shading adds to the material table: what keeps the lobe's light the same for any exponent."""

# Compiled code stays in float32 only where its constants are.
_ZERO, _HALF, _ONE, _TINY = np.float32(0), np.float32(0.5), np.float32(1), np.float32(1e-12)

_FINE_WHOLE, _FINE_GONE = np.float32(1), np.float32(2)
"""Voxels per pixel up to which the finest texture is seen whole, and from which it is not seen."""

_MIDDLE_SCALE, _MIDDLE_WEIGHT = np.float32(1 / 3.7), np.float32(0.7)
_COARSE_SCALE = np.float32(1 / 13.7)
"""Octaves above the finest texture: voxels 3.7 times as large are always seen, 13.7 times from afar."""

_SHADOW_BIAS, _SHADOW_SLOPE, _GRAZING = np.float32(0.006), np.float32(0.004), np.float32(0.05)
"""A surface this far (m, and per metre and cosine) behind what the projector sees is in its shadow."""

_BLACKEST = np.float32(0.004)
_ROOM_AMBIENT, _ROOM_DIRECTED, _ROOM_GLINT = np.float32(0.6), np.float32(0.4), np.float32(0.2)
"""Room light from everywhere, from its direction, and the size of its reflection."""


@lru_cache(maxsize=1)
def texture_lattice() -> NDArray[np.float32]:
    """White noise at the corners of the texture's voxels; the last corners repeat the first."""
    noise = np.random.default_rng(64).standard_normal((_LATTICE,) * 3).astype(np.float32)
    return np.pad(noise, (0, 1), mode="wrap").ravel()


@nb.njit(**VECTOR_LOOP)
def _bilinear(image: NDArray, x: Any, y: Any) -> Any:
    """Value between four pixels, 0 beyond the border."""
    height, width = image.shape
    inside = (x >= _ZERO) & (y >= _ZERO) & (x < np.float32(width - 1)) & (y < np.float32(height - 1))
    i = np.int32(min(max(x, _ZERO), np.float32(width - 2)))
    j = np.int32(min(max(y, _ZERO), np.float32(height - 2)))
    u, v = x - np.float32(i), y - np.float32(j)
    top = image[j, i] + (image[j, i + 1] - image[j, i]) * u
    bottom = image[j + 1, i] + (image[j + 1, i + 1] - image[j + 1, i]) * u
    return top + (bottom - top) * v if inside else _ZERO


@nb.njit(**VECTOR_LOOP)
def _trilinear(lattice: NDArray, x: Any, y: Any, z: Any) -> Any:
    """Value between eight corners of the periodic lattice."""
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    mask, edge = np.int32(_LATTICE - 1), np.int32(_LATTICE + 1)
    i, j, k = np.int32(fx) & mask, np.int32(fy) & mask, np.int32(fz) & mask
    u, v, w = x - fx, y - fy, z - fz
    at = (i * edge + j) * edge + k
    below, right = at + edge, at + edge * edge
    beyond = right + edge
    a = lattice[at] + (lattice[at + 1] - lattice[at]) * w
    b = lattice[below] + (lattice[below + 1] - lattice[below]) * w
    c = lattice[right] + (lattice[right + 1] - lattice[right]) * w
    d = lattice[beyond] + (lattice[beyond + 1] - lattice[beyond]) * w
    near, far = a + (b - a) * v, c + (d - c) * v
    return near + (far - near) * u


@nb.njit(**VECTOR_LOOP)
def _glint(normal: tuple, towards_light: tuple, towards_eye: tuple, doublings: int, height: float) -> float:
    """Blinn-Phong lobe of this height with exponent ``2**doublings``; all vectors of unit length."""
    hx = towards_light[0] + towards_eye[0]
    hy = towards_light[1] + towards_eye[1]
    hz = towards_light[2] + towards_eye[2]
    cosine = normal[0] * hx + normal[1] * hy + normal[2] * hz
    lobe = cosine * cosine / (hx * hx + hy * hy + hz * hz + _TINY)
    # As many steps for every pixel, so that pixels can be computed side by side.
    for step in range(1, MAX_DOUBLINGS):
        lobe = lobe * lobe if step < doublings else lobe
    return height * lobe


# Inlined, so that one compiled copy exists and gives the same bytes in every process.
@nb.njit(**VECTOR_LOOP, forceinline=True)
def radiance_row(
    above: NDArray,
    depth: NDArray,
    below: NDArray,
    albedo: NDArray,
    material: NDArray,
    table: NDArray,
    projector_depth: NDArray,
    pattern: NDArray,
    lattice: NDArray,
    to_voxels: NDArray,
    offset: NDArray,
    light: tuple,
    camera: tuple,
    projector_camera: tuple,
    pattern_camera: tuple,
    places: tuple,
    scales: tuple,
    tan_y: float,
    start: int,
    radiance: NDArray,
) -> None:
    """Radiance of `TILE` pixels of a row, see `reald2iff.sensors.d435.shading.shade`.

    All numbers are ``float32`` and nothing branches, so that the compiler computes many pixels side by side.

    Args:
        above: ``(W + 2,)`` depth of the row above, with a pixel more on either side.
        depth: Of the row itself.
        below: Of the row below.
        albedo: ``(W,)``.
        material: ``(W,)`` rows of ``table``.
        table: ``(N, 4)``.
        projector_depth: ``(Hp, Wp)``.
        pattern: Image of the dots.
        lattice: Of the texture.
        to_voxels: ``(3, 3)`` from metres to voxels.
        offset: ``(3,)`` voxels.
        light: Unit vector towards the room light.
        camera: Reciprocal focal lengths, cx.
        projector_camera: fx, fy, cx, cy.
        pattern_camera: Focal length, cx, cy.
        places: Of the imager and the projector on the baseline.
        scales: Contrast of the texture, voxels per pixel at 1 m, radiance of a dot at 1 m.
        tan_y: Of the row.
        start: First pixel.
        radiance: ``(W,)``, written.
    """
    imager_x, projector_x = places
    contrast, footprint_scale, dot_gain = scales
    ray_x, ray_y, cx = camera
    pfx, pfy, pcx, pcy = projector_camera
    focal, pattern_cx, pattern_cy = pattern_camera
    rows, columns = np.float32(projector_depth.shape[0]), np.float32(projector_depth.shape[1])
    tile = stack_floats(TILE)
    count = min(TILE, radiance.size - start)
    for t in range(count):
        x = start + t
        z = depth[x + 1]
        there = z > _ZERO
        z = z if there else _ONE
        tan_x = (np.float32(x) - cx) * ray_x
        px, py = tan_x * z + imager_x, tan_y * z
        # Slopes from the neighbours on the side of the smaller step, so that they never span an edge.
        zl, zr = depth[x], depth[x + 2]
        onward = (zl <= _ZERO) | ((zr > _ZERO) & (abs(zr - z) < abs(zl - z)))
        zn = zr if onward else zl
        zn = zn if zn > _ZERO else z
        slope_x = (zn - z if onward else z - zn) / (zn * ray_x)
        zt, zb = above[x + 1], below[x + 1]
        onward = (zt <= _ZERO) | ((zb > _ZERO) & (abs(zb - z) < abs(zt - z)))
        zn = zb if onward else zt
        zn = zn if zn > _ZERO else z
        slope_y = (zn - z if onward else z - zn) / (zn * ray_y)
        nx, ny, nz = -slope_x, -slope_y, _ONE + tan_x * slope_x + tan_y * slope_y
        shorten = _ONE / np.sqrt(nx * nx + ny * ny + nz * nz + _TINY)
        normal = (nx * shorten, ny * shorten, nz * shorten)

        qx = px - projector_x
        r2 = qx * qx + py * py + z * z
        nearness = _ONE / np.sqrt(r2)
        beam = (-qx * nearness, -py * nearness, -z * nearness)
        incidence = abs(normal[0] * beam[0] + normal[1] * beam[1] + normal[2] * beam[2])
        # In the projector's shadow, beyond half a projector pixel on a slanted surface?
        beam_x = qx / z
        column, row = beam_x * pfx + pcx + _HALF, tan_y * pfy + pcy + _HALF
        seen = (column >= _ZERO) & (column < columns) & (row >= _ZERO) & (row < rows)
        blocker = projector_depth[
            np.int32(min(max(row, _ZERO), rows - _ONE)), np.int32(min(max(column, _ZERO), columns - _ONE))
        ]
        bias = _SHADOW_BIAS + _SHADOW_SLOPE * z / max(incidence, _GRAZING)
        lit = (not seen) | (blocker <= _ZERO) | (z < blocker + bias)
        dots = _bilinear(pattern, beam_x * focal + pattern_cx, tan_y * focal + pattern_cy)
        dots = dots * nearness * nearness if lit else _ZERO

        tx = to_voxels[0, 0] * px + to_voxels[0, 1] * py + to_voxels[0, 2] * z + offset[0]
        ty = to_voxels[1, 0] * px + to_voxels[1, 1] * py + to_voxels[1, 2] * z + offset[1]
        tz = to_voxels[2, 0] * px + to_voxels[2, 1] * py + to_voxels[2, 2] * z + offset[2]
        middle = _trilinear(
            lattice,
            tx * _MIDDLE_SCALE + np.float32(31),
            ty * _MIDDLE_SCALE + np.float32(17),
            tz * _MIDDLE_SCALE + np.float32(5),
        )
        # What a pixel averages out is left away: sampled, it would differ between the two imagers. What has
        # become coarse enough to be seen from this far takes its place.
        footprint = z * footprint_scale
        fine = footprint < _FINE_GONE
        scale = _ONE if fine else _COARSE_SCALE
        weight = (_FINE_GONE - footprint) / (_FINE_GONE - _FINE_WHOLE)
        weight = min(weight if fine else (footprint - _FINE_GONE) / _FINE_GONE, _ONE)
        varied = _trilinear(
            lattice,
            tx * scale + (_ZERO if fine else np.float32(11)),
            ty * scale + (_ZERO if fine else np.float32(47)),
            tz * scale + (_ZERO if fine else np.float32(29)),
        )
        texture = _MIDDLE_WEIGHT * middle + weight * varied

        kind = material[x]
        specular = table[kind, SPECULAR]
        matt = max(albedo[x] * table[kind, ALBEDO] * (_ONE + contrast * texture), _BLACKEST)
        matt *= _ONE - specular
        facing = abs(normal[0] * light[0] + normal[1] * light[1] + normal[2] * light[2])
        # The way to the eye, which is the imager, does not depend on depth.
        away = -_ONE / np.sqrt(_ONE + tan_x * tan_x + tan_y * tan_y)
        eye = (tan_x * away, tan_y * away, away)
        doublings, height = np.int32(table[kind, DOUBLINGS]), table[kind, LOBE_HEIGHT]
        room = matt * (_ROOM_AMBIENT + _ROOM_DIRECTED * facing)
        room += _ROOM_GLINT * specular * _glint(normal, light, eye, doublings, height)
        lit_by_dots = matt * incidence + specular * _glint(normal, beam, eye, doublings, height)
        tile[t] = room + dot_gain * lit_by_dots * dots if there else _ZERO
    for t in range(count):
        radiance[start + t] = tile[t]
