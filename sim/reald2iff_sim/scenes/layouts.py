"""The kinds of scenes: what stands where, and where cameras may look from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.backends.mujoco.fr3 import HOME_JOINTS, fr3_spec
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, turn, yaw
from reald2iff_sim.scenes.cameras import (
    Pose,
    around,
    draw_corridor_pose,
    draw_floor_pose,
    draw_roll,
    draw_room_pose,
)
from reald2iff_sim.scenes.catalogue import draw_glass, draw_object
from reald2iff_sim.scenes.furnishing import add_furniture, add_glass_furniture
from reald2iff_sim.scenes.room import Room, add_room
from reald2iff_sim.scenes.walls import add_glass_partition, add_wall_features
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

Generator = np.random.Generator

NEAREST = 0.25
"""Metres; cameras closer than this to anything are drawn again."""
NEAREST_CLOSE = 0.17
"""The same for wrist cameras and small robots: a D435's shortest distance at 640x480."""


@dataclass
class Layout:
    """A scene before it is compiled.

    Attributes:
        kind: Name of its sort.
        spec: Geometry.
        room: What it stands in.
        draw_camera: Proposes ``T_world_optical (4, 4)``; the proposal may lie within an object.
        joints: Joint positions by name (rad, m).
        nearest: Metres that cameras keep from everything.
    """

    kind: str
    spec: mujoco.MjSpec
    room: Room
    draw_camera: Callable[[Generator], Pose]
    joints: dict[str, float] = field(default_factory=dict)
    nearest: float = NEAREST


KINDS = {"tabletop": 0.18, "wrist": 0.14, "arm": 0.22, "room": 0.16, "floor": 0.21, "corridor": 0.09}
"""Kinds of scenes and their shares."""


