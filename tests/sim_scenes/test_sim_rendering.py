"""The renderer's geometry, measured on scenes whose depth is known in closed form."""

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics, back_project, project

mujoco = pytest.importorskip("mujoco")
from reald2iff_sim.backends.mujoco.rendering import HeadlessRenderer  # noqa: E402

# The far sphere inflates MuJoCo's extent: clipping planes that scale with it would swallow the near one.
SCENE = """<mujoco><asset><material name="dark" rgba=".2 .4 .8 1"/></asset><worldbody>
<light pos="0 0 -1" dir="0 0 1"/>
<geom name="board" type="box" pos="0 0 1.05" size="3 3 .05" euler="20 10 0" material="dark"/>
<geom name="near" type="sphere" size=".01" pos="0 0 .08" rgba="1 0 0 1"/>
<geom name="far" type="sphere" size=".1" pos="60 0 1"/>
</worldbody></mujoco>"""
OFF_CENTRE = PinholeIntrinsics(320, 200, 191.3, 240.0, 100.25, 130.5)


@pytest.fixture(scope="module")
def scene():
    model = mujoco.MjModel.from_xml_string(SCENE)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with HeadlessRenderer(model, 640, 480) as renderer:
        yield renderer, data


@pytest.mark.parametrize("intrinsics", [D435_DEPTH, OFF_CENTRE], ids=["d435", "off_centre"])
def test_back_projected_plane_lies_on_the_plane(scene, intrinsics):
    renderer, data = scene
    points = back_project(renderer.depth(data, np.eye(4), intrinsics), intrinsics).astype(np.float64)
    board = points[points[..., 2] > 0.3]
    normal = data.geom("board").xmat.reshape(3, 3)[:, 2]
    distance = (board - data.geom("board").xpos) @ normal + 0.05
    assert np.abs(distance).max() < 1e-5


@pytest.mark.parametrize("intrinsics", [D435_DEPTH, OFF_CENTRE], ids=["d435", "off_centre"])
def test_a_point_is_drawn_at_the_pixel_it_projects_to(scene, intrinsics):
    renderer, data = scene
    pose = np.eye(4)
    pose[:3, 3] = 0.02, -0.015, -0.5
    rows, columns = np.nonzero(renderer.segmentation(data, pose, intrinsics) == data.geom("near").id)
    expected, _ = project(data.geom("near").xpos - pose[:3, 3], intrinsics)
    assert np.abs([columns.mean() - expected[0], rows.mean() - expected[1]]).max() < 0.3


def test_a_surface_at_seven_centimetres_is_not_clipped_whatever_the_extent(scene):
    renderer, data = scene
    assert renderer.model.stat.extent > 10
    depth = renderer.depth(data, np.eye(4), D435_DEPTH)
    assert depth[240, 320] == pytest.approx(0.07, abs=1e-4)


def test_a_turned_camera_sees_nothing(scene):
    renderer, data = scene
    away = np.diag([-1.0, 1.0, -1.0, 1.0])
    assert not renderer.depth(data, away, D435_DEPTH).any()
    assert (renderer.segmentation(data, away, D435_DEPTH) == -1).all()


def test_albedo_is_the_material_colour_and_comes_with_the_same_depth(scene):
    renderer, data = scene
    albedo, depth = renderer.albedo_and_depth(data, np.eye(4), D435_DEPTH)
    assert np.abs(albedo[10, 10].astype(int) - [51, 102, 204]).max() <= 1
    np.testing.assert_array_equal(depth, renderer.depth(data, np.eye(4), D435_DEPTH))
    assert not np.array_equal(albedo, renderer.color(data, np.eye(4), D435_DEPTH))


def test_colours_of_the_model_are_read_at_every_image(scene):
    renderer, data = scene
    material = renderer.model.mat("dark").rgba
    before = material.copy()
    material[:3] = 0.9, 0.1, 0.1
    albedo, _ = renderer.albedo_and_depth(data, np.eye(4), OFF_CENTRE)
    material[:] = before
    assert np.abs(albedo[5, 5].astype(int) - [230, 26, 26]).max() <= 1


def test_bad_use_names_the_value(scene):
    renderer, data = scene
    with pytest.raises(SimulationError, match=r"1280x960.*640x480"):
        renderer.depth(data, np.eye(4), D435_DEPTH.resized(1280, 960))
    with pytest.raises(InvalidParameterError, match="near"):
        HeadlessRenderer(renderer.model, near=2.0, far=1.0)
    closed = HeadlessRenderer(renderer.model, 64, 48, samples=4)
    with pytest.raises(SimulationError, match="samples=4"):
        closed.depth(data, np.eye(4), D435_DEPTH.resized(64, 48))
    closed.close()
    with pytest.raises(SimulationError, match="closed"):
        closed.color(data, np.eye(4), D435_DEPTH.resized(64, 48))
