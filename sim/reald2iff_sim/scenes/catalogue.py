"""Which hand-sized objects there are, and how often each comes."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np

from reald2iff_sim.scenes import clutter, objects
from reald2iff_sim.scenes.builder import SceneBuilder
from reald2iff_sim.scenes.glassware import GLASSWARE

ObjectMaker = Callable[[SceneBuilder, mujoco.MjsBody, np.random.Generator], None]
"""Builds an object in a frame with its foot at z = 0."""

SMALL_OBJECTS: tuple[tuple[ObjectMaker, float], ...] = (
    (objects.box, 5.0),
    (objects.stack, 1.5),
    (objects.can, 3.0),
    (objects.ball, 1.5),
    (objects.pebble, 1.5),
    (objects.sausage, 1.0),
    (objects.mug, 2.5),
    (objects.bowl, 2.0),
    (objects.bottle, 2.0),
    (objects.blob, 2.5),
    (objects.board, 1.5),
    (objects.rods, 1.5),
    (objects.cable, 1.5),
    (objects.rack, 1.2),
    (objects.plant, 0.8),
    (objects.tool, 1.5),
    (objects.tray, 1.2),
    (clutter.pen_cup, 1.2),
    (clutter.handle, 1.2),
    (clutter.cutlery, 1.0),
    (clutter.scissors, 0.8),
    (clutter.tube_rack, 0.8),
    (clutter.wire_basket, 0.8),
    (clutter.cable_coil, 1.0),
    (clutter.lamp, 0.8),
)
"""Makers of opaque objects with their relative frequency."""

_SHARES = np.array([weight for _, weight in SMALL_OBJECTS])
_SHARES /= _SHARES.sum()


def draw_object(rng: np.random.Generator) -> ObjectMaker:
    """One of `SMALL_OBJECTS`."""
    return SMALL_OBJECTS[rng.choice(len(SMALL_OBJECTS), p=_SHARES)][0]


def draw_glass(rng: np.random.Generator) -> ObjectMaker:
    """One of `GLASSWARE`."""
    return GLASSWARE[rng.integers(len(GLASSWARE))]
