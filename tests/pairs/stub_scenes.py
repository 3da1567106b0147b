"""A scene source without a simulator: a tilted plane behind a card, drawn by arithmetic."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np

from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff.pairs.source import RenderedView
from reald2iff.sensors.base import StereoViews

SMALL = D435_DEPTH.resized(160, 120)


def _plane(intrinsics: PinholeIntrinsics, tilt: float, distance: float, x: float) -> np.ndarray:
    u = (np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx
    v = (np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy
    depth = np.tile((distance + tilt * x) / (1 - tilt * u), (intrinsics.height, 1))
    card = (np.abs(u * 0.5 + x) < 0.05)[None, :] & (np.abs(v * 0.5) < 0.05)[:, None]
    return np.where(card, 0.5, depth).astype(np.float32)


class CardScenes:
    """Small views: fast enough to generate many data sets in a test."""

    def __init__(self, views_per_scene: int) -> None:
        self.views_per_scene = views_per_scene

    def parameters(self) -> dict[str, object]:
        return {"source": "card", "views_per_scene": self.views_per_scene}

    def views(self, scene_seed: int, redraw: int = 0) -> Iterator[RenderedView]:
        rng = np.random.default_rng(scene_seed)
        for _ in range(self.views_per_scene):
            tilt, distance = rng.uniform(-0.3, 0.3), rng.uniform(0.8, 1.5)
            left, right, projector = (_plane(SMALL, tilt, distance, x) for x in (0.0, 0.05, 0.029))
            yield RenderedView(left, StereoViews(left, right, projector, SMALL), SMALL, "card")

    def close(self) -> None: ...


class DyingScenes(CardScenes):
    """Kills its process, as the out-of-memory killer does."""

    def views(self, scene_seed: int, redraw: int = 0) -> Iterator[RenderedView]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().views(scene_seed, redraw)
