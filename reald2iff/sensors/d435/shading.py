"""Radiance of the scene at one infrared imager: room light and dots on textured, glossy surfaces."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.d435.materials import DOUBLINGS
from reald2iff.sensors.d435.pattern import DotPattern
from reald2iff.sensors.d435.radiance import TILE, radiance_row, texture_lattice


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


@nb.njit(cache=True)
def _shade(
    depth: NDArray,
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
) -> NDArray:
    height, width = depth.shape
    ray_x, ray_y, cx, cy = camera
    radiance = np.zeros((height, width), np.float32)
    rows = np.zeros((height + 2, width + 2), np.float32)
    rows[1:-1, 1:-1] = depth
    for y in range(height):
        for start in range(0, width, TILE):
            # Transparent fronts fill little of the image.
            if not rows[y + 1, start + 1 : start + 1 + TILE].any():
                continue
            radiance_row(
                rows[y],
                rows[y + 1],
                rows[y + 2],
                albedo[y],
                material[y],
                table,
                projector_depth,
                pattern,
                lattice,
                to_voxels,
                offset,
                light,
                (ray_x, ray_y, cx),
                projector_camera,
                pattern_camera,
                places,
                scales,
                (np.float32(y) - cy) * ray_y,
                start,
                radiance[y],
            )
    return radiance


def _floats(*values: float) -> tuple[np.float32, ...]:
    return tuple(np.float32(value) for value in values)


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
    lobe_height = (2 ** table[:, DOUBLINGS] + 8) / 8
    return _shade(
        depth,
        albedo,
        material,
        np.column_stack([table, lobe_height]).astype(np.float32),
        projector_depth,
        pattern.image,
        texture_lattice(),
        (scene.rotation / voxel).astype(np.float32),
        scene.offset,
        _floats(*scene.light),
        _floats(1 / intrinsics.fx, 1 / intrinsics.fy, intrinsics.cx, intrinsics.cy),
        _floats(p.fx, p.fy, p.cx, p.cy),
        _floats(pattern.focal, pattern.cx, pattern.cy),
        _floats(imager_x, projector_x),
        _floats(scene.contrast, 1 / (intrinsics.fx * voxel), dot_gain),
    )
