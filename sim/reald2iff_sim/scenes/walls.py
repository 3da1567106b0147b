"""What is fixed to the walls of a room: doors, windows, shelves, ducts, radiators."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from reald2iff_sim.scenes.builder import SceneBuilder, Surface, dark_or_object, yaw
from reald2iff_sim.scenes.catalogue import draw_object
from reald2iff_sim.scenes.glassware import pane
from reald2iff_sim.scenes.room import Room

Generator = np.random.Generator


def add_wall_features(build: SceneBuilder, room: Room, rng: Generator, count: int) -> None:
    """``count`` features in random places along the walls."""
    for _ in range(count):
        maker = _FEATURES[rng.choice(len(_FEATURES), p=_SHARES)]
        position, angle = draw_wall_place(room, rng)
        maker(build, build.body(position, yaw(angle)), rng)


def draw_wall_place(room: Room, rng: Generator) -> tuple[tuple[float, float, float], float]:
    """A point at the foot of a wall and the heading (rad) into the room; longer walls are likelier."""
    (x0, y0, z0), (x1, y1, _) = room.low, room.high
    across, along = x1 - x0, y1 - y0
    spot = rng.uniform(0.08, 0.92)
    side = rng.random() < 0.5
    if rng.random() < along / (across + along):
        return (x0 if side else x1, y0 + spot * along, z0), 0.0 if side else math.pi
    return (x0 + spot * across, y0 if side else y1, z0), math.pi / 2 if side else -math.pi / 2


def add_glass_partition(build: SceneBuilder, room: Room, rng: Generator) -> None:
    """Framed panes from wall to wall, and a gap to walk through, that part off a strip of the room."""
    low, high = np.array(room.low), np.array(room.high)
    axis = int(rng.integers(2))
    across = 1 - axis
    count = max(2, round((high[across] - low[across]) / rng.uniform(0.8, 1.4)))
    half = (high[across] - low[across]) / (2 * count)
    position = low + (high - low) * 0.5
    position[axis] = low[axis] + (high[axis] - low[axis]) * rng.choice((0.3, 0.7))
    door, tall = rng.integers(count), (high[2] - low[2]) / 2
    for index in range(count):
        if index == door:
            continue
        position[across] = low[across] + (2 * index + 1) * half
        position[2] = low[2]
        body = build.body(position, yaw(axis * math.pi / 2))
        pane(build, body, half, tall, rng.uniform(0.015, 0.035))


def door(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A frame that stands out from the wall, a leaf, closed or ajar, and its handle."""
    wide, high, deep = rng.uniform(0.38, 0.5), rng.uniform(1.95, 2.1), rng.uniform(0.02, 0.08)
    for side in (-wide, wide):
        build.shape(body, "box", (deep, 0.04, high / 2), (0, side, high / 2))
    build.shape(body, "box", (deep, wide, 0.04), (0, 0, high))
    opening = rng.uniform(0.2, 1.5) if rng.random() < 0.3 else 0.0
    leaf = body.add_body(pos=[deep, -wide, 0], quat=yaw(-opening))
    build.shape(leaf, "box", (0.02, wide, high / 2 - 0.02), (0, wide, high / 2), surface=Surface.SLAB)
    build.path(leaf, [(0, 1.85 * wide, 1.0), (0.06, 1.85 * wide, 1.0), (0.06, 1.6 * wide, 1.0)], 0.009)


def window(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Two panes in a frame before a niche with a sill."""
    wide, high, sill = rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.9)
    deep = rng.uniform(0.08, 0.25)
    build.shape(body, "box", (deep / 2, 2 * wide, 0.015), (deep / 2, 0, sill))
    for side in (-1, 1):
        build.shape(body, "box", (deep / 2, 0.015, high), (deep / 2, side * 2 * wide, sill + high))
        pane(build, body.add_body(pos=[deep, side * wide, 0]), wide, high, rng.uniform(0.015, 0.03), sill)


def radiator(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Upright ribs between two pipes."""
    wide, high, gap = rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.6), rng.uniform(0.04, 0.08)
    for v in np.arange(-wide, wide, gap):
        build.shape(body, "box", (0.05, 0.3 * gap, high / 2), (0.09, v, 0.12 + high / 2))
    for level in (0.15, 0.09 + high):
        build.rod(body, (0.09, -wide, level), (0.09, wide, level), 0.015)


def wall_shelf(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A board on brackets with things on it."""
    deep, wide, level = rng.uniform(0.1, 0.18), rng.uniform(0.3, 0.8), rng.uniform(0.3, 1.6)
    build.shape(body, "box", (deep, wide, 0.01), (deep, 0, level), surface=Surface.SLAB)
    for v in (-0.7 * wide, 0.7 * wide):
        build.rod(body, (0, v, level - 0.15), (1.5 * deep, v, level - 0.01), 0.006)
    for _ in range(int(rng.integers(1, 6))):
        place = [rng.uniform(0.7, 1.3) * deep, rng.uniform(-0.85, 0.85) * wide, level + 0.01]
        draw_object(rng)(build, body.add_body(pos=place, quat=yaw(rng.uniform(0, 2 * math.pi))), rng)


def board(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A white board, picture or wall panel with a rim."""
    wide, high, level = rng.uniform(0.25, 0.9), rng.uniform(0.2, 0.6), rng.uniform(0.5, 1.5)
    rim = 0.03
    build.shape(body, "box", (0.01, wide, high), (0.02, 0, level), surface=Surface.SLAB)
    edge = [(rim, u * wide, level + v * high) for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    build.path(body, edge, 0.012)
    build.shape(body, "box", (0.04, wide, 0.006), (0.05, 0, level - high))


def duct(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A cable duct along the wall with sockets and a cable that hangs out."""
    wide, level = rng.uniform(0.6, 1.5), rng.uniform(0.05, 1.1)
    build.shape(body, "box", (0.03, wide, rng.uniform(0.03, 0.08)), (0.03, 0, level))
    for _ in range(int(rng.integers(1, 4))):
        v, swing = rng.uniform(-0.9, 0.9) * wide, rng.normal(0, 0.15)
        cable = [(0.07, v, level), (0.12, v + 0.3 * swing, 0.5 * level), (0.2, v + swing, 0.01)]
        build.path(body, cable, 0.005, dark_or_object(rng, 0.6))


def pipes(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Pipes from the floor to the ceiling."""
    for index in range(int(rng.integers(1, 4))):
        radius, spot = rng.uniform(0.01, 0.05), 0.12 * index
        build.rod(body, (0.08, spot, 0), (0.08, spot, 2.2), radius)


_CATALOGUE = (
    (door, 2.0),
    (window, 1.0),
    (radiator, 1.0),
    (wall_shelf, 1.5),
    (board, 1.5),
    (duct, 1.5),
    (pipes, 1.0),
)
_FEATURES = tuple(maker for maker, _ in _CATALOGUE)
_SHARES = np.array([weight for _, weight in _CATALOGUE])
_SHARES /= _SHARES.sum()
