"""Every kind of object and furniture stands on its foot, has a sensible size and the right surfaces."""

import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")
from reald2iff_sim.scenes import clutter, furnishing, glassware, office, walls  # noqa: E402
from reald2iff_sim.scenes.builder import SceneBuilder, Surface  # noqa: E402
from reald2iff_sim.scenes.catalogue import SMALL_OBJECTS  # noqa: E402
from reald2iff_sim.scenes.room import Room, add_room  # noqa: E402

HAND_SIZED = [maker for maker, _ in SMALL_OBJECTS] + list(glassware.GLASSWARE)
FURNITURE = list(furnishing._MAKERS + furnishing._GLASS_PIECES)
ON_WALLS = list(walls._FEATURES)
THIN = [
    clutter.pen_cup,
    clutter.handle,
    clutter.cutlery,
    clutter.scissors,
    clutter.wire_basket,
    clutter.cable_coil,
    clutter.lamp,
    office.wire_shelf,
    office.stand,
    office.floor_cable,
    walls.pipes,
]
CLEAR = [*glassware.GLASSWARE, office.glass_table, office.glass_screen, office.showcase, walls.window]
ROOM = Room((-3.0, -2.0, 0.0), (3.0, 2.0, 2.5))


def compiled(maker, seed):
    build = SceneBuilder()
    maker(build, build.body((0, 0, 0)), np.random.default_rng(seed))
    return extents(build.spec.compile())


def extents(model):
    """Corners ``(ngeom, 8, 3)`` of the boxes about the geoms, in the world; and the model."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    signs = np.stack(np.meshgrid(*[(-1, 1)] * 3), -1).reshape(8, 3)
    local = model.geom_aabb[:, None, :3] + signs * model.geom_aabb[:, None, 3:]
    turned = np.einsum("gij,gkj->gki", data.geom_xmat.reshape(-1, 3, 3), local)
    return turned + data.geom_xpos[:, None], model


@pytest.mark.parametrize("maker", HAND_SIZED, ids=lambda maker: maker.__name__)
def test_hand_sized_objects_stand_on_the_table_and_fit_on_it(maker):
    for seed in range(3):
        corners, _ = compiled(maker, seed)
        # Boxes about turned thin shapes reach below what they hold.
        assert corners[..., 2].min() > -0.08
        assert corners[..., 2].min() < 0.1
        assert 0.02 < np.ptp(corners.reshape(-1, 3), axis=0).max() < 1.0


@pytest.mark.parametrize("maker", FURNITURE, ids=lambda maker: maker.__name__)
def test_furniture_stands_on_the_floor_below_the_ceiling(maker):
    for seed in range(3):
        corners, _ = compiled(maker, seed)
        assert -0.1 < corners[..., 2].min() < 0.1
        assert corners[..., 2].max() < 2.6
        assert np.abs(corners[..., :2]).max() < 3.5


@pytest.mark.parametrize("maker", ON_WALLS, ids=lambda maker: maker.__name__)
def test_wall_features_stand_out_of_the_wall_into_the_room(maker):
    for seed in range(3):
        corners, _ = compiled(maker, seed)
        assert corners[..., 0].min() > -0.5
        assert 0.01 < corners[..., 0].max() < 1.2


@pytest.mark.parametrize("maker", THIN, ids=lambda maker: maker.__name__)
def test_thin_things_have_parts_of_a_few_millimetres_to_centimetres(maker):
    for seed in range(3):
        _, model = compiled(maker, seed)
        rods = model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE
        assert rods.sum() >= 1
        assert model.geom_size[rods, 0].min() < 0.015 or maker is walls.pipes
        assert model.geom_size[rods, 0].max() <= 0.05


@pytest.mark.parametrize("maker", CLEAR, ids=lambda maker: maker.__name__)
def test_clear_things_hold_transparent_parts(maker):
    _, model = compiled(maker, 1)
    assert np.any(model.geom_group == Surface.TRANSPARENT)


def test_no_opaque_kind_holds_transparent_parts():
    for maker in {maker for maker, _ in SMALL_OBJECTS} | set(FURNITURE) - set(CLEAR):
        _, model = compiled(maker, 1)
        assert not np.any(model.geom_group == Surface.TRANSPARENT), maker.__name__


@pytest.mark.parametrize("maker", [office.screen, office.office_chair, office.trolley])
def test_screens_and_wheels_are_dark_in_every_draw(maker):
    for seed in range(3):
        _, model = compiled(maker, seed)
        assert np.any(model.geom_group == Surface.DARK)


def test_a_chair_rests_on_five_castors():
    corners, model = compiled(office.office_chair, 2)
    castors = (model.geom_type == mujoco.mjtGeom.mjGEOM_CYLINDER) & (model.geom_group == Surface.DARK)
    assert castors.sum() == 5
    np.testing.assert_allclose(corners[castors, :, 2].min(axis=1), 0, atol=0.02)


def test_a_glass_partition_spans_the_room_but_for_one_gap():
    for seed in range(4):
        build = SceneBuilder()
        walls.add_glass_partition(build, ROOM, np.random.default_rng(seed))
        corners, model = extents(build.spec.compile())
        panes = corners[model.geom_group == Surface.TRANSPARENT]
        axis = int(np.ptp(panes.reshape(-1, 3), axis=0)[1] < np.ptp(panes.reshape(-1, 3), axis=0)[0])
        across = 1 - axis
        # From wall to wall there would be one pane more.
        length = np.ptp(np.array([ROOM.low, ROOM.high])[:, across])
        width = np.ptp(panes[0, :, across])
        assert len(panes) == round(length / width) - 1
        assert np.ptp(panes[..., axis]) < 0.01


def test_pieces_along_the_walls_face_into_the_room():
    rng = np.random.default_rng(4)
    for _ in range(40):
        (x, y, z), heading = walls.draw_wall_place(ROOM, rng)
        assert z == ROOM.low[2]
        ahead = np.array([x + 0.3 * np.cos(heading), y + 0.3 * np.sin(heading), 1.0])
        behind = np.array([x - 0.3 * np.cos(heading), y - 0.3 * np.sin(heading), 1.0])
        assert ROOM.contains(ahead, 0.05) and not ROOM.contains(behind, 0.0)


def test_a_room_holds_as_many_pieces_as_asked_for():
    counts = []
    for count in (0, 12):
        build = SceneBuilder()
        add_room(build, ROOM)
        furnishing.add_furniture(build, ROOM, np.random.default_rng(0), count, along_walls=0.5)
        counts.append(len(build.spec.worldbody.bodies))
    assert counts[1] - counts[0] == 12
