"""Transparent things of tables and rooms: their front is what clean depth shows, a camera sees through."""

from __future__ import annotations

import mujoco
import numpy as np

from reald2iff_sim.scenes import meshes
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, turn

Generator = np.random.Generator
_GLASS = Surface.TRANSPARENT


def tumbler(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A drinking glass or beaker."""
    mesh = meshes.vessel(rng, rng.uniform(0.025, 0.05), rng.uniform(0.07, 0.16), rng.uniform(0.65, 1), 0.003)
    build.mesh(body, *mesh, _GLASS)


def wine_glass(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A bowl on a stem."""
    stem, radius = rng.uniform(0.05, 0.1), rng.uniform(0.03, 0.045)
    build.shape(body, "cylinder", (radius, 0.002), (0, 0, 0.002), surface=_GLASS)
    build.rod(body, (0, 0, 0.002), (0, 0, stem), 0.004, _GLASS)
    bowl = body.add_body(pos=[0, 0, stem])
    build.mesh(bowl, *meshes.vessel(rng, radius, rng.uniform(0.06, 0.1), 0.5, 0.002), _GLASS)


def clear_bottle(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A clear bottle with an opaque cap and often a label."""
    radius, height = rng.uniform(0.028, 0.045), rng.uniform(0.15, 0.3)
    build.mesh(body, *meshes.bottle(rng, radius, height), _GLASS)
    build.shape(body, "cylinder", (0.014, 0.012), (0, 0, height))
    if rng.random() < 0.5:
        band = rng.uniform(0.02, 0.05)
        build.shape(body, "cylinder", (1.01 * radius, band), (0, 0, 0.35 * height))


def acrylic_box(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A box of clear panes, open at the top, with something in it."""
    half, high, wall = rng.uniform(0.05, 0.16, 2), rng.uniform(0.03, 0.12), rng.uniform(0.001, 0.003)
    build.shape(body, "box", (*half, wall), (0, 0, wall), surface=_GLASS)
    for side in (-1, 1):
        build.shape(body, "box", (wall, half[1], high), (side * half[0], 0, high), surface=_GLASS)
        build.shape(body, "box", (half[0], wall, high), (0, side * half[1], high), surface=_GLASS)
    for _ in range(int(rng.integers(0, 4))):
        size = rng.uniform(0.008, 0.03, 3)
        spot = rng.uniform(-0.6, 0.6, 2) * half
        build.shape(body, "box", size, (*spot, 2 * wall + size[2]))


def shield(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A clear pane that stands in two feet."""
    half, high = rng.uniform(0.08, 0.25), rng.uniform(0.06, 0.2)
    lean = turn((1, 0, 0), rng.normal(0, 0.08))
    build.shape(body, "box", (half, 0.0015, high), (0, 0, high), lean, surface=_GLASS)
    for side in (-0.8, 0.8):
        build.shape(body, "box", (0.006, 0.04, 0.008), (side * half, 0, 0.008))


GLASSWARE = (tumbler, wine_glass, clear_bottle, acrylic_box, shield)
"""Makers of hand-sized transparent objects."""


def pane(
    build: SceneBuilder, body: mujoco.MjsBody, wide: float, high: float, frame: float, base: float = 0.0
) -> None:
    """A framed pane in the body's yz plane: half sizes and half thickness of the frame in metres."""
    middle = base + high
    build.shape(body, "box", (0.003, wide, high), (0, 0, middle), surface=_GLASS)
    for side in (-1, 1):
        build.shape(body, "box", (frame, frame, high), (0, side * wide, middle))
        build.shape(body, "box", (frame, wide, frame), (0, 0, middle + side * high))
