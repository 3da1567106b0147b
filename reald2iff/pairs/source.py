"""Where pairs get their scenes: renderers register as entry points of `reald2iff.scene_sources`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.base import StereoViews

ENTRY_POINT_GROUP = "reald2iff.scene_sources"


@dataclass(frozen=True)
class RenderedView:
    """A scene from one camera pose: the truth, and what a stereo sensor model needs to look at it.

    Attributes:
        depth: ``(H, W) float32`` metres, clean, sampled at the centres of the pixels; 0 = nothing there.
        stereo: The same pose as the sensor's optical elements see it.
        intrinsics: Of ``depth``.
        kind: What sort of scene it is, e.g. ``"tabletop"``.
    """

    depth: NDArray[np.float32]
    stereo: StereoViews
    intrinsics: PinholeIntrinsics
    kind: str


class SceneSource(Protocol):
    """Scenes from seeds; an entry point names a class that is made with ``views_per_scene``."""

    def __init__(self, views_per_scene: int) -> None: ...

    def parameters(self) -> dict[str, object]:
        """What a data set records of this source: JSON values, equal for equal scenes."""

    def views(self, scene_seed: int, redraw: int = 0) -> Iterator[RenderedView]:
        """The views of one scene, always the same for the same arguments.

        Args:
            scene_seed: Draws geometry, camera poses and materials.
            redraw: Another number leaves geometry and cameras as they are and draws other materials.
        """

    def close(self) -> None:
        """Free the renderer."""


def find_scene_source(name: str) -> type[SceneSource]:
    """A scene source by its registered name, or by ``"module:Class"``.

    Raises:
        InvalidParameterError: if there is none of that name; the message lists those there are.
        DependencyError: if what it is built on is not installed.
    """
    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if ":" in name:
        points[name] = EntryPoint(name, name, ENTRY_POINT_GROUP)
    if name not in points:
        known = ", ".join(sorted(points)) or "none, install reald2iff-ros with pip"
        raise InvalidParameterError(f"scene source {name!r}: expected module:Class or one of {known}")
    try:
        return points[name].load()
    except AttributeError as error:
        raise InvalidParameterError(f"scene source {name!r}: {error}") from error
    except ImportError as error:
        raise DependencyError(
            f"scene source {name!r} cannot be loaded ({error}): pip install 'reald2iff-ros[sim]'"
        ) from error
