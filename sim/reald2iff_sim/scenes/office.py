"""Furniture of laboratories and offices: thin legs, frames, wires and screens; foot at z = 0."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from reald2iff_sim.scenes import meshes
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, dark_or_object, turn, yaw
from reald2iff_sim.scenes.catalogue import draw_object
from reald2iff_sim.scenes.glassware import pane

Generator = np.random.Generator


def office_chair(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Five bent legs on castors, a gas spring, a seat, a back and perhaps arm rests."""
    surface, seat = dark_or_object(rng, 0.5), rng.uniform(0.42, 0.55)
    reach, hub = rng.uniform(0.26, 0.34), rng.uniform(0.09, 0.14)
    for angle in np.linspace(0, 2 * math.pi, 5, endpoint=False):
        out = np.array([math.cos(angle), math.sin(angle), 0.0])
        bend = 0.5 * reach * out + (0, 0, hub + 0.02)
        build.path(body, [(0, 0, hub), bend, reach * out + (0, 0, 0.065)], rng.uniform(0.014, 0.022), surface)
        axle = turn(np.cross(out, (0, 0, 1)), math.pi / 2)
        build.shape(body, "cylinder", (0.028, 0.02), reach * out + (0, 0, 0.028), axle, Surface.DARK)
    build.rod(body, (0, 0, hub), (0, 0, seat), 0.025)
    half = rng.uniform(0.2, 0.26)
    build.shape(body, "box", (half, half, 0.035), (0, 0, seat), surface=surface)
    lean, high = rng.uniform(-0.3, 0.0), rng.uniform(0.2, 0.35)
    middle = (-half - high * math.sin(-lean), 0, seat + 0.1 + high)
    build.path(body, [(-half, 0, seat), middle], 0.02, surface)
    shell = "box" if rng.random() < 0.5 else "ellipsoid"
    build.shape(body, shell, (0.025, 0.9 * half, high), middle, turn((0, 1, 0), lean), surface)
    if rng.random() < 0.5:
        for side in (-1.1 * half, 1.1 * half):
            arm = [
                (0, side, seat),
                (0, side, seat + 0.2),
                (-0.15, side, seat + 0.2),
                (0.15, side, seat + 0.2),
            ]
            build.path(body, arm, 0.015, surface)


