"""Where cameras look from: poses as ``T_world_optical (4, 4)``, x right, y down, z forward."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.scenes.builder import log_uniform
from reald2iff_sim.scenes.room import Room

Generator = np.random.Generator
Pose = NDArray[np.float64]


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


def draw_roll(rng: Generator) -> float:
    """Mostly level; one in seven turned by any angle."""
    return rng.normal(0, 0.05) if rng.random() < 0.85 else rng.uniform(-math.pi, math.pi)


def around(
    target: NDArray[np.float64], distance: float, elevation: float, azimuth: float, roll: float
) -> Pose:
    """A camera on a sphere about what it looks at; angles in radians."""
    flat = math.cos(elevation)
    way = np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    return look_at(target + distance * way, target, roll)


def draw_room_pose(room: Room, rng: Generator, low_robot: bool) -> Pose:
    """From anywhere in a room to anywhere, from a robot's height or a standing person's."""
    size = np.subtract(room.high, room.low)
    high = rng.uniform(0.12, 0.6) if low_robot else rng.uniform(0.6, 1.7)
    eye = np.array([*(rng.uniform(-0.45, 0.45, 2) * size[:2]), high])
    target = np.array([*(rng.uniform(-0.45, 0.45, 2) * size[:2]), rng.uniform(0.0, 1.1 * high)])
    return look_at(eye, target, draw_roll(rng))


def draw_floor_pose(room: Room, rng: Generator) -> Pose:
    """A camera on a small robot that looks over the floor and across the room.

    Either low (0.1-0.5 m) and nearly level, or on a mast (up to 0.9 m) and looking down, where the floor
    fills half of the image. Mounts are seldom true: a third of them are turned by 10 degrees.
    """
    size = np.subtract(room.high, room.low)
    low = rng.random() < 0.4
    high = log_uniform(rng, 0.1, 0.5) if low else rng.uniform(0.45, 0.9)
    pitch = rng.uniform(-0.05, 0.2) if low else rng.uniform(0.1, 0.5)
    eye = np.array([*(rng.uniform(-0.45, 0.45, 2) * size[:2]), high])
    centre = rng.uniform(-0.3, 0.3, 2) * size[:2]
    return _level_pose(eye, math.atan2(*(centre - eye[:2])[::-1]), pitch, rng)


def draw_corridor_pose(room: Room, rng: Generator) -> Pose:
    """Along the x axis of a corridor, from a robot's height to a person's."""
    size = np.subtract(room.high, room.low)
    side = rng.choice((-1.0, 1.0))
    high = log_uniform(rng, 0.12, 1.5)
    eye = np.array([side * rng.uniform(0.0, 0.46) * size[0], rng.uniform(-0.35, 0.35) * size[1], high])
    heading = rng.normal(0, 0.25) + (math.pi if side > 0 else 0.0)
    return _level_pose(eye, heading, rng.normal(0.1, 0.12), rng)


def _level_pose(eye: NDArray[np.float64], heading: float, pitch: float, rng: Generator) -> Pose:
    """Looking along a heading, ``pitch`` rad downwards, on a mount that is not quite level."""
    roll = rng.normal(0, 0.17 if rng.random() < 0.33 else 0.03)
    flat = math.cos(pitch)
    way = np.array([flat * math.cos(heading), flat * math.sin(heading), -math.sin(pitch)])
    return look_at(eye, eye + way, roll)
