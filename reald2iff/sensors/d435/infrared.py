"""The two infrared images of a D435: optics, exposure, misalignment, noise, eight bits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.base import StereoViews
from reald2iff.sensors.checks import require_within
from reald2iff.sensors.d435.materials import (
    MaterialParameters,
    draw_glass,
    draw_materials,
    material_map,
    transfer_to_right,
)
from reald2iff.sensors.d435.pattern import PatternParameters, dot_pattern
from reald2iff.sensors.d435.shading import SceneLight, shade
from reald2iff.sensors.d435.speckle import held_noise

_TOUCHING = np.float32(1 - 1e-4)
"""A front this close to what is behind it, as a ratio of depths, is the opaque surface itself."""


@dataclass(frozen=True)
class InfraredParameters:
    """Image formation. Grey levels are those of the 8-bit images."""

    dot_gain: float = 2.58
    """Radiance of a dot 1 m away relative to the room light; falls with the square of distance."""
    texture_contrast: float = 0.2
    """Micro-texture of surfaces, standard deviation relative to albedo."""
    texture_spread: float = 0.7
    """A scene's contrast is that, times 1 +- this."""
    texture_voxel: float = 0.002
    """Edge of a voxel of the micro-texture (m)."""
    point_spread: float = 0.51
    """Gaussian radius of the optics (px)."""
    mean_grey: float = 70.0
    """What the automatic exposure brings the left image's mean to."""
    read_noise: float = 0.65
    """Standard deviation (grey levels)."""
    shot_noise: float = 0.025
    """Variance per grey level."""
    noise_fixed_share: float = 0.8
    """Share of the noise's variance that stays from frame to frame where nothing moves: speckle of the laser,
    and pixels that are not alike. A single frame looks the same for any share."""
    gain_mismatch: float = 0.05
    """The right imager's gain is 1 +- this."""
    vertical_misalignment: float = 0.08
    """The right image is shifted by up to this (px): what calibration leaves."""

    def __post_init__(self) -> None:
        require_within(self, 0, 1000, "dot_gain")
        require_within(self, 0, 1, "texture_contrast", "texture_spread", "gain_mismatch", "shot_noise")
        require_within(self, 0, 1, "noise_fixed_share")
        require_within(self, 1e-4, 1, "texture_voxel")
        require_within(self, 0.05, 5, "point_spread")
        require_within(self, 0, 5, "vertical_misalignment")
        require_within(self, 1, 255, "mean_grey")
        require_within(self, 0, 50, "read_noise")


@dataclass(frozen=True)
class StereoGeometry:
    """Where the optical elements sit on the baseline.

    Attributes:
        baseline: Left to right imager, metres.
        projector_offset: Left imager to projector, metres.
    """

    baseline: float
    projector_offset: float


def _draw_scene(parameters: InfraredParameters, rng: np.random.Generator) -> SceneLight:
    rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    light = np.array([rng.uniform(-0.6, 0.6), -0.8, rng.uniform(-0.8, 0.3)])
    return SceneLight(
        rotation=rotation.astype(np.float32),
        offset=rng.uniform(0, 1000, 3).astype(np.float32),
        contrast=parameters.texture_contrast * (1 + parameters.texture_spread * rng.uniform(-1, 1)),
        light=(light / np.linalg.norm(light)).astype(np.float32),
    )


