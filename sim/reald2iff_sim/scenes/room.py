"""Closed rooms and their furniture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from reald2iff_sim.scenes.builder import SceneBuilder, Surface, turn, yaw
from reald2iff_sim.scenes.objects import draw_object

Generator = np.random.Generator
_WALL = 0.03


@dataclass(frozen=True)
class Room:
    """Inner extent of a room in the world frame, metres."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def contains(self, point: np.ndarray, margin: float) -> bool:
        """Whether a point ``(3,)`` lies inside, at least ``margin`` metres from every wall."""
        return bool(
            np.all(point > np.add(self.low, margin)) and np.all(point < np.subtract(self.high, margin))
        )


def add_room(build: SceneBuilder, room: Room) -> None:
    """Floor, ceiling and four walls, each with its surface's normal along its own z axis."""
    low, high = np.array(room.low), np.array(room.high)
    middle, half = (low + high) / 2, (high - low) / 2
    turns = {0: turn((0, 1, 0), math.pi / 2), 1: turn((1, 0, 0), math.pi / 2), 2: turn((0, 0, 1), 0.0)}
    for axis, quaternion in turns.items():
        extent = (half[2], half[1]) if axis == 0 else (half[0], half[2]) if axis == 1 else (half[0], half[1])
        for side, edge in ((-1, low[axis]), (1, high[axis])):
            position = middle.copy()
            position[axis] = edge + side * _WALL
            body = build.body(position, quaternion)
            build.shape(body, "box", (*(np.array(extent) + 2 * _WALL), _WALL), surface=Surface.SLAB)


def add_furniture(build: SceneBuilder, room: Room, rng: Generator, count: int) -> None:
    """``count`` pieces of furniture standing about in the room, some against the walls."""
    makers = (_cupboard, _shelf, _chair, _table, _pole, _crate, _panel, _person, _clutter)
    weights = np.array([2.0, 1.5, 2.0, 1.5, 1.5, 2.0, 1.0, 0.7, 2.5])
    for _ in range(count):
        maker = makers[rng.choice(len(makers), p=weights / weights.sum())]
        position = np.array([rng.uniform(a + 0.2, b - 0.2) for a, b in zip(room.low, room.high, strict=True)])
        position[2] = room.low[2]
        angle = rng.uniform(0, 2 * math.pi) if rng.random() < 0.5 else 0.5 * math.pi * rng.integers(0, 4)
        maker(build, build.body(position, yaw(angle)), rng)


def _slab(build: SceneBuilder, body: mujoco.MjsBody, half: tuple[float, float, float], z: float) -> None:
    build.shape(body, "box", half, (0, 0, z), surface=Surface.SLAB)


def _legs(build: SceneBuilder, body: mujoco.MjsBody, x: float, y: float, high: float, radius: float) -> None:
    for u in (-x, x):
        for v in (-y, y):
            build.shape(body, "cylinder", (radius, high / 2), (u, v, high / 2))


def _cupboard(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = (rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.8), rng.uniform(0.25, 1.0))
    build.shape(body, "box", half, (0, 0, half[2]))


def _shelf(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    deep, wide, high = rng.uniform(0.12, 0.25), rng.uniform(0.3, 0.7), rng.uniform(0.7, 2.0)
    for side in (-1, 1):
        build.shape(body, "box", (deep, 0.012, high / 2), (0, side * wide, high / 2))
    if rng.random() < 0.6:
        build.shape(body, "box", (0.005, wide, high / 2), (deep, 0, high / 2))
    for z in np.linspace(0.05, high, int(rng.integers(3, 6))):
        _slab(build, body, (deep, wide, 0.012), z)
        for _ in range(int(rng.integers(0, 5))):
            half = (rng.uniform(0.02, 0.1), rng.uniform(0.01, 0.1), rng.uniform(0.03, 0.13))
            spot = (
                rng.uniform(-deep, deep) * 0.5,
                rng.uniform(-wide, wide) * 0.85,
                z + 0.012 + half[2],
            )
            build.shape(body, "box", half, spot)


def _chair(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, seat, back = rng.uniform(0.18, 0.25), rng.uniform(0.38, 0.5), rng.uniform(0.3, 0.5)
    _slab(build, body, (half, half, 0.02), seat)
    _legs(build, body, half * 0.9, half * 0.9, seat, rng.uniform(0.01, 0.025))
    if rng.random() < 0.5:
        build.shape(body, "box", (0.015, half, back / 2), (-half, 0, seat + back / 2))
    else:
        for y in np.linspace(-half, half, int(rng.integers(3, 7))):
            build.shape(body, "cylinder", (0.01, back / 2), (-half, y, seat + back / 2))
        build.shape(body, "box", (0.015, half, 0.03), (-half, 0, seat + back))


def _table(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, high = rng.uniform(0.3, 0.8, 2), rng.uniform(0.45, 0.8)
    _slab(build, body, (half[0], half[1], 0.02), high)
    _legs(build, body, half[0] * 0.9, half[1] * 0.9, high, rng.uniform(0.015, 0.035))
    for _ in range(int(rng.integers(0, 5))):
        spot = np.array([*rng.uniform(-0.8, 0.8, 2) * half, high + 0.02])
        frame = body.add_body(pos=spot, quat=yaw(rng.uniform(0, 2 * math.pi)))
        draw_object(rng)(build, frame, rng)


def _pole(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    high, lean = rng.uniform(0.4, 2.2), rng.normal(0, 0.15, 2)
    radius = math.exp(rng.uniform(math.log(0.005), math.log(0.06)))
    build.rod(body, (0, 0, 0), (lean[0] * high, lean[1] * high, high), radius)
    if rng.random() < 0.4:
        build.shape(body, "cylinder", (rng.uniform(0.1, 0.25), 0.01), (0, 0, 0.01))


def _crate(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = rng.uniform(0.05, 0.3, 3)
    build.shape(body, "box", half, (0, 0, half[2]))


def _panel(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, lean = rng.uniform(0.2, 0.7, 2), rng.uniform(1.0, 1.57)
    foot = (0, 0, half[1] * math.sin(lean))
    build.shape(body, "box", (*half, 0.008), foot, turn((1, 0, 0), lean), Surface.SLAB)


def _person(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    tall = rng.uniform(1.5, 1.9)
    for side in (-1, 1):
        build.rod(body, (rng.normal(0, 0.1), side * 0.1, 0.07), (0, side * 0.09, 0.48 * tall), 0.07)
        hand = (rng.uniform(-0.1, 0.4), side * rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.8) * tall)
        build.rod(body, (0, side * 0.2, 0.8 * tall), hand, 0.04)
    build.rod(body, (0, 0, 0.5 * tall), (0, 0, 0.78 * tall), 0.16)
    build.shape(body, "ellipsoid", (0.1, 0.08, 0.12), (0, 0, 0.93 * tall))


def _clutter(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    for _ in range(int(rng.integers(2, 6))):
        frame = body.add_body(pos=[*rng.normal(0, 0.2, 2), 0.0], quat=yaw(rng.uniform(0, 2 * math.pi)))
        draw_object(rng)(build, frame, rng)
