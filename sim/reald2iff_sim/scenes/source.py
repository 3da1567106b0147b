"""Procedural scenes rendered by MuJoCo, for clean-noisy pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff.geometry import D435_BASELINE, D435_DEPTH, PinholeIntrinsics, depth_to_disparity
from reald2iff.pairs.source import RenderedView
from reald2iff.sensors.base import StereoViews
from reald2iff_sim.backends.mujoco.rendering import HeadlessRenderer
from reald2iff_sim.scenes.builder import OPAQUE, Surface
from reald2iff_sim.scenes.layouts import Layout, draw_layout
from reald2iff_sim.scenes.materials import add_textures, paint

SCENES_VERSION = 3
"""Raised whenever the same seed gives other scenes."""

PROJECTOR_OFFSET = 0.029
"""Distance of a D435's projector from its left imager along +x, metres."""

PROJECTOR = PinholeIntrinsics(960, 720, 455.0, 455.0, 479.5, 359.5)
"""View of the dot projector: wide enough for what both imagers see, however near."""

SUPERSAMPLING = 2
FARTHEST = 9.0

_FOCAL_SPREAD = 0.03
_BEND = 1.5
_MIN_STRUCTURE = 0.02
_PLAIN_SHARE = 0.08
"""Views that may show bare walls alone."""
_SLICES, _STACKS = 20, 8
"""Facets of round shapes: there are hundreds of thin ones, and a software renderer pays for each facet."""
_ATTEMPTS = 200
_FREE_SPACE = 1.6
"""A tenth of a view must lie this many times farther than the nearest distance allowed."""
_PREVIEW = (80, 60)
_GLASS_PREVIEW = (160, 120)

_GEOMETRY, _CAMERAS, _MATERIALS = range(3)
"""Streams of random numbers of a scene."""


class ProceduralScenes:
    """Tabletops with and without the arm, and rooms; a `SceneSource`.

    Args:
        views_per_scene: Camera poses of each scene.

    Raises:
        InvalidParameterError: for fewer than one view.
    """

    def __init__(self, views_per_scene: int = 2) -> None:
        if views_per_scene < 1:
            raise InvalidParameterError(f"views_per_scene = {views_per_scene}: expected at least 1")
        self.views_per_scene = views_per_scene

    def parameters(self) -> dict[str, object]:
        """See `SceneSource.parameters`."""
        return {
            "source": "mujoco procedural",
            "version": SCENES_VERSION,
            "views_per_scene": self.views_per_scene,
            "supersampling": SUPERSAMPLING,
        }

    def views(self, scene_seed: int, redraw: int = 0) -> Iterator[RenderedView]:
        """See `SceneSource.views`.

        Raises:
            SimulationError: if no camera pose of the scene is free of obstacles.
        """
        layout = draw_layout(np.random.default_rng([scene_seed, _GEOMETRY]))
        add_textures(layout.spec)
        model = layout.spec.compile()
        model.vis.quality.numslices, model.vis.quality.numstacks = _SLICES, _STACKS
        data = mujoco.MjData(model)
        for name, position in layout.joints.items():
            data.joint(name).qpos[0] = position
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)
        cameras = np.random.default_rng([scene_seed, _CAMERAS])
        size = SUPERSAMPLING * D435_DEPTH.width, SUPERSAMPLING * D435_DEPTH.height
        with HeadlessRenderer(model, *size) as renderer:
            paint(model, renderer, np.random.default_rng([scene_seed, _MATERIALS, redraw]))
            renderer.show_groups(tuple(Surface))
            for _ in range(self.views_per_scene):
                intrinsics, pose = _draw_view(layout, renderer, data, cameras)
                yield _render_view(renderer, data, pose, intrinsics, layout.kind)

    def close(self) -> None:
        """Nothing is held between scenes."""


