"""How the Rerun viewer lays a demonstration out: clouds on top, images and curves below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reald2iff.demos.inspect.content import CameraView

if TYPE_CHECKING:
    from rerun import blueprint as rrb

ROBOT = "robot"
"""Root of everything that has a place in the robot frame."""

LOOSE = "images"
"""Root of the images of cameras whose pose the file does not say."""

CLOUDS = f"{ROBOT}/points"
CAMERAS = f"{ROBOT}/cameras"
CURVES = "curves"

_EYE = (1.1, 0.9, 0.7)
"""From the middle of the path to the eye, metres: the robot's front left, above."""


def entity(view: CameraView, key: str, placed: bool) -> str:
    """Where an image key is in the recording; each has a pinhole of its own, as colour and depth differ."""
    return f"{CAMERAS if placed else LOOSE}/{view.name}/{key}"


def lay_out(
    views: Sequence[CameraView], placed: Sequence[str], curves: Sequence[str], centre: Sequence[float] | None
) -> rrb.Blueprint:
    """Arrange the views of one episode.

    Args:
        views: Its cameras.
        placed: Image keys whose camera's pose is known.
        curves: Names of the groups of curves.
        centre: What to look at in the robot frame, metres; None = the viewer decides.
    """
    from rerun import blueprint as rrb

    kinds = [
        kind for kind in ("clean", "realistic") if any(view.depths.get(kind) in placed for view in views)
    ]
    rows: list[rrb.Container] = []
    if kinds or centre is not None:
        rows.append(rrb.Horizontal(*(_space(kind, kinds, centre) for kind in kinds or ["robot"])))
    below: list[rrb.Container] = []
    if views:
        below.append(rrb.Tabs(*(_images(view, placed) for view in views)))
    if curves:
        below.append(rrb.Tabs(*(rrb.TimeSeriesView(origin=f"{CURVES}/{name}", name=name) for name in curves)))
    if below:
        rows.append(rrb.Horizontal(*below, column_shares=[3, 2][: len(below)]))
    return rrb.Blueprint(
        rrb.Vertical(*rows, row_shares=[3, 2][: len(rows)]),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
    )


def _space(kind: str, kinds: Sequence[str], centre: Sequence[float] | None) -> rrb.Spatial3DView:
    """The robot frame with one kind of cloud; images would hang before it."""
    from rerun import blueprint as rrb

    hidden = [f"- {CLOUDS}/{other}/**" for other in kinds if other != kind]
    eye = None
    if centre is not None:
        eye = rrb.EyeControls3D(
            kind=rrb.Eye3DKind.Orbital, position=np.add(centre, _EYE), look_target=centre, eye_up=(0, 0, 1)
        )
    return rrb.Spatial3DView(
        origin=ROBOT,
        contents=[f"+ {ROBOT}/**", f"- {CAMERAS}/**", *hidden],
        name=f"{kind} depth, robot frame" if kinds else "robot frame",
        eye_controls=eye,
    )


def _images(view: CameraView, placed: Sequence[str]) -> rrb.Container:
    from rerun import blueprint as rrb

    keys = [key for key in (view.color, *view.depths.values()) if key is not None]
    return rrb.Horizontal(
        *(rrb.Spatial2DView(origin=entity(view, key, key in placed), name=key) for key in keys),
        name=view.name,
    )
