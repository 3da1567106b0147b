"""What the surfaces are made of in the infrared: depth does not show it, so it is drawn.

Surfaces are cut where depth or slope breaks, and each piece takes the material of the nearest of a set of
random sites, so that a static scene seen again with the same sites keeps its materials.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba as nb
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity
from reald2iff.sensors.checks import require_within

_CREASE = 0.03
"""Second difference of native disparity (px) that parts two surfaces."""

ALBEDO, SPECULAR, EXPONENT = 0, 1, 2
"""Columns of a material table: diffuse reflectance, share of the light that is mirrored, Blinn-Phong exponent."""


@dataclass(frozen=True)
class MaterialParameters:
    """Shares and ranges of the kinds of material; what is neither dark nor glossy is matt."""

    dark_share: float = 0.12
    """Share of surfaces that swallow infrared: black plastic, rubber, screens."""
    dark_albedo: tuple[float, float] = (0.012, 0.06)
    glossy_share: float = 0.12
    """Share of surfaces that mirror the dots away: metal, lacquer, glass."""
    glossy_albedo: tuple[float, float] = (0.02, 0.25)
    glossy_specular: tuple[float, float] = (0.2, 0.9)
    glossy_exponent: tuple[float, float] = (15.0, 250.0)
    matt_specular: float = 0.03
    sites: int = 64
    """Random sites of the frustum that hand out the materials."""

    def __post_init__(self) -> None:
        require_within(self, 0, 1, "dark_share", "glossy_share", "matt_specular")
        require_within(self, 1, 4096, "sites")


@dataclass(frozen=True)
class Materials:
    """Materials drawn for one scene.

    Attributes:
        sites: ``(N, 3)`` places in (u, v, log z), u and v the tangents of the viewing angles.
        table: ``(N, 3) float32`` albedo, specular share, exponent; albedo is a factor where the simulator gives one.
    """

    sites: NDArray[np.float32]
    table: NDArray[np.float32]


def draw_materials(parameters: MaterialParameters, albedo_given: bool, rng: np.random.Generator) -> Materials:
    """Materials of a scene.

    Args:
        parameters: Shares and ranges.
        albedo_given: The simulator renders albedo: matt materials leave it as it is, and dark and glossy ones
            scale it, because visible and infrared reflectance differ.
        rng: Source of the draw.
    """
    n = parameters.sites
    sites = np.stack(
        [rng.uniform(-0.9, 0.9, n), rng.uniform(-0.7, 0.7, n), rng.uniform(-1.6, 1.6, n)], axis=1
    )
    kind = rng.random(n)
    dark = kind < parameters.dark_share
    glossy = ~dark & (kind < parameters.dark_share + parameters.glossy_share)
    # The distribution that the matcher's parameters were tuned with: mostly mid-grey, some nearly black or white.
    matt_albedo = 0.03 + 0.8 * np.clip(rng.beta(1.6, 1.4, n) * rng.uniform(0.7, 1.3, n), 0.03, 1.0)
    if albedo_given:
        matt_albedo[:] = 1.0
    albedo = np.where(dark, rng.uniform(*parameters.dark_albedo, n), matt_albedo)
    albedo = np.where(glossy, rng.uniform(*parameters.glossy_albedo, n), albedo)
    specular = np.where(glossy, rng.uniform(*parameters.glossy_specular, n), parameters.matt_specular)
    low, high = np.log(parameters.glossy_exponent)
    exponent = np.where(glossy, np.exp(rng.uniform(low, high, n)), 10.0)
    return Materials(
        sites.astype(np.float32), np.stack([albedo, specular, exponent], axis=1).astype(np.float32)
    )


def segment_surfaces(depth: NDArray[np.float32], fx: float) -> NDArray[np.int32]:
    """Label the surfaces of a depth image: pieces without a step or a crease.

    Args:
        depth: ``(H, W)`` metres, 0 = nothing there.
        fx: Focal length (px).

    Returns:
        ``(H, W) int32`` labels from 1; no pixel is without one.
    """
    disparity = depth_to_disparity(depth, fx)
    padded = cv2.copyMakeBorder(disparity, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    bend_x = np.abs(padded[1:-1, :-2] + padded[1:-1, 2:] - 2 * disparity)
    bend_y = np.abs(padded[:-2, 1:-1] + padded[2:, 1:-1] - 2 * disparity)
    # Replicated borders bend every slanted surface: the frame takes its neighbours' verdict.
    bend_x[:, [0, -1]] = 0
    bend_y[[0, -1], :] = 0
    smooth = (np.maximum(bend_x, bend_y) < _CREASE).astype(np.uint8)
    _, labels = cv2.connectedComponents(smooth, connectivity=4)
    labels[smooth == 0] = 0
    if not smooth.any():
        return np.ones(depth.shape, np.int32)
    if smooth.all():
        return labels
    # Pixels on a crease join the nearest surface.
    _, nearest = cv2.distanceTransformWithLabels(1 - smooth, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    lookup = np.zeros(int(nearest.max()) + 1, np.int32)
    lookup[nearest[smooth > 0]] = labels[smooth > 0]
    return lookup[nearest]


def material_map(
    depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, materials: Materials
) -> NDArray[np.int16]:
    """Material index of every pixel, ``(H, W) int16`` rows of ``materials.table``."""
    labels = segment_surfaces(depth, intrinsics.fx)
    flat = labels.ravel()
    count = np.maximum(np.bincount(flat), 1)
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]]
    log_z = np.log(np.clip(depth, 0.1, 20.0))
    coordinates = ((u - intrinsics.cx) / intrinsics.fx, (v - intrinsics.cy) / intrinsics.fy, log_z)
    centres = np.stack([np.bincount(flat, weights=c.ravel()) / count for c in coordinates], axis=1)
    distance = np.square(centres[:, None, :] - materials.sites[None]).sum(axis=-1)
    return distance.argmin(axis=1).astype(np.int16)[labels]


@nb.njit(cache=True)
def transfer_to_right(
    left_map: NDArray, left_depth: NDArray, right_depth: NDArray, focal_baseline: float
) -> NDArray:
    """The left view's map seen from the right imager.

    What only the right imager sees lies to the right of a foreground, and continues the surface further right.

    Args:
        left_map: ``(H, W)`` of any type, over the left view.
        left_depth: ``(H, W)`` metres.
        right_depth: ``(H, W)`` metres.
        focal_baseline: Focal length (px) times baseline (m).

    Returns:
        ``(H, W)`` like ``left_map``.
    """
    height, width = left_map.shape
    right_map = np.empty_like(left_map)
    for y in range(height):
        last = left_map[y, width - 1]
        for i in range(width):
            x = width - 1 - i
            depth = right_depth[y, x]
            disparity = focal_baseline / depth if depth > 0 else 0.0
            source = int(x + disparity + 0.5)
            if source < width:
                seen = left_depth[y, source]
                if abs((focal_baseline / seen if seen > 0 else 0.0) - disparity) < 2.0:
                    last = left_map[y, source]
            right_map[y, x] = last
    return right_map