def draw_layout(rng: Generator) -> Layout:
    """A random scene of a random kind."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    if kind in ("tabletop", "wrist", "arm"):
        return _table_layout(rng, kind)
    return _corridor_layout(rng) if kind == "corridor" else _room_layout(rng, kind)


def _table_layout(rng: Generator, kind: str) -> Layout:
    """Clutter on a table top at z = 0, which the arm stands on when there is one."""
    with_arm = kind == "arm"
    build = SceneBuilder(_visual_arm() if with_arm else mujoco.MjSpec())
    half = rng.uniform(0.35, 0.9, 2)
    centre = np.array([rng.uniform(0.3, 0.55), rng.normal(0, 0.1)]) if with_arm else np.zeros(2)
    if with_arm:
        half[0] = max(half[0], centre[0] + 0.2)
    high = rng.uniform(0.5, 0.9)
    reach = np.minimum(0.9 * half, {"tabletop": np.inf, "arm": 0.4, "wrist": 0.3}[kind])
    room = Room(
        (centre[0] - rng.uniform(0.9, 3.2), centre[1] - rng.uniform(0.9, 3.2), -high),
        (centre[0] + rng.uniform(0.9, 3.2), centre[1] + rng.uniform(0.9, 3.2), rng.uniform(1.6, 2.4)),
    )
    add_room(build, room)
    add_furniture(build, room, rng, int(rng.integers(0, 5)), along_walls=0.6)
    add_wall_features(build, room, rng, int(rng.integers(0, 4)))
    top = build.body((*centre, -0.02))
    build.shape(top, "box", (*half, 0.02), surface=Surface.SLAB)
    _table_foot(build, top, half, high, rng)
    makers = [draw_object(rng) for _ in range(int(rng.integers(4, 20)))]
    if rng.random() < 0.25:
        makers += [draw_glass(rng) for _ in range(int(rng.integers(1, 5)))]
    for maker in makers:
        spot = centre + rng.uniform(-1, 1, 2) * reach
        lift = rng.uniform(0.02, 0.25) if rng.random() < 0.08 else 0.0
        pose = yaw(rng.uniform(0, 2 * math.pi))
        if rng.random() < 0.12:
            pose = turn((1, 0, 0), rng.uniform(-0.6, 0.6))
        maker(build, build.body((*spot, lift), pose), rng)

    def draw_camera(rng: Generator) -> Pose:
        flat = centre + rng.uniform(-0.5, 0.5, 2) * reach
        if kind == "wrist":
            target = np.array([*flat, rng.uniform(0, 0.08)])
            elevation, azimuth = rng.uniform(0.4, 1.5), rng.uniform(-math.pi, math.pi)
            # Now and then from further up, so that a crowded table never leaves a camera without a place.
            distance = rng.uniform(0.2, 0.45) if rng.random() < 0.85 else rng.uniform(0.45, 0.7)
            return around(target, distance, elevation, azimuth, draw_roll(rng))
        target = np.array([*flat, rng.uniform(0, 0.3 if with_arm else 0.1)])
        distance = rng.uniform(0.35, 1.0) if rng.random() < 0.6 else rng.uniform(0.7, 1.5)
        elevation, azimuth = rng.uniform(0.2, 1.45), rng.uniform(-math.pi, math.pi)
        if with_arm:  # cameras mostly face the robot or stand beside it
            azimuth = rng.normal(0, 1.0)
        return around(target, distance, elevation, azimuth, draw_roll(rng))

    joints = _draw_joints(rng) if with_arm else {}
    nearest = NEAREST_CLOSE if kind == "wrist" else NEAREST
    return Layout(kind, build.spec, room, draw_camera, joints, nearest)


def _room_layout(rng: Generator, kind: str) -> Layout:
    """A furnished room: full, seen from anywhere, or with open floor, seen by a small robot."""
    build = SceneBuilder()
    floor = kind == "floor"
    size = (
        rng.uniform((3.0, 2.8, 2.3), (7.5, 5.5, 3.2)) if floor else rng.uniform((2.5, 2.5, 2.2), (6.5, 5, 3))
    )
    room = Room((-size[0] / 2, -size[1] / 2, 0.0), (size[0] / 2, size[1] / 2, size[2]))
    add_room(build, room)
    if floor:
        add_furniture(build, room, rng, int(rng.integers(8, 22)), along_walls=0.5)
        add_wall_features(build, room, rng, int(rng.integers(4, 13)))
    else:
        add_furniture(build, room, rng, int(rng.integers(9, 22)), along_walls=0.25)
        add_wall_features(build, room, rng, int(rng.integers(0, 7)))
    if rng.random() < 0.2:
        add_glass_partition(build, room, rng)
    elif rng.random() < 0.25:
        add_glass_furniture(build, room, rng, int(rng.integers(1, 4)))
    if floor:
        return Layout(kind, build.spec, room, partial(draw_floor_pose, room), nearest=NEAREST_CLOSE)
    low_robot = rng.random() < 0.5
    return Layout(kind, build.spec, room, partial(draw_room_pose, room, low_robot=low_robot))


def _corridor_layout(rng: Generator) -> Layout:
    """A long narrow room with doors, and things that stand along its walls."""
    build = SceneBuilder()
    size = rng.uniform((4.5, 1.3, 2.2), (8.2, 2.6, 2.8))
    room = Room((-size[0] / 2, -size[1] / 2, 0.0), (size[0] / 2, size[1] / 2, size[2]))
    add_room(build, room)
    add_furniture(build, room, rng, int(rng.integers(2, 9)), along_walls=0.85)
    add_wall_features(build, room, rng, int(rng.integers(5, 14)))
    if rng.random() < 0.2:
        add_glass_partition(build, room, rng)
    return Layout("corridor", build.spec, room, partial(draw_corridor_pose, room), nearest=NEAREST_CLOSE)


def _table_foot(
    build: SceneBuilder, top: mujoco.MjsBody, half: NDArray[np.float64], high: float, rng: Generator
) -> None:
    if rng.random() < 0.5:
        build.shape(top, "box", (half[0] * 0.9, half[1] * 0.9, high / 2 - 0.01), (0, 0, -high / 2 - 0.01))
        return
    for u in (-0.9, 0.9):
        for v in (-0.9, 0.9):
            build.shape(top, "cylinder", (0.03, high / 2), (u * half[0], v * half[1], -high / 2))


def _visual_arm() -> mujoco.MjSpec:
    """The arm without what is never drawn."""
    spec = fr3_spec()
    for key in list(spec.keys):
        spec.delete(key)
    for geom in list(spec.geoms):
        if geom.group == int(Surface.ARM):
            geom.contype, geom.conaffinity = 0, 0
        else:
            spec.delete(geom)
    for mesh in list(spec.meshes):
        if mesh.name.endswith("_coll"):
            spec.delete(mesh)
    return spec


def _draw_joints(rng: Generator) -> dict[str, float]:
    """A posture about the ready pose, over the table."""
    spread = np.array([0.5, 0.35, 0.3, 0.35, 0.3, 0.4, 0.6])
    joints = dict(zip(ARM_JOINTS, HOME_JOINTS + rng.uniform(-1, 1, 7) * spread, strict=True))
    opening = rng.uniform(0, 0.04)
    return joints | {name: opening for name in FINGER_JOINTS}
