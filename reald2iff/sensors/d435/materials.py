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

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity
from reald2iff.sensors.checks import require_within

_CREASE = 0.02
"""Second difference of disparity (px) that parts two surfaces."""

_LARGE = 0.04
"""Surfaces that fill more than this share of the image are floors, walls and table tops."""

_STRIDE = 3

ALBEDO, SPECULAR, DOUBLINGS = 0, 1, 2
"""Columns of a material table: diffuse reflectance, share of light that is mirrored, and log2 of the
Blinn-Phong exponent."""

_MATT_DOUBLINGS = 3

MAX_DOUBLINGS = 12


@dataclass(frozen=True)
class MaterialParameters:
    """Shares and ranges of the kinds of material; what is neither dark nor glossy is matt."""

    dark_share: float = 0.15
    """Share of surfaces that swallow infrared: black plastic, rubber, screens."""
    dark_albedo: tuple[float, float] = (0.03, 0.12)
    glossy_share: float = 0.15
    """Share of surfaces that mirror the dots away: metal, lacquer, glass."""
    large_surface_factor: float = 0.15
    """Floors, walls and table tops are dark or glossy this much more rarely."""
    glossy_albedo: tuple[float, float] = (0.05, 0.3)
    glossy_specular: tuple[float, float] = (0.2, 0.9)
    glossy_doublings: tuple[int, int] = (5, 8)
    """Log2 of the Blinn-Phong exponent: 5 is satin, 8 a polish."""
    matt_specular: float = 0.03
    glass_transmission: tuple[float, float] = (0.6, 0.92)
    """Share of light that comes through a transparent surface, there and back; it does not bend it."""
    glass_albedo: tuple[float, float] = (0.005, 0.12)
    """Diffuse reflectance of a transparent surface: dust, fingers, print."""
    glass_specular: float = 0.012
    """Share that its front scatters in a lobe, dots in place; the rest is lost as in a mirror."""
    sites: int = 64
    """Random sites of the frustum that hand out the materials."""

    def __post_init__(self) -> None:
        require_within(self, 0, 1, "dark_share", "glossy_share", "matt_specular", "glass_specular")
        require_within(self, 0, 1, "large_surface_factor")
        require_within(self, 1, 4096, "sites")
        for field, high in (
            ("dark_albedo", 1),
            ("glossy_albedo", 1),
            ("glossy_specular", 1),
            ("glossy_doublings", MAX_DOUBLINGS),
            ("glass_transmission", 1),
            ("glass_albedo", 1),
        ):
            low_end, high_end = getattr(self, field)
            if not 0 <= low_end <= high_end <= high:
                raise InvalidParameterError(
                    f"MaterialParameters.{field} = {(low_end, high_end)}: "
                    f"expected an ascending range within [0, {high}]"
                )


@dataclass(frozen=True)
class Materials:
    """Materials drawn for one scene.

    Attributes:
        sites: ``(N, 3)`` places in (u, v, log z), u and v the tangents of the viewing angles.
        table: ``(2 N, 3) float32``, columns ALBEDO, SPECULAR, DOUBLINGS; first what the sites give to
            small surfaces, then to large ones. Albedo is a factor where the simulator gives one.
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
    n *= 2
    rarity = np.repeat([1.0, parameters.large_surface_factor], parameters.sites)
    kind = rng.random(n)
    dark = kind < parameters.dark_share * rarity
    glossy = ~dark & (kind < (parameters.dark_share + parameters.glossy_share) * rarity)
    # What the matcher was tuned with: mostly mid-grey, some nearly black or white.
    matt_albedo = 0.03 + 0.8 * np.clip(rng.beta(1.6, 1.4, n) * rng.uniform(0.7, 1.3, n), 0.03, 1.0)
    if albedo_given:
        matt_albedo[:] = 1.0
    albedo = np.where(dark, rng.uniform(*parameters.dark_albedo, n), matt_albedo)
    albedo = np.where(glossy, rng.uniform(*parameters.glossy_albedo, n), albedo)
    specular = np.where(glossy, rng.uniform(*parameters.glossy_specular, n), parameters.matt_specular)
    low, high = parameters.glossy_doublings
    doublings = np.where(glossy, rng.integers(low, high + 1, n), _MATT_DOUBLINGS)
    return Materials(
        sites.astype(np.float32), np.stack([albedo, specular, doublings], axis=1).astype(np.float32)
    )


_GLASS_DOUBLINGS = 6


def draw_glass(
    parameters: MaterialParameters, rng: np.random.Generator
) -> tuple[np.float32, NDArray[np.float32]]:
    """Transmission of a scene's transparent surfaces, and the material table ``(1, 3)`` of their fronts."""
    transmission = np.float32(rng.uniform(*parameters.glass_transmission))
    albedo = rng.uniform(*parameters.glass_albedo)
    return transmission, np.array([[albedo, parameters.glass_specular, _GLASS_DOUBLINGS]], dtype=np.float32)


