"""Filling a room with furniture."""

from __future__ import annotations

import math

import numpy as np

from reald2iff_sim.scenes import furniture, office
from reald2iff_sim.scenes.builder import SceneBuilder, yaw
from reald2iff_sim.scenes.room import Room
from reald2iff_sim.scenes.walls import draw_wall_place

Generator = np.random.Generator

_PIECES = (
    (furniture.cupboard, 1.5),
    (furniture.shelf, 1.3),
    (furniture.chair, 2.0),
    (furniture.table, 1.2),
    (furniture.pole, 1.0),
    (furniture.crate, 2.0),
    (furniture.panel, 1.0),
    (furniture.person, 0.6),
    (furniture.clutter, 1.5),
    (office.office_chair, 1.8),
    (office.stool, 0.8),
    (office.desk, 1.8),
    (office.wire_shelf, 0.9),
    (office.stand, 0.9),
    (office.bin_, 0.8),
    (office.ladder, 0.4),
    (office.floor_cable, 1.2),
    (office.trolley, 0.6),
)
_GLASS_PIECES = (office.glass_table, office.glass_screen, office.showcase)
_MAKERS = tuple(maker for maker, _ in _PIECES)
_SHARES = np.array([weight for _, weight in _PIECES])
_SHARES /= _SHARES.sum()


def add_furniture(
    build: SceneBuilder, room: Room, rng: Generator, count: int, along_walls: float = 0.0
) -> None:
    """``count`` pieces of furniture; this share of them along the walls, the others anywhere."""
    for _ in range(count):
        _place(build, room, rng, _MAKERS[rng.choice(len(_MAKERS), p=_SHARES)], rng.random() < along_walls)


def add_glass_furniture(build: SceneBuilder, room: Room, rng: Generator, count: int) -> None:
    """``count`` pieces that one sees through."""
    for _ in range(count):
        _place(build, room, rng, _GLASS_PIECES[rng.integers(len(_GLASS_PIECES))], False)


def _place(
    build: SceneBuilder, room: Room, rng: Generator, maker: furniture.FurnitureMaker, at_wall: bool
) -> None:
    if at_wall:
        (x, y, z), angle = draw_wall_place(room, rng)
        away = rng.uniform(0.25, 0.5)
        position = np.array([x + away * math.cos(angle), y + away * math.sin(angle), z])
        angle += 0.5 * math.pi * float(rng.integers(0, 4)) * (rng.random() < 0.3)
    else:
        position = np.array([rng.uniform(a + 0.2, b - 0.2) for a, b in zip(room.low, room.high, strict=True)])
        position[2] = room.low[2]
        angle = rng.uniform(0, 2 * math.pi) if rng.random() < 0.5 else 0.5 * math.pi * rng.integers(0, 4)
    maker(build, build.body(position, yaw(angle)), rng)