def _draw_view(
    layout: Layout, renderer: HeadlessRenderer, data: mujoco.MjData, rng: np.random.Generator
) -> tuple[PinholeIntrinsics, NDArray[np.float64]]:
    scale = rng.uniform(1 - _FOCAL_SPREAD, 1 + _FOCAL_SPREAD)
    intrinsics = replace(D435_DEPTH, fx=D435_DEPTH.fx * scale, fy=D435_DEPTH.fy * scale)
    plain = rng.random() < _PLAIN_SHARE
    free_pose = None
    for _ in range(_ATTEMPTS):
        pose = layout.draw_camera(rng)
        if not layout.room.contains(pose[:3, 3], layout.nearest):
            continue
        preview = renderer.depth(data, pose, intrinsics.resized(*_PREVIEW))
        if _is_free(preview, layout.nearest):
            if plain or _structure(preview, intrinsics) > _MIN_STRUCTURE:
                return intrinsics, pose
            free_pose = pose
    if free_pose is None:
        raise SimulationError(f"no free camera pose in {_ATTEMPTS} draws of a {layout.kind} scene")
    return intrinsics, free_pose


def _is_free(depth: NDArray[np.float32], nearest: float) -> bool:
    """Whether nothing is too near or too far, and not everything is close."""
    return bool(
        depth.min() > nearest and depth.max() < FARTHEST and np.quantile(depth, 0.9) > _FREE_SPACE * nearest
    )


def _structure(preview: NDArray[np.float32], intrinsics: PinholeIntrinsics) -> float:
    """Share of a preview's pixels where disparity bends by more than `_BEND` px: edges, not walls."""
    disparity = depth_to_disparity(preview, intrinsics.fx)
    across = np.abs(np.diff(disparity, 2, axis=1))[1:-1] > _BEND
    down = np.abs(np.diff(disparity, 2, axis=0))[:, 1:-1] > _BEND
    return float(np.mean(across | down))


def _render_view(
    renderer: HeadlessRenderer,
    data: mujoco.MjData,
    pose: NDArray[np.float64],
    intrinsics: PinholeIntrinsics,
    kind: str,
) -> RenderedView:
    """Everything behind transparent surfaces, and where a view holds any, their fronts too.

    Light and dots pass through them: albedo and the projector's view are of what is behind.
    """
    fine = intrinsics.resized(SUPERSAMPLING * intrinsics.width, SUPERSAMPLING * intrinsics.height)
    right_pose = _shifted(pose, D435_BASELINE)
    transparent = _shows_transparent(renderer, data, pose, intrinsics)
    renderer.show_groups(OPAQUE)
    left_albedo, left_behind = renderer.albedo_and_depth(data, pose, fine)
    right_albedo, right_behind = renderer.albedo_and_depth(data, right_pose, fine)
    projector = renderer.depth(data, _shifted(pose, PROJECTOR_OFFSET), PROJECTOR)
    renderer.show_groups(tuple(Surface))
    views = StereoViews(
        left=renderer.depth(data, pose, fine) if transparent else left_behind,
        right=renderer.depth(data, right_pose, fine) if transparent else right_behind,
        projector=projector,
        projector_intrinsics=PROJECTOR,
        left_albedo=_reflectance(left_albedo),
        right_albedo=_reflectance(right_albedo),
        supersampling=SUPERSAMPLING,
        left_behind=left_behind if transparent else None,
        right_behind=right_behind if transparent else None,
    )
    return RenderedView(renderer.depth(data, pose, intrinsics), views, intrinsics, kind)


def _shows_transparent(
    renderer: HeadlessRenderer,
    data: mujoco.MjData,
    pose: NDArray[np.float64],
    intrinsics: PinholeIntrinsics,
) -> bool:
    groups = renderer.model.geom_group
    if not np.any(groups == Surface.TRANSPARENT):
        return False
    geoms = renderer.segmentation(data, pose, intrinsics.resized(*_GLASS_PREVIEW))
    return bool(np.any(groups[geoms[geoms >= 0]] == Surface.TRANSPARENT))


def _shifted(pose: NDArray[np.float64], right: float) -> NDArray[np.float64]:
    """The pose moved by ``right`` metres along its own x axis."""
    moved = pose.copy()
    moved[:3, 3] += right * pose[:3, 0]
    return moved


def _reflectance(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Albedo of a grey scene from its red channel."""
    return image[..., 0].astype(np.float32) / np.float32(255)
