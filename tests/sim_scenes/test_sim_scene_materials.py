"""Transparent and dark surfaces in what a scene hands to a stereo sensor, on a scene known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from reald2iff.geometry import D435_DEPTH

pytest.importorskip("mujoco")
from reald2iff_sim.scenes import source
from reald2iff_sim.scenes.builder import SceneBuilder, Surface
from reald2iff_sim.scenes.cameras import look_at
from reald2iff_sim.scenes.layouts import NEAREST_CLOSE, Layout
from reald2iff_sim.scenes.room import Room, add_room

PANE, WALL = 1.0, 2.0
ROOM = Room((-0.5, -1.5, -1.2), (WALL, 1.5, 1.2))


def layout(*, with_pane):
    """A camera at the origin along +x; on its left a pane at 1 m, on its right a black board at 1.5 m."""
    build = SceneBuilder()
    add_room(build, ROOM)
    if with_pane:
        build.shape(build.body((PANE + 0.01, 0.3, 0)), "box", (0.01, 0.2, 0.2), surface=Surface.TRANSPARENT)
    build.shape(build.body((1.51, -0.6, 0)), "box", (0.01, 0.2, 0.2), surface=Surface.DARK)
    pose = look_at(np.zeros(3), np.array([1.0, 0, 0]), 0.0)
    return Layout("tabletop", build.spec, ROOM, lambda rng: pose)


def render(monkeypatch, redraw=0, with_pane=True):
    monkeypatch.setattr(source, "draw_layout", lambda rng: layout(with_pane=with_pane))
    return next(source.ProceduralScenes(views_per_scene=1).views(5, redraw))


@pytest.fixture(scope="module")
def view():
    with pytest.MonkeyPatch.context() as patch:
        yield render(patch)


def at(image, intrinsics, x, y, z):
    """The pixel of a view of any size that shows a point (m, optical frame)."""
    fine = intrinsics.resized(image.shape[1], image.shape[0])
    return image[round(y / z * fine.fy + fine.cy), round(x / z * fine.fx + fine.cx)]


def test_clean_depth_shows_the_front_of_glass(view):
    assert at(view.depth, view.intrinsics, -0.3, 0, PANE) == pytest.approx(PANE, abs=1e-4)
    assert at(view.stereo.left, view.intrinsics, -0.3, 0, PANE) == pytest.approx(PANE, abs=1e-4)
    assert at(view.stereo.right, view.intrinsics, -0.35, 0, PANE) == pytest.approx(PANE, abs=1e-4)


def test_behind_glass_is_the_wall(view):
    for behind in (view.stereo.left_behind, view.stereo.right_behind):
        assert at(behind, view.intrinsics, -0.3, 0, PANE) == pytest.approx(WALL, abs=1e-4)


def test_dots_pass_through_glass(view):
    dots = at(view.stereo.projector, view.stereo.projector_intrinsics, -0.33, 0, PANE)
    assert dots == pytest.approx(WALL, abs=1e-4)


def test_behind_equals_the_front_where_nothing_is_transparent(view):
    for front, behind in (
        (view.stereo.left, view.stereo.left_behind),
        (view.stereo.right, view.stereo.right_behind),
    ):
        glass = front < 1.1
        np.testing.assert_array_equal(front[~glass], behind[~glass])
        assert 0.02 < glass.mean() < 0.2


def test_albedo_under_glass_is_that_of_what_is_behind(view, monkeypatch):
    clear = render(monkeypatch, with_pane=False)
    pane = view.stereo.left < 1.1
    np.testing.assert_array_equal(view.stereo.left_albedo[pane], clear.stereo.left_albedo[pane])


def test_a_scene_without_glass_has_nothing_behind(monkeypatch):
    clear = render(monkeypatch, with_pane=False)
    assert clear.stereo.left_behind is None and clear.stereo.right_behind is None


def test_dark_surfaces_stay_dark_whatever_is_drawn(view, monkeypatch):
    redrawn = render(monkeypatch, redraw=1)
    for shown in (view, redrawn):
        albedo = at(shown.stereo.left_albedo, shown.intrinsics, 0.6, 0, 1.5)
        assert 0 < albedo < 0.07
    walls = [np.median(shown.stereo.left_albedo[shown.stereo.left > 1.99]) for shown in (view, redrawn)]
    assert walls[0] != walls[1]


def test_one_projector_view_holds_what_the_imagers_see_at_the_shortest_distance():
    widest = replace(D435_DEPTH, fx=D435_DEPTH.fx * 0.97, fy=D435_DEPTH.fy * 0.97)
    edge = (-0.5 - widest.cx) / widest.fx - source.PROJECTOR_OFFSET / NEAREST_CLOSE
    column = edge * source.PROJECTOR.fx + source.PROJECTOR.cx
    row = (-0.5 - widest.cy) / widest.fy * source.PROJECTOR.fy + source.PROJECTOR.cy
    assert column > -0.5 and row > -0.5
