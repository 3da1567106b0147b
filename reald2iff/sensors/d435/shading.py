"""Radiance of the scene at one infrared imager: room light and dots on textured, glossy surfaces."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.d435.materials import ALBEDO, DOUBLINGS, SPECULAR
from reald2iff.sensors.d435.pattern import DotPattern

_LATTICE = 64
"""Edge of the periodic noise lattice; a power of two, so that wrapping is a mask."""


_FINE_WHOLE, _FINE_GONE = 1.0, 2.0
"""Voxels per pixel up to which the finest texture is seen whole, and from which it is not seen."""


class SceneLight(NamedTuple):
    """What is drawn once for a scene and shared by both imagers.

    Attributes:
        rotation: ``(3, 3) float32`` of the texture lattice in the optical frame of the left imager.
        offset: ``(3,) float32`` of the lattice, in voxels.
        contrast: Standard deviation of the micro-texture, relative to albedo.
        light: ``(3,) float32`` unit vector towards the room light.
    """

    rotation: NDArray[np.float32]
    offset: NDArray[np.float32]
    contrast: float
    light: NDArray[np.float32]


@lru_cache(maxsize=1)
def texture_lattice() -> NDArray[np.float32]:
    """White noise at the corners of the texture's voxels."""
    return np.random.default_rng(64).standard_normal((_LATTICE,) * 3).astype(np.float32)


@nb.njit(cache=True, fastmath=True)
def _bilinear(image: NDArray, x: float, y: float) -> float:
    height, width = image.shape
    if x < 0 or y < 0 or x >= width - 1.001 or y >= height - 1.001:
        return 0.0
    i, j = int(x), int(y)
    u, v = x - i, y - j
    top = image[j, i] * (1 - u) + image[j, i + 1] * u
    bottom = image[j + 1, i] * (1 - u) + image[j + 1, i + 1] * u
    return top * (1 - v) + bottom * v


