"""Procedural scenes: the same from the same seed, varied between seeds, rendered consistently."""

import numpy as np
import pytest

from reald2iff.geometry import back_project, depth_to_disparity

pytest.importorskip("mujoco")
from reald2iff.errors import InvalidParameterError
from reald2iff_sim.scenes.layouts import NEAREST_CLOSE
from reald2iff_sim.scenes.source import ProceduralScenes

SEEDS = (3, 9, 25, 67)


@pytest.fixture(scope="module")
def views():
    source = ProceduralScenes(views_per_scene=1)
    return {seed: next(source.views(seed)) for seed in SEEDS}


def test_the_same_seed_gives_the_same_bytes(views):
    again = next(ProceduralScenes(views_per_scene=1).views(3))
    np.testing.assert_array_equal(again.depth, views[3].depth)
    np.testing.assert_array_equal(again.stereo.right_albedo, views[3].stereo.right_albedo)


def test_redrawing_changes_materials_alone(views):
    redrawn = next(ProceduralScenes(views_per_scene=1).views(3, redraw=1))
    np.testing.assert_array_equal(redrawn.depth, views[3].depth)
    assert redrawn.intrinsics == views[3].intrinsics
    assert np.mean(redrawn.stereo.left_albedo != views[3].stereo.left_albedo) > 0.5


def test_scenes_are_of_several_kinds_and_depths(views):
    assert len({view.kind for view in views.values()}) >= 2
    medians = [np.median(view.depth) for view in views.values()]
    assert np.ptp(medians) > 0.1


def test_views_are_full_of_surfaces_in_range(views):
    for view in views.values():
        assert view.depth.shape == (480, 640)
        assert np.mean(view.depth > 0) > 0.99
        assert np.quantile(view.depth, 0.001) > 0.8 * NEAREST_CLOSE
        assert view.depth.max() < 10


def test_albedo_spans_a_wide_range(views):
    albedo = np.concatenate([view.stereo.left_albedo.ravel() for view in views.values()])
    assert albedo.min() < 0.15 and albedo.max() > 0.6
    assert 0.2 < albedo.mean() < 0.7


def test_the_supersampled_left_view_is_the_depth_image_at_twice_the_size(views):
    for view in views.values():
        quads = view.stereo.left.reshape(480, 2, 640, 2)
        low, high = quads.min((1, 3)), quads.max((1, 3))
        flat = high - low < 0.02
        assert flat.mean() > 0.7
        # A wire may cover the centre of a pixel and miss the centres of its quarters.
        assert np.quantile(np.abs(quads.mean((1, 3)) - view.depth)[flat], 0.99) < 1e-3


def test_the_right_view_shows_the_left_one_a_disparity_further_left(views):
    for view in views.values():
        fine = view.intrinsics.resized(1280, 960)
        disparity = depth_to_disparity(view.stereo.left, fine.fx)
        columns = np.arange(1280)[None, :] - disparity
        inside = columns > 0
        rows = np.broadcast_to(np.arange(960)[:, None], inside.shape)
        right = view.stereo.right[rows, np.rint(np.where(inside, columns, 0)).astype(int)]
        agree = np.abs(right - view.stereo.left) < 0.01 * view.stereo.left
        assert agree[inside].mean() > 0.8


def test_the_projector_sees_what_lies_before_the_left_imager(views):
    for view in views.values():
        points = back_project(view.depth, view.intrinsics)[::8, ::8].reshape(-1, 3)
        projector = view.stereo.projector_intrinsics
        column = np.rint((points[:, 0] - 0.029) / points[:, 2] * projector.fx + projector.cx).astype(int)
        row = np.rint(points[:, 1] / points[:, 2] * projector.fy + projector.cy).astype(int)
        assert column.min() >= 0 and column.max() < projector.width
        assert row.min() >= 0 and row.max() < projector.height
        agree = np.abs(view.stereo.projector[row, column] - points[:, 2]) < 0.02 * points[:, 2]
        assert agree.mean() > 0.8


def test_a_scene_without_views_is_an_error():
    with pytest.raises(InvalidParameterError, match="views_per_scene = 0"):
        ProceduralScenes(views_per_scene=0)
