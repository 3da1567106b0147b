"""The kinds of scenes: what stands where, and where cameras may look from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.backends.mujoco.fr3 import HOME_JOINTS, fr3_spec
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, turn, yaw
from reald2iff_sim.scenes.objects import draw_object
from reald2iff_sim.scenes.room import Room, add_furniture, add_room
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

Generator = np.random.Generator
Pose = NDArray[np.float64]


@dataclass
class Layout:
    """A scene before it is compiled.

    Attributes:
        kind: Name of its sort.
        spec: Geometry.
        room: What it stands in.
        draw_camera: Proposes ``T_world_optical (4, 4)``; the proposal may lie within an object.
        joints: Joint positions by name (rad, m).
    """

    kind: str
    spec: mujoco.MjSpec
    room: Room
    draw_camera: Callable[[Generator], Pose]
    joints: dict[str, float] = field(default_factory=dict)


def draw_layout(rng: Generator) -> Layout:
    """A random scene of a random kind."""
    kind = rng.choice(["tabletop", "arm", "room"], p=[0.30, 0.35, 0.35])
    if kind == "room":
        return _room_layout(rng)
    return _table_layout(rng, with_arm=kind == "arm")


def look_at(eye: NDArray[np.float64], target: NDArray[np.float64], roll: float) -> Pose:
    """Optical frame ``T_world_optical (4, 4)`` at ``eye`` looking at ``target``, turned by ``roll`` rad."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    length = np.linalg.norm(right)
    right = right / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = math.cos(roll) * right + math.sin(roll) * down
    pose[:3, 1] = math.cos(roll) * down - math.sin(roll) * right
    pose[:3, 2], pose[:3, 3] = forward, eye
    return pose


def _table_layout(rng: Generator, with_arm: bool) -> Layout:
    """Clutter on a table top at z = 0, which the arm stands on when there is one."""
    build = SceneBuilder(_visual_arm() if with_arm else mujoco.MjSpec())
    half = rng.uniform(0.35, 0.9, 2)
    centre = np.array([rng.uniform(0.3, 0.55), rng.normal(0, 0.1)]) if with_arm else np.zeros(2)
    if with_arm:
        half[0] = max(half[0], centre[0] + 0.2)
    high = rng.uniform(0.5, 0.9)
    reach = 0.9 * half if not with_arm else np.minimum(0.9 * half, 0.4)
    room = Room(
        (centre[0] - rng.uniform(0.9, 3.2), centre[1] - rng.uniform(0.9, 3.2), -high),
        (centre[0] + rng.uniform(0.9, 3.2), centre[1] + rng.uniform(0.9, 3.2), rng.uniform(1.6, 2.4)),
    )
    add_room(build, room)
    add_furniture(build, room, rng, int(rng.integers(0, 4)))
    top = build.body((*centre, -0.02))
    build.shape(top, "box", (*half, 0.02), surface=Surface.SLAB)
    _table_foot(build, top, half, high, rng)
    for _ in range(int(rng.integers(4, 22))):
        spot = centre + rng.uniform(-1, 1, 2) * reach
        lift = rng.uniform(0.02, 0.25) if rng.random() < 0.08 else 0.0
        pose = yaw(rng.uniform(0, 2 * math.pi))
        if rng.random() < 0.12:
            pose = turn((1, 0, 0), rng.uniform(-0.6, 0.6))
        draw_object(rng)(build, build.body((*spot, lift), pose), rng)

    def draw_camera(rng: Generator) -> Pose:
        target = np.array(
            [*(centre + rng.uniform(-0.5, 0.5, 2) * reach), rng.uniform(0, 0.3 if with_arm else 0.1)]
        )
        distance = rng.uniform(0.35, 1.0) if rng.random() < 0.6 else rng.uniform(0.7, 1.5)
        elevation, azimuth = rng.uniform(0.2, 1.45), rng.uniform(-math.pi, math.pi)
        if with_arm:  # cameras mostly face the robot or stand beside it
            azimuth = rng.normal(0, 1.0)
        way = np.array(
            [
                math.cos(elevation) * math.cos(azimuth),
                math.cos(elevation) * math.sin(azimuth),
                math.sin(elevation),
            ]
        )
        return look_at(target + distance * way, target, _draw_roll(rng))

    joints = _draw_joints(rng) if with_arm else {}
    return Layout("arm" if with_arm else "tabletop", build.spec, room, draw_camera, joints)


def _room_layout(rng: Generator) -> Layout:
    """A furnished room seen from a mobile robot or a tripod."""
    build = SceneBuilder()
    size = rng.uniform((2.5, 2.5, 2.2), (6.5, 5.0, 3.0))
    room = Room((-size[0] / 2, -size[1] / 2, 0.0), (size[0] / 2, size[1] / 2, size[2]))
    add_room(build, room)
    add_furniture(build, room, rng, int(rng.integers(10, 26)))
    low_robot = rng.random() < 0.6

    def draw_camera(rng: Generator) -> Pose:
        high = rng.uniform(0.12, 0.6) if low_robot else rng.uniform(0.6, 1.7)
        eye = np.array([*(rng.uniform(-0.45, 0.45, 2) * size[:2]), high])
        target = np.array([*(rng.uniform(-0.45, 0.45, 2) * size[:2]), rng.uniform(0.0, 1.1 * high)])
        return look_at(eye, target, _draw_roll(rng))

    return Layout("room", build.spec, room, draw_camera)


def _draw_roll(rng: Generator) -> float:
    return rng.normal(0, 0.05) if rng.random() < 0.85 else rng.uniform(-math.pi, math.pi)


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
