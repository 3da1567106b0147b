"""Things that lie and stand about, each built in a frame with its foot at z = 0."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from reald2iff_sim.scenes import meshes
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, dark_or_object, log_uniform, turn, yaw

Generator = np.random.Generator


def box(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = [log_uniform(rng, 0.012, 0.1) for _ in range(3)]
    build.shape(body, "box", half, (0, 0, half[2]), surface=dark_or_object(rng, 0.1))


def stack(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    z = 0.0
    half = rng.uniform(0.04, 0.11, 2)
    for _ in range(int(rng.integers(2, 6))):
        half, thick = half * rng.uniform(0.7, 1.0), rng.uniform(0.006, 0.03)
        build.shape(
            body, "box", (*half, thick), (*rng.normal(0, 0.005, 2), z + thick), yaw(rng.normal(0, 0.2))
        )
        z += 2 * thick


def can(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    radius, half = rng.uniform(0.015, 0.06), log_uniform(rng, 0.01, 0.13)
    if rng.random() < 0.7:
        build.shape(body, "cylinder", (radius, half), (0, 0, half))
    else:
        build.shape(body, "cylinder", (radius, half), (0, 0, radius), turn((1, 0, 0), math.pi / 2))


def ball(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    radius = log_uniform(rng, 0.015, 0.08)
    build.shape(body, "sphere", (radius,), (0, 0, radius))


def pebble(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    half = rng.uniform(0.015, 0.09, 3)
    build.shape(body, "ellipsoid", half, (0, 0, half[2]))


def sausage(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    radius, half = rng.uniform(0.008, 0.03), rng.uniform(0.03, 0.12)
    build.shape(body, "capsule", (radius, half), (0, 0, radius), turn((1, 0, 0), math.pi / 2))


def mug(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    radius, height = rng.uniform(0.03, 0.05), rng.uniform(0.06, 0.13)
    build.mesh(body, *meshes.vessel(rng, radius, height, rng.uniform(0.6, 1.0), 0.004))
    if rng.random() < 0.7:
        angles = np.linspace(-1.3, 1.3, 7)
        arc = np.stack(
            [
                radius * 0.9 + 0.55 * radius * np.cos(angles),
                np.zeros(7),
                height / 2 + 0.35 * height * np.sin(angles),
            ],
            -1,
        )
        build.path(body, arc, 0.005)


def bowl(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    radius = rng.uniform(0.05, 0.14)
    build.mesh(body, *meshes.vessel(rng, radius, radius * rng.uniform(0.15, 0.8), 0.35, 0.005))


def bottle(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    mesh = meshes.bottle(rng, rng.uniform(0.025, 0.05), rng.uniform(0.12, 0.3))
    build.mesh(body, *mesh)


def blob(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    build.mesh(body, *meshes.superquadric(rng, rng.uniform(0.02, 0.08, 3)))


def board(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A thin board that leans."""
    half, thick, lean = rng.uniform(0.04, 0.16, 2), rng.uniform(0.001, 0.008), rng.uniform(0.3, 1.55)
    foot = (0, 0, half[1] * math.sin(lean) + thick)
    build.shape(body, "box", (*half, thick), foot, turn((1, 0, 0), lean), Surface.SLAB)


def rods(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Pens, sticks and skewers thrown down or held up."""
    for _ in range(int(rng.integers(1, 7))):
        radius, length = log_uniform(rng, 0.001, 0.008), rng.uniform(0.08, 0.4)
        start = np.append(rng.normal(0, 0.04, 2), radius)
        heading, rise = rng.uniform(0, 2 * math.pi), rng.uniform(0, 1.5) if rng.random() < 0.5 else 0.0
        step = np.array(
            [math.cos(heading) * math.cos(rise), math.sin(heading) * math.cos(rise), math.sin(rise)]
        )
        build.rod(body, start, start + length * step, radius)


def cable(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A cable that wanders over the surface and above it."""
    radius, count = log_uniform(rng, 0.0012, 0.005), 14
    heading = np.cumsum(rng.normal(0, 0.6, count)) + rng.uniform(0, 2 * math.pi)
    step = rng.uniform(0.015, 0.04)
    flat = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], -1), axis=0) * step
    lift = np.abs(np.cumsum(rng.normal(0, 0.015, count))) * (rng.random() < 0.6) + radius
    points = np.column_stack([flat - flat.mean(0), lift])
    build.path(body, points, radius, dark_or_object(rng, 0.5))


def rack(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A grid of wires: dish rack, basket side, grille."""
    wide, high, radius = *rng.uniform(0.08, 0.22, 2), log_uniform(rng, 0.0012, 0.004)
    lean = rng.uniform(0.0, 0.6)
    depth = high * math.sin(lean)
    count = int(rng.integers(4, 11))
    for u in np.linspace(-wide / 2, wide / 2, count):
        build.rod(body, (u, 0, 0), (u, depth, high * math.cos(lean)), radius)
    for v in np.linspace(0.05, 1, int(rng.integers(2, 5))):
        build.rod(
            body,
            (-wide / 2, v * depth, v * high * math.cos(lean)),
            (wide / 2, v * depth, v * high * math.cos(lean)),
            radius,
        )


def plant(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A pot with thin leaves on stalks."""
    radius, height = rng.uniform(0.03, 0.06), rng.uniform(0.05, 0.1)
    build.shape(body, "cylinder", (radius, height / 2), (0, 0, height / 2))
    for _ in range(int(rng.integers(6, 14))):
        heading, rise, length = rng.uniform(0, 2 * math.pi), rng.uniform(0.5, 1.5), rng.uniform(0.05, 0.16)
        out = np.array(
            [math.cos(heading) * math.cos(rise), math.sin(heading) * math.cos(rise), math.sin(rise)]
        )
        tip = np.array([0, 0, height]) + length * out
        build.rod(body, (0, 0, height), tip, 0.0015)
        size = (rng.uniform(0.02, 0.045), rng.uniform(0.008, 0.02), 0.001)
        tilt = yaw(heading)
        build.shape(body, "ellipsoid", size, tip, tilt)


def tool(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A handle with a head, lying."""
    radius, length, head = rng.uniform(0.006, 0.014), rng.uniform(0.1, 0.22), rng.uniform(0.012, 0.035)
    build.rod(body, (0, 0, head), (length, 0, head), radius)
    build.shape(body, "box", (head * 0.6, head * rng.uniform(1, 2.2), head), (length, 0, head))


def tray(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """An open crate."""
    half, high, wall = rng.uniform(0.07, 0.17, 2), rng.uniform(0.02, 0.08), rng.uniform(0.002, 0.008)
    build.shape(body, "box", (*half, wall), (0, 0, wall), surface=Surface.SLAB)
    for side in (-1, 1):
        build.shape(body, "box", (wall, half[1], high), (side * half[0], 0, high))
        build.shape(body, "box", (half[0], wall, high), (0, side * half[1], high))
