"""Furniture, each piece built in a frame with its foot at z = 0."""

from __future__ import annotations

import math
from collections.abc import Callable

import mujoco
import numpy as np

from reald2iff_sim.scenes.builder import SceneBuilder, Surface, dark_or_object, log_uniform, turn, yaw
from reald2iff_sim.scenes.catalogue import draw_object

Generator = np.random.Generator
FurnitureMaker = Callable[[SceneBuilder, mujoco.MjsBody, Generator], None]


def _slab(build: SceneBuilder, body: mujoco.MjsBody, half: tuple[float, float, float], z: float) -> None:
    build.shape(body, "box", half, (0, 0, z), surface=Surface.SLAB)


def _legs(build: SceneBuilder, body: mujoco.MjsBody, x: float, y: float, high: float, radius: float) -> None:
    for u in (-x, x):
        for v in (-y, y):
            build.shape(body, "cylinder", (radius, high / 2), (u, v, high / 2))


def cupboard(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = (rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.8), rng.uniform(0.25, 1.0))
    build.shape(body, "box", half, (0, 0, half[2]), surface=dark_or_object(rng, 0.08))


def shelf(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
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


def chair(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, seat, back = rng.uniform(0.18, 0.25), rng.uniform(0.38, 0.5), rng.uniform(0.3, 0.5)
    _slab(build, body, (half, half, 0.02), seat)
    _legs(build, body, half * 0.9, half * 0.9, seat, rng.uniform(0.01, 0.025))
    if rng.random() < 0.5:
        build.shape(body, "box", (0.015, half, back / 2), (-half, 0, seat + back / 2))
    else:
        for y in np.linspace(-half, half, int(rng.integers(3, 7))):
            build.shape(body, "cylinder", (0.01, back / 2), (-half, y, seat + back / 2))
        build.shape(body, "box", (0.015, half, 0.03), (-half, 0, seat + back))


def table(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, high = rng.uniform(0.3, 0.8, 2), rng.uniform(0.45, 0.8)
    _slab(build, body, (half[0], half[1], 0.02), high)
    _legs(build, body, half[0] * 0.9, half[1] * 0.9, high, rng.uniform(0.015, 0.035))
    for _ in range(int(rng.integers(0, 5))):
        spot = np.array([*rng.uniform(-0.8, 0.8, 2) * half, high + 0.02])
        frame = body.add_body(pos=spot, quat=yaw(rng.uniform(0, 2 * math.pi)))
        draw_object(rng)(build, frame, rng)


def pole(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    high, lean = rng.uniform(0.4, 2.2), rng.normal(0, 0.15, 2)
    radius = log_uniform(rng, 0.005, 0.06)
    build.rod(body, (0, 0, 0), (lean[0] * high, lean[1] * high, high), radius)
    if rng.random() < 0.4:
        build.shape(body, "cylinder", (rng.uniform(0.1, 0.25), 0.01), (0, 0, 0.01))


def crate(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = rng.uniform(0.05, 0.3, 3)
    build.shape(body, "box", half, (0, 0, half[2]), surface=dark_or_object(rng, 0.15))


def panel(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half, lean = rng.uniform(0.2, 0.7, 2), rng.uniform(1.0, 1.57)
    foot = (0, 0, half[1] * math.sin(lean))
    build.shape(body, "box", (*half, 0.008), foot, turn((1, 0, 0), lean), Surface.SLAB)


def person(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    tall = rng.uniform(1.5, 1.9)
    trousers = dark_or_object(rng, 0.5)
    for side in (-1, 1):
        build.rod(body, (rng.normal(0, 0.1), side * 0.1, 0.07), (0, side * 0.09, 0.48 * tall), 0.07, trousers)
        hand = (rng.uniform(-0.1, 0.4), side * rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.8) * tall)
        build.rod(body, (0, side * 0.2, 0.8 * tall), hand, 0.04)
    build.rod(body, (0, 0, 0.5 * tall), (0, 0, 0.78 * tall), 0.16)
    build.shape(body, "ellipsoid", (0.1, 0.08, 0.12), (0, 0, 0.93 * tall))


def clutter(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    for _ in range(int(rng.integers(2, 6))):
        frame = body.add_body(pos=[*rng.normal(0, 0.2, 2), 0.0], quat=yaw(rng.uniform(0, 2 * math.pi)))
        draw_object(rng)(build, frame, rng)