@nb.njit(cache=True, fastmath=True)
def _trilinear(lattice: NDArray, x: float, y: float, z: float) -> float:
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    mask = lattice.shape[0] - 1
    i, j, k = int(fx) & mask, int(fy) & mask, int(fz) & mask
    i1, j1, k1 = (i + 1) & mask, (j + 1) & mask, (k + 1) & mask
    u, v, w = x - fx, y - fy, z - fz
    a = lattice[i, j, k] * (1 - w) + lattice[i, j, k1] * w
    b = lattice[i, j1, k] * (1 - w) + lattice[i, j1, k1] * w
    c = lattice[i1, j, k] * (1 - w) + lattice[i1, j, k1] * w
    d = lattice[i1, j1, k] * (1 - w) + lattice[i1, j1, k1] * w
    return (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u


@nb.njit(cache=True, fastmath=True)
def _glint(normal: tuple, towards_light: tuple, towards_eye: tuple, doublings: int) -> float:
    """Normalised Blinn-Phong lobe relative to a white diffuse surface; all vectors of unit length.

    The exponent is a power of two, ``2**doublings``: multiplications take its power faster than `pow`.
    """
    hx = towards_light[0] + towards_eye[0]
    hy = towards_light[1] + towards_eye[1]
    hz = towards_light[2] + towards_eye[2]
    cosine = normal[0] * hx + normal[1] * hy + normal[2] * hz
    lobe = cosine * cosine / (hx * hx + hy * hy + hz * hz + 1e-12)
    for _ in range(doublings - 1):
        lobe *= lobe
    return (2.0**doublings + 8) / 8 * lobe


@nb.njit(cache=True, fastmath=True)
def _shade(
    depth: NDArray,
    albedo: NDArray,
    material: NDArray,
    table: NDArray,
    projector_depth: NDArray,
    pattern: NDArray,
    lattice: NDArray,
    rotation: NDArray,
    offset: NDArray,
    light: NDArray,
    camera: tuple,
    projector_camera: tuple,
    pattern_camera: tuple,
    imager_x: float,
    projector_x: float,
    contrast: float,
    voxel: float,
    dot_gain: float,
) -> NDArray:
    height, width = depth.shape
    fx, fy, cx, cy = camera
    pfx, pfy, pcx, pcy = projector_camera
    focal, pattern_cx, pattern_cy = pattern_camera
    projector_height, projector_width = projector_depth.shape
    radiance = np.zeros((height, width), np.float32)
    ray_x, ray_y = 1 / fx, 1 / fy
    to_voxels = rotation.astype(np.float64) / voxel
    for y in range(height):
        tan_y = (y - cy) * ray_y
        for x in range(width):
            z = depth[y, x]
            if z <= 0:
                continue
            tan_x = (x - cx) * ray_x
            px, py = tan_x * z + imager_x, tan_y * z
            # Normal from the neighbours on the side of the smaller step, so that it never spans an edge.
            zl = depth[y, x - 1] if x > 0 else 0.0
            zr = depth[y, x + 1] if x < width - 1 else 0.0
            side = 1.0 if zl <= 0 or (zr > 0 and abs(zr - z) < abs(zl - z)) else -1.0
            zn = zr if side > 0 else zl
            if zn <= 0:
                zn = z
            ax, ay, az = (
                ((tan_x + side * ray_x) * zn + imager_x - px) * side,
                tan_y * (zn - z) * side,
                (zn - z) * side,
            )
            zt = depth[y - 1, x] if y > 0 else 0.0
            zb = depth[y + 1, x] if y < height - 1 else 0.0
            side = 1.0 if zt <= 0 or (zb > 0 and abs(zb - z) < abs(zt - z)) else -1.0
            zn = zb if side > 0 else zt
            if zn <= 0:
                zn = z
            bx, by, bz = tan_x * (zn - z) * side, ((tan_y + side * ray_y) * zn - py) * side, (zn - z) * side
            nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
            shorten = 1 / (np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20)
            nx, ny, nz = nx * shorten, ny * shorten, nz * shorten

            qx = px - projector_x
            r2 = qx * qx + py * py + z * z
            r = np.sqrt(r2)
            incidence = abs(nx * qx + ny * py + nz * z) / r
            # In the projector's shadow, beyond half a projector pixel on a slanted surface?
            lit = True
            beam_x, beam_y = qx / z, tan_y
            column, row = int(beam_x * pfx + pcx + 0.5), int(beam_y * pfy + pcy + 0.5)
            if 0 <= column < projector_width and 0 <= row < projector_height:
                blocker = projector_depth[row, column]
                lit = blocker <= 0 or z < blocker + 0.006 + 0.004 * z / max(incidence, 0.05)
            dots = 0.0
            if lit:
                dots = _bilinear(pattern, beam_x * focal + pattern_cx, beam_y * focal + pattern_cy) / r2

            tx = to_voxels[0, 0] * px + to_voxels[0, 1] * py + to_voxels[0, 2] * z + offset[0]
            ty = to_voxels[1, 0] * px + to_voxels[1, 1] * py + to_voxels[1, 2] * z + offset[1]
            tz = to_voxels[2, 0] * px + to_voxels[2, 1] * py + to_voxels[2, 2] * z + offset[2]
            texture = 0.7 * _trilinear(lattice, tx / 3.7 + 31, ty / 3.7 + 17, tz / 3.7 + 5)
            # What a pixel averages out is left away: sampled, it would differ between the two imagers. What
            # has become coarse enough to be seen from this far takes its place.
            footprint = z / (fx * voxel)
            if footprint < _FINE_GONE:
                fine = min((_FINE_GONE - footprint) / (_FINE_GONE - _FINE_WHOLE), 1.0)
                texture += fine * _trilinear(lattice, tx, ty, tz)
            elif footprint > _FINE_GONE:
                coarse = min((footprint - _FINE_GONE) / _FINE_GONE, 1.0)
                texture += coarse * _trilinear(lattice, tx / 13.7 + 11, ty / 13.7 + 47, tz / 13.7 + 29)
            kind = material[y, x]
            specular = table[kind, SPECULAR]
            diffuse = max(albedo[y, x] * table[kind, ALBEDO] * (1 + contrast * texture), 0.004) * (
                1 - specular
            )

            facing = abs(nx * light[0] + ny * light[1] + nz * light[2])
            room = diffuse * (0.6 + 0.4 * facing)
            beam = diffuse * incidence
            if specular > 0.01:
                ex, ey, ez = imager_x - px, -py, -z
                distance = np.sqrt(ex * ex + ey * ey + ez * ez)
                eye = (ex / distance, ey / distance, ez / distance)
                doublings = int(table[kind, DOUBLINGS])
                room += 0.2 * specular * _glint((nx, ny, nz), (light[0], light[1], light[2]), eye, doublings)
                if dots > 0:
                    beam += specular * _glint((nx, ny, nz), (-qx / r, -py / r, -z / r), eye, doublings)
            radiance[y, x] = room + dot_gain * beam * dots
    return radiance


def shade(
    depth: NDArray[np.float32],
    intrinsics: PinholeIntrinsics,
    imager_x: float,
    albedo: NDArray[np.float32],
    material: NDArray[np.int16],
    table: NDArray[np.float32],
    projector_depth: NDArray[np.float32],
    projector_intrinsics: PinholeIntrinsics,
    projector_x: float,
    pattern: DotPattern,
    scene: SceneLight,
    voxel: float,
    dot_gain: float,
) -> NDArray[np.float32]:
    """Radiance at every pixel of one imager; where there is nothing, none.

    Args:
        depth: ``(H, W)`` metres from this imager, 0 = nothing there.
        intrinsics: Of ``depth``.
        imager_x: Place of the imager on the baseline, metres from the left one.
        albedo: ``(H, W)`` diffuse reflectance, multiplied by the material's.
        material: ``(H, W)`` rows of ``table``.
        table: ``(N, 3)`` albedo, specular share, doublings of the lobe's exponent.
        projector_depth: ``(Hp, Wp)`` metres from the projector, for shadows.
        projector_intrinsics: Of ``projector_depth``.
        projector_x: Place of the projector on the baseline, metres from the left imager.
        pattern: Dots.
        scene: Texture and light.
        voxel: Edge of a texture voxel, metres.
        dot_gain: Radiance of a dot at 1 m relative to the room light.

    Returns:
        ``(H, W) float32``, in units of the room light on a white surface.
    """
    p = projector_intrinsics
    return _shade(
        depth,
        albedo,
        material,
        table,
        projector_depth,
        pattern.image,
        texture_lattice(),
        scene.rotation,
        scene.offset,
        scene.light,
        (intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy),
        (p.fx, p.fy, p.cx, p.cy),
        (pattern.focal, pattern.cx, pattern.cy),
        imager_x,
        projector_x,
        scene.contrast,
        voxel,
        dot_gain,
    )
