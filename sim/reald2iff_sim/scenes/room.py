"""Closed rooms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reald2iff_sim.scenes.builder import SceneBuilder, Surface, turn

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
