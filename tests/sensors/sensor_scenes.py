"""Analytic scenes: a box face in front of a wall, seen exactly from every optical element."""

from dataclasses import replace

import numpy as np

from reald2iff.geometry import D435_BASELINE, D435_DEPTH, PinholeIntrinsics
from reald2iff.sensors import D435Twin, StereoViews
from reald2iff.sensors.d435 import InfraredParameters, MaterialParameters

SMALL = D435_DEPTH.cropped(200, 180, 240, 120)
"""A window of the native depth camera: small, with the native scale of disparity."""

PROJECTOR_OFFSET = 0.029

PLAIN = D435Twin(materials=MaterialParameters(dark_share=0, glossy_share=0, sites=1))
"""The twin in a world of one matt material."""

STEADY = replace(PLAIN, infrared=InfraredParameters(vertical_misalignment=0, gain_mismatch=0))


def seen_from(
    offset: float,
    camera: PinholeIntrinsics,
    wall: float = 2.0,
    slope: float = 0.0,
    box: float | None = None,
    half_width: float = 0.12,
    half_height: float = 0.1,
) -> np.ndarray:
    """Depth ``(H, W)`` m from a place on the baseline: a wall ``z = wall + slope * x``, a box before it."""
    u = (np.arange(camera.width) - camera.cx) / camera.fx
    v = (np.arange(camera.height) - camera.cy) / camera.fy
    depth = np.broadcast_to((wall + slope * offset) / (1 - slope * u), (camera.height, camera.width)).copy()
    if box is not None:
        inside_x = np.abs(u * box + offset) < half_width
        inside_y = np.abs(v * box) < half_height
        depth[inside_y[:, None] & inside_x[None, :]] = box
    return depth.astype(np.float32)


def stereo_views(camera: PinholeIntrinsics, **scene: float) -> StereoViews:
    """What the optical elements see of `seen_from`'s scene, at twice the resolution."""
    fine = camera.resized(2 * camera.width, 2 * camera.height)
    return StereoViews(
        left=seen_from(0.0, fine, **scene),
        right=seen_from(D435_BASELINE, fine, **scene),
        projector=seen_from(PROJECTOR_OFFSET, fine, **scene),
        projector_intrinsics=fine,
        supersampling=2,
    )


def true_disparity(camera: PinholeIntrinsics, **scene: float) -> np.ndarray:
    """Disparity ``(H, W)`` px of the scene from the left imager."""
    return camera.fx * D435_BASELINE / seen_from(0.0, camera, **scene)
