"""Cutting depth into surfaces and handing out materials."""

import numpy as np
import pytest
from sensor_scenes import SMALL, seen_from

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_BASELINE
from reald2iff.sensors.d435 import MaterialParameters
from reald2iff.sensors.d435.materials import (
    ALBEDO,
    draw_materials,
    material_map,
    segment_surfaces,
    transfer_to_right,
)


def test_a_box_and_the_wall_behind_it_are_two_surfaces_up_to_the_edge() -> None:
    depth = seen_from(0.0, SMALL, box=1.0)
    labels = segment_surfaces(depth, SMALL.fx)
    assert labels.min() > 0
    assert np.unique(labels[depth == 1]).size == 1
    assert np.unique(labels[depth > 1]).size == 1
    assert labels[depth == 1][0] != labels[depth > 1][0]


def test_the_faces_of_a_convex_edge_are_two_surfaces() -> None:
    u = (np.arange(SMALL.width) - SMALL.cx) / SMALL.fx
    row = np.where(u < 0, 1.5 / (1 + 0.6 * u), 1.5 / (1 - 0.6 * u))
    depth = np.broadcast_to(row, (SMALL.height, SMALL.width)).astype(np.float32)
    labels = segment_surfaces(depth, SMALL.fx)
    middle = int(SMALL.cx)
    assert labels[60, middle - 20] != labels[60, middle + 20]


def test_a_slanted_plane_is_one_surface() -> None:
    assert np.unique(segment_surfaces(seen_from(0.0, SMALL, slope=1.0), SMALL.fx)).size == 1


def test_nothing_at_all_is_one_surface() -> None:
    assert np.unique(segment_surfaces(np.zeros((20, 30), np.float32), SMALL.fx)).size == 1


def test_a_static_scene_keeps_its_materials_when_something_else_moves() -> None:
    materials = draw_materials(MaterialParameters(), False, np.random.default_rng(0))
    before = material_map(seen_from(0.0, SMALL, box=1.0, half_width=0.1), SMALL, materials)
    after = material_map(seen_from(0.0, SMALL, box=1.0, half_width=0.11), SMALL, materials)
    assert before[0, 0] == after[0, 0] and before[60, 120] == after[60, 120]


def test_the_right_view_shows_each_surface_with_its_own_material() -> None:
    left = seen_from(0.0, SMALL, box=1.0)
    right = seen_from(D435_BASELINE, SMALL, box=1.0)
    labels = (left == 1).astype(np.int16)
    seen = transfer_to_right(labels, left, right, SMALL.fx * D435_BASELINE)
    wrong = seen != (right == 1)
    assert wrong.mean() < 0.002


def test_matt_materials_leave_a_given_albedo_as_it_is() -> None:
    parameters = MaterialParameters(dark_share=0, glossy_share=0)
    assert (draw_materials(parameters, True, np.random.default_rng(0)).table[:, ALBEDO] == 1).all()


def test_large_surfaces_are_dark_more_rarely() -> None:
    parameters = MaterialParameters(dark_share=0.4, glossy_share=0, sites=2000, large_surface_factor=0.25)
    dark = draw_materials(parameters, True, np.random.default_rng(0)).table[:, ALBEDO] < 0.13
    assert dark[:2000].mean() == pytest.approx(0.4, abs=0.04)
    assert dark[2000:].mean() == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("bad", [{"dark_share": 1.1}, {"glossy_albedo": (0.5, 0.2)}, {"sites": 0}])
def test_parameters_out_of_range_are_refused(bad) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        MaterialParameters(**bad)
