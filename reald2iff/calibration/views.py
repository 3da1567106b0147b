"""Rendered views that the twin looks at while it is fitted: drawn once, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity
from reald2iff.pairs.source import RenderedView, SceneSource
from reald2iff.sensors.base import StereoViews

POOL_SIZE = 24
"""Views rendered, each of another scene, of which the most fitting are used."""

_SCENE_SEED = 0x5EED_0000
"""Scenes of their own: no pair data set starts here."""

_BINS = np.geomspace(2.0, 96.0, 13)
"""Edges of the disparity histogram (px) by which views are chosen."""

_IMAGES = tuple(
    f.name for f in fields(StereoViews) if f.name not in ("projector_intrinsics", "supersampling")
)


@dataclass(frozen=True)
class ViewFile:
    """A rendered view on disk.

    Attributes:
        path: Of the NPZ file.
        histogram: ``(12,)`` shares of its clean disparities by `_BINS`.
    """

    path: Path
    histogram: NDArray[np.float64]


def render_pool(
    source: SceneSource, folder: Path, count: int, baseline: float, progress: Callable[[int], None]
) -> list[ViewFile]:
    """Views of ``count`` scenes, rendered unless they are there already.

    Args:
        source: Gives one view a scene or more; the first is used.
        folder: Cache; another state of the source has its own folder in it.
        count: Scenes.
        baseline: Of the stereo camera, metres.
        progress: Called with the number of views that are ready.
    """
    state = json.dumps(source.parameters(), sort_keys=True).encode()
    kept = folder / "calibration_views" / hashlib.sha256(state).hexdigest()[:12]
    kept.mkdir(parents=True, exist_ok=True)
    pool = []
    for index in range(count):
        path = kept / f"view_{index:03d}.npz"
        view = _read(path)
        if view is None:
            view = next(iter(source.views(_SCENE_SEED + index)))
            _write(path, view)
        disparity = depth_to_disparity(view.depth, view.intrinsics.fx, baseline)
        pool.append(ViewFile(path, disparity_histogram([disparity])))
        progress(index + 1)
    return pool


def disparity_histogram(disparities: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Shares of the valid disparities (px) by logarithmic bins, ``(12,)``."""
    counts = np.zeros(len(_BINS) - 1)
    for disparity in disparities:
        valid = disparity[disparity > 0]
        counts += np.histogram(np.clip(valid, _BINS[0], _BINS[-1]), _BINS)[0]
    return counts / max(counts.sum(), 1)


def choose_views(pool: Sequence[ViewFile], wanted: NDArray[np.float64], count: int) -> list[Path]:
    """The views that together come nearest to a histogram of disparities, one by one.

    What a sensor does depends on distance: a twin that looks at walls across a hall says little about a
    camera that looked at a table.

    Args:
        pool: To choose from.
        wanted: ``(12,)`` shares, see `disparity_histogram`.
        count: Of views.
    """
    chosen: list[ViewFile] = []
    total = np.zeros_like(wanted)
    for _ in range(min(count, len(pool))):
        left = [view for view in pool if view not in chosen]
        gaps = [np.abs((total + view.histogram) / (len(chosen) + 1) - wanted).sum() for view in left]
        best = left[int(np.argmin(gaps))]
        chosen.append(best)
        total += best.histogram
    return [view.path for view in chosen]


def read_view(path: Path) -> RenderedView:
    """A view of the cache."""
    view = _read(path)
    if view is None:
        raise FileNotFoundError(path)
    return view


def _write(path: Path, view: RenderedView) -> None:
    cameras = [_camera_row(view.intrinsics), _camera_row(view.stereo.projector_intrinsics)]
    images = {name: getattr(view.stereo, name) for name in _IMAGES}
    for name in ("left_albedo", "right_albedo"):
        if images[name] is not None:
            # Albedo comes from eight bits and goes back to them without loss.
            images[name] = np.rint(images[name] * 255).astype(np.uint8)
    partial = path.with_suffix(f".{os.getpid()}.tmp")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            depth=view.depth,
            cameras=np.array(cameras),
            supersampling=np.array(view.stereo.supersampling),
            kind=np.array(view.kind),
            **{name: image for name, image in images.items() if image is not None},
        )
    partial.replace(path)


def _read(path: Path) -> RenderedView | None:
    """A view, or None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = dict(file)
        images = {name: stored[name] for name in _IMAGES if name in stored}
        for name in ("left_albedo", "right_albedo"):
            if name in images:
                images[name] = images[name].astype(np.float32) / np.float32(255)
        camera, projector = (_camera(row) for row in stored["cameras"])
        stereo = StereoViews(
            projector_intrinsics=projector, supersampling=int(stored["supersampling"]), **images
        )
        return RenderedView(stored["depth"], stereo, camera, str(stored["kind"]))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None


def _camera_row(camera: PinholeIntrinsics) -> list[float]:
    return [camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy]


def _camera(row: NDArray[np.float64]) -> PinholeIntrinsics:
    return PinholeIntrinsics(int(row[0]), int(row[1]), *(float(v) for v in row[2:]))