def stool(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A round seat on splayed legs with a ring of bars."""
    high, radius, spread = rng.uniform(0.4, 0.8), rng.uniform(0.13, 0.2), rng.uniform(1.0, 1.5)
    leg = rng.uniform(0.008, 0.018)
    build.shape(body, "cylinder", (radius, 0.02), (0, 0, high))
    count = int(rng.integers(3, 5))
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    ways = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.8 * radius
    bars = np.column_stack([ways * (1 + 0.65 * (spread - 1)), np.full(count, 0.35 * high)])
    for way in ways:
        build.rod(body, (*(way * spread), 0), (*way, high), leg)
    build.path(body, [*bars, bars[0]], 0.7 * leg)


def desk(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A desk on a thin frame with screens, things on it, a computer below and cables hanging down."""
    half = np.array([rng.uniform(0.3, 0.4), rng.uniform(0.5, 0.9)])
    high, leg = rng.uniform(0.68, 0.78), rng.uniform(0.012, 0.03)
    build.shape(body, "box", (*half, 0.013), (0, 0, high), surface=Surface.SLAB)
    for side in (-0.92 * half[1], 0.92 * half[1]):
        frame = [(u * half[0], side, z) for u, z in ((-0.9, 0.02), (-0.9, high), (0.9, high), (0.9, 0.02))]
        build.path(body, [*frame, frame[0]] if rng.random() < 0.4 else frame, leg)
    if rng.random() < 0.5:
        build.rod(body, (-0.85 * half[0], -0.9 * half[1], 0.4), (-0.85 * half[0], 0.9 * half[1], 0.4), leg)
    for _ in range(int(rng.integers(0, 3))):
        spot = (rng.uniform(-0.6, 0.0) * half[0], rng.uniform(-0.7, 0.7) * half[1], high + 0.013)
        screen(build, body.add_body(pos=spot, quat=yaw(rng.normal(0, 0.3))), rng)
    for _ in range(int(rng.integers(0, 5))):
        place = [*(rng.uniform(-0.8, 0.8, 2) * half), high + 0.013]
        draw_object(rng)(build, body.add_body(pos=place, quat=yaw(rng.uniform(0, 2 * math.pi))), rng)
    if rng.random() < 0.4:
        tower = (rng.uniform(0.15, 0.25), rng.uniform(0.08, 0.1), rng.uniform(0.18, 0.24))
        spot = (0, rng.uniform(-0.6, 0.6) * half[1], tower[2])
        build.shape(body, "box", tower, spot, surface=dark_or_object(rng, 0.7))
    for _ in range(int(rng.integers(0, 5))):
        start = np.array([rng.uniform(-0.95, 0.2) * half[0], rng.uniform(-0.9, 0.9) * half[1], high])
        end = start * (1, 1, 0) + (*rng.normal(0, 0.25, 2), 0.01 if rng.random() < 0.7 else high)
        build.path(body, _hanging(start, end, rng.uniform(0, 0.3), rng), 0.005, dark_or_object(rng, 0.7))


def screen(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A monitor: a flat foot, a neck and a dark panel that faces +x."""
    half = (0.012, rng.uniform(0.2, 0.36), rng.uniform(0.12, 0.21))
    middle = rng.uniform(0.05, 0.15) + half[2]
    build.shape(body, "box", (0.09, 0.12, 0.006), (0, 0, 0.006), surface=dark_or_object(rng, 0.6))
    build.rod(body, (-0.03, 0, 0.01), (-0.03, 0, middle), 0.014)
    build.shape(body, "box", half, (0, 0, middle), turn((0, 1, 0), rng.normal(0, 0.08)), Surface.DARK)


def wire_shelf(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Posts that carry grates of wire, with boxes and things on them."""
    half = (rng.uniform(0.15, 0.25), rng.uniform(0.3, 0.6))
    high, post = rng.uniform(0.7, 1.9), rng.uniform(0.008, 0.015)
    for u in (-half[0], half[0]):
        for v in (-half[1], half[1]):
            build.rod(body, (u, v, 0), (u, v, high), post)
    for level in np.linspace(rng.uniform(0.08, 0.3), high - 0.02, int(rng.integers(2, 5))):
        for u in np.linspace(-half[0], half[0], int(rng.integers(3, 7))):
            build.rod(body, (u, -half[1], level), (u, half[1], level), 0.004)
        for v in np.linspace(-half[1], half[1], 3):
            build.rod(body, (-half[0], v, level), (half[0], v, level), 0.004)
        for _ in range(int(rng.integers(0, 4))):
            size = rng.uniform((0.05, 0.04, 0.03), (0.14, 0.14, 0.13))
            spot = (rng.normal(0, 0.03), rng.uniform(-0.75, 0.75) * half[1], level + 0.004 + size[2])
            build.shape(body, "box", size, spot, surface=dark_or_object(rng, 0.2))


def stand(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A tripod with something on top: camera, lamp, fan, music stand."""
    high, reach, leg = rng.uniform(0.5, 1.7), rng.uniform(0.2, 0.45), rng.uniform(0.005, 0.013)
    surface = dark_or_object(rng, 0.5)
    knee = rng.uniform(0.3, 0.7) * high
    for angle in np.linspace(0, 2 * math.pi, 3, endpoint=False):
        foot = (reach * math.cos(angle), reach * math.sin(angle), leg)
        build.rod(body, foot, (0, 0, knee), leg, surface)
    build.rod(body, (0, 0, knee * 0.6), (0, 0, high), 1.2 * leg, surface)
    head = rng.uniform((0.02, 0.04, 0.02), (0.08, 0.2, 0.12))
    build.shape(body, "box", head, (0, 0, high), turn((0, 1, 0), rng.normal(0, 0.4)), surface)


def bin_(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """An open waste bin or bucket."""
    radius, high = rng.uniform(0.11, 0.2), rng.uniform(0.25, 0.6)
    surface = dark_or_object(rng, 0.4)
    build.mesh(body, *meshes.vessel(rng, radius, high, rng.uniform(0.65, 0.95), 0.006), surface)


def ladder(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A leaning ladder, or a frame with rungs."""
    wide, long, lean = rng.uniform(0.15, 0.25), rng.uniform(1.0, 2.2), rng.uniform(0.05, 0.4)
    top = np.array([long * math.sin(lean), 0.0, long * math.cos(lean)])
    for side in (-wide, wide):
        build.rod(body, (0, side, 0), (top[0], side, top[2]), rng.uniform(0.012, 0.025))
    for share in np.arange(0.25, long, 0.28) / long:
        x, _, z = share * top
        build.rod(body, (x, -wide, z), (x, wide, z), 0.012)


def floor_cable(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A cable across the floor, sometimes with a socket strip."""
    count, radius = 24, rng.uniform(0.003, 0.008)
    heading = np.cumsum(rng.normal(0, 0.35, count))
    step = rng.uniform(0.05, 0.14)
    flat = np.cumsum(np.column_stack([np.cos(heading), np.sin(heading)]), axis=0) * step
    points = np.column_stack([flat - flat.mean(0), np.full(count, radius)])
    build.path(body, points, radius, dark_or_object(rng, 0.7))
    if rng.random() < 0.4:
        spot = (*points[-1, :2], 0.025)
        build.shape(body, "box", (0.18, 0.03, 0.025), spot, yaw(heading[-1]), dark_or_object(rng, 0.5))


def trolley(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Boards between tubes, on wheels."""
    half, high = rng.uniform((0.18, 0.25), (0.3, 0.45)), rng.uniform(0.6, 1.0)
    for u in (-half[0], half[0]):
        build.path(
            body, [(u, -half[1], 0.08), (u, -half[1], high), (u, half[1], high), (u, half[1], 0.08)], 0.012
        )
        for v in (-half[1], half[1]):
            wheel = turn((1, 0, 0), math.pi / 2)
            build.shape(body, "cylinder", (0.04, 0.015), (u, v, 0.04), wheel, Surface.DARK)
    for level in np.linspace(0.12, 0.85 * high, int(rng.integers(2, 4))):
        build.shape(body, "box", (*half, 0.01), (0, 0, level), surface=Surface.SLAB)
        if rng.random() < 0.6:
            draw_object(rng)(build, body.add_body(pos=[0, 0, level + 0.01]), rng)


def glass_table(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A clear top on a thin frame."""
    half, high = rng.uniform(0.25, 0.6, 2), rng.uniform(0.35, 0.75)
    build.shape(body, "box", (*half, 0.005), (0, 0, high), surface=Surface.TRANSPARENT)
    for u in (-0.85 * half[0], 0.85 * half[0]):
        frame = [(u, v * half[1], z) for v, z in ((-0.85, 0), (-0.85, high), (0.85, high), (0.85, 0))]
        build.path(body, frame, rng.uniform(0.01, 0.02))


def glass_screen(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A framed pane on feet, as between work places."""
    wide, high = rng.uniform(0.3, 0.7), rng.uniform(0.4, 0.9)
    pane(build, body, wide, high, rng.uniform(0.01, 0.025), 0.05)
    for side in (-wide, wide):
        build.shape(body, "box", (0.2, 0.02, 0.015), (0, side, 0.015))


def showcase(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A cupboard with a door of glass in front of its boards."""
    deep, wide, high = rng.uniform(0.15, 0.25), rng.uniform(0.3, 0.6), rng.uniform(0.5, 1.0)
    build.shape(body, "box", (0.01, wide, high), (-deep, 0, high))
    for side in (-wide, wide):
        build.shape(body, "box", (deep, 0.01, high), (0, side, high))
    for level in np.linspace(0.02, 2 * high, int(rng.integers(3, 6))):
        build.shape(body, "box", (deep, wide, 0.01), (0, 0, level), surface=Surface.SLAB)
        if level < 1.9 * high:
            draw_object(rng)(build, body.add_body(pos=[0, rng.uniform(-0.7, 0.7) * wide, level + 0.01]), rng)
    pane(build, body.add_body(pos=[deep, 0, 0]), wide, high, 0.012)


def _hanging(start: np.ndarray, end: np.ndarray, slack: float, rng: Generator) -> np.ndarray:
    """A cable's points between two ends, ``(11, 3)``, sagging by ``slack`` m but not through the floor."""
    share = np.linspace(0, 1, 11)[:, None]
    points = start + share**1.5 * (end - start)
    points[:, :2] += np.cumsum(rng.normal(0, 0.01, (11, 2)), axis=0)
    points[:, 2] -= slack * 4 * (share * (1 - share))[:, 0]
    points[:, 2] = np.maximum(points[:, 2], 0.01)
    return points