@nb.njit(cache=True)
def _smooth(disparity: NDArray) -> NDArray:
    """1 where disparity neither steps nor bends, ``(H, W) uint8``."""
    height, width = disparity.shape
    smooth = np.empty((height, width), np.uint8)
    limit = np.float32(_CREASE)
    two = np.float32(2)
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        inner = up < y < down
        for x in range(width):
            bend = np.float32(0)
            if 0 < x < width - 1:
                bend = abs(disparity[y, x - 1] + disparity[y, x + 1] - two * disparity[y, x])
            if inner:
                bend = max(bend, abs(disparity[up, x] + disparity[down, x] - two * disparity[y, x]))
            smooth[y, x] = bend < limit
    return smooth


@nb.njit(cache=True)
def _adopt_edges(labels: NDArray, disparity: NDArray) -> None:
    """Give unlabelled pixels the label of the neighbour nearest in disparity, as long as any has one.

    Edge pixels must stay on their own side of a step: what lies behind an edge takes over their material.
    """
    height, width = labels.shape
    rows, columns = np.nonzero(labels == 0)
    found = np.empty(rows.size, labels.dtype)
    while True:
        kept = 0
        for n in range(rows.size):
            y, x = rows[n], columns[n]
            nearest = np.float32(np.inf)
            found[n] = 0
            for j in range(max(y - 1, 0), min(y + 2, height)):
                for i in range(max(x - 1, 0), min(x + 2, width)):
                    step = abs(disparity[j, i] - disparity[y, x])
                    if labels[j, i] > 0 and step < nearest:
                        nearest = step
                        found[n] = labels[j, i]
        # Labels change only between two rounds, so that the order of the pixels does not matter.
        for n in range(rows.size):
            if found[n] > 0:
                labels[rows[n], columns[n]] = found[n]
            else:
                rows[kept], columns[kept] = rows[n], columns[n]
                kept += 1
        if kept == rows.size:
            return
        rows, columns = rows[:kept], columns[:kept]


def segment_surfaces(depth: NDArray[np.float32], fx: float) -> NDArray[np.int32]:
    """Label the surfaces of a depth image: pieces without a step or a crease.

    Args:
        depth: ``(H, W)`` metres, 0 = nothing there.
        fx: Focal length (px).

    Returns:
        ``(H, W) int32`` labels from 1; no pixel is without one.
    """
    disparity = depth_to_disparity(depth, fx)
    _, components = cv2.connectedComponents(_smooth(disparity), connectivity=4)
    labels = np.asarray(components, dtype=np.int32)
    _adopt_edges(labels, disparity)
    return np.maximum(labels, 1)


def material_map(
    depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, materials: Materials
) -> NDArray[np.int16]:
    """Material index of every pixel, ``(H, W) int16`` rows of ``materials.table``."""
    labels = segment_surfaces(depth, intrinsics.fx)
    # Every third pixel of every third row is enough to place a surface.
    flat = labels[::_STRIDE, ::_STRIDE].ravel()
    seen = depth[::_STRIDE, ::_STRIDE].ravel()
    surfaces = int(labels.max()) + 1
    count = np.bincount(flat, minlength=surfaces)
    rows, columns = np.mgrid[: depth.shape[0] : _STRIDE, : depth.shape[1] : _STRIDE]
    coordinates = (
        (columns.ravel() - intrinsics.cx) / intrinsics.fx,
        (rows.ravel() - intrinsics.cy) / intrinsics.fy,
        np.log(np.clip(seen, 0.1, 20.0)),
    )
    sums = [np.bincount(flat, weights=c, minlength=surfaces) for c in coordinates]
    centres = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
    distance = np.square(centres[:, None, :] - materials.sites[None]).sum(axis=-1)
    large = (count > _LARGE * flat.size) * len(materials.sites)
    return (distance.argmin(axis=1) + large).astype(np.int16)[labels]


@nb.njit(cache=True)
def transfer_to_right(
    left_map: NDArray, left_depth: NDArray, right_depth: NDArray, focal_baseline: float
) -> NDArray:
    """The left view's map seen from the right imager.

    What only the right imager sees lies right of a foreground, and continues the surface further right.

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