def render_infrared(
    views: StereoViews,
    intrinsics: PinholeIntrinsics,
    geometry: StereoGeometry,
    infrared: InfraredParameters,
    pattern: PatternParameters,
    materials: MaterialParameters,
    static_rng: np.random.Generator,
    frame_rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Left and right infrared images.

    Args:
        views: The scene, checked by the caller.
        intrinsics: Of the depth image, ``(H, W)``.
        geometry: Of the optical elements.
        infrared: Image formation.
        pattern: Dots.
        materials: Shares of the kinds of surface.
        static_rng: Draws what a static scene keeps: materials, texture, light, gain, misalignment.
        frame_rng: Draws the noise of this frame.

    Returns:
        Two ``(H, W) uint8`` images.
    """
    s = views.supersampling
    fine = intrinsics.resized(intrinsics.width * s, intrinsics.height * s)
    scene = _draw_scene(infrared, static_rng)
    drawn = draw_materials(materials, views.left_albedo is not None, static_rng)
    gain = 1 + infrared.gain_mismatch * static_rng.uniform(-1, 1)
    shift = infrared.vertical_misalignment * static_rng.uniform(-1, 1)

    # What is opaque carries the materials; transparent fronts are laid over it.
    left_opaque = views.left if views.left_behind is None else views.left_behind
    right_opaque = views.right if views.right_behind is None else views.right_behind
    left_map = material_map(left_opaque, fine, drawn)
    right_map = transfer_to_right(left_map, left_opaque, right_opaque, fine.fx * geometry.baseline)
    uniform = np.ones_like(views.left)
    dots = dot_pattern(pattern)
    glass = None if views.left_behind is None else draw_glass(materials, static_rng)

    def radiance_of(
        depth: NDArray[np.float32],
        imager_x: float,
        albedo: NDArray[np.float32],
        labels: NDArray[np.int16],
        table: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        return shade(
            depth,
            fine,
            imager_x,
            albedo,
            labels,
            table,
            views.projector,
            views.projector_intrinsics,
            geometry.projector_offset,
            dots,
            scene,
            infrared.texture_voxel,
            infrared.dot_gain,
        )

    images = []
    for front, opaque, albedo, labels, imager_x in (
        (views.left, left_opaque, views.left_albedo, left_map, 0.0),
        (views.right, right_opaque, views.right_albedo, right_map, geometry.baseline),
    ):
        reflectance = uniform if albedo is None else 0.03 + 0.8 * albedo
        radiance = radiance_of(opaque, imager_x, reflectance, labels, drawn.table)
        if glass is not None:
            transmission, table = glass
            transparent = (front > 0) & ((opaque == 0) | (front < opaque * _TOUCHING))
            pane = np.where(transparent, front, np.float32(0))
            radiance[transparent] *= transmission
            radiance += radiance_of(pane, imager_x, uniform, np.zeros_like(labels), table)
        blurred = cv2.GaussianBlur(radiance, (0, 0), infrared.point_spread * s)
        image = cv2.resize(blurred, (intrinsics.width, intrinsics.height), interpolation=cv2.INTER_AREA)
        images.append(np.asarray(image, dtype=np.float32))
    left, right = images
    shifted = cv2.warpAffine(
        right,
        np.array([[1, 0, 0], [0, 1, shift]]),
        (intrinsics.width, intrinsics.height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # A generator of its own leaves the draws of the later stages as they are.
    held_rng = static_rng.spawn(1)[0]
    focal_baseline = intrinsics.fx * geometry.baseline
    held = [held_noise(view[::s, ::s], focal_baseline, held_rng) for view in (views.left, views.right)]
    # Where there is nothing, the exposure is not measured: a simulator's void is no dark room.
    exposure = infrared.mean_grey / max(float(left[left > 0].mean()), 1e-6) if left.any() else 1.0
    return (
        _expose(left, exposure, infrared, held[0], frame_rng),
        _expose(np.asarray(shifted, dtype=np.float32), exposure * gain, infrared, held[1], frame_rng),
    )


def _expose(
    radiance: NDArray[np.float32],
    gain: float,
    parameters: InfraredParameters,
    held: NDArray[np.float32],
    frame_rng: np.random.Generator,
) -> NDArray[np.uint8]:
    signal = np.maximum(radiance * np.float32(gain), 0)
    deviation = np.sqrt(np.float32(parameters.read_noise**2) + np.float32(parameters.shot_noise) * signal)
    share = parameters.noise_fixed_share
    noise = np.float32(np.sqrt(1 - share)) * frame_rng.standard_normal(signal.shape, dtype=np.float32)
    noise += np.float32(np.sqrt(share)) * held
    signal += deviation * noise
    return np.clip(np.rint(signal), 0, 255).astype(np.uint8)
