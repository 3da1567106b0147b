"""The images of a simulated scene, from renderers that are made when they are first needed."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.backends.mujoco.rendering import HeadlessRenderer
from reald2iff_sim.simulator import CameraCalibration

_ROBOT_ROOT = "base"


class SceneViews:
    """Colour, depth and segmentation of one model; depth needs a context without anti-aliasing."""

    def __init__(self, model: mujoco.MjModel, objects: Sequence[str], color_samples: int) -> None:
        """Nothing is rendered yet.

        Args:
            model: To render.
            objects: Names of the bodies that have a label of their own.
            color_samples: Samples per pixel of the colour image, 0 = one.
        """
        self._model = model
        self._samples = {"depth": 0, "color": color_samples}
        self._renderers: dict[str, tuple[HeadlessRenderer, tuple[int, int]]] = {}
        self._labels = _geom_labels(model, objects)

    def color(self, data: mujoco.MjData, camera: CameraCalibration) -> NDArray[np.uint8]:
        """``(H, W, 3) uint8`` RGB."""
        return self._renderer("color", camera).color(data, camera.pose, camera.intrinsics)

    def depth(self, data: mujoco.MjData, camera: CameraCalibration) -> NDArray[np.float32]:
        """``(H, W) float32`` metres, 0 where nothing is hit."""
        return self._renderer("depth", camera).depth(data, camera.pose, camera.intrinsics)

    def depth_and_segmentation(
        self, data: mujoco.MjData, camera: CameraCalibration
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """`depth`, and ``(H, W) uint8``: 0 = the room, 1 = the robot, 2 + i = object i."""
        renderer = self._renderer("depth", camera)
        depth, geoms = renderer.depth_and_segmentation(data, camera.pose, camera.intrinsics)
        return depth, self._labels[geoms]  # -1, nothing, is the last label

    def close(self) -> None:
        """Free the renderers; the next image makes new ones."""
        for renderer, _ in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    def _renderer(self, kind: str, camera: CameraCalibration) -> HeadlessRenderer:
        width, height = camera.intrinsics.width, camera.intrinsics.height
        if kind in self._renderers:
            renderer, size = self._renderers[kind]
            if size[0] >= width and size[1] >= height:
                return renderer
            renderer.close()
        made = HeadlessRenderer(self._model, width, height, samples=self._samples[kind])
        self._renderers[kind] = (made, (width, height))
        return made


def _geom_labels(model: mujoco.MjModel, objects: Sequence[str]) -> NDArray[np.uint8]:
    """Label of every geom, and of no geom at the end."""
    root = model.body_rootid[model.geom_bodyid]
    labels = np.zeros(model.ngeom + 1, dtype=np.uint8)
    labels[:-1][root == model.body(_ROBOT_ROOT).rootid[0]] = 1
    for index, name in enumerate(objects):
        labels[:-1][root == model.body(name).id] = 2 + index
    return labels
