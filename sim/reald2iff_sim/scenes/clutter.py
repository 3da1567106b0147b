"""Thin things on tables: what leaves holes, ramps and torn edges in the depth of a stereo sensor."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.scenes import meshes
from reald2iff_sim.scenes.builder import SceneBuilder, Surface, dark_or_object, log_uniform, turn

Generator = np.random.Generator


def pen_cup(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Pens, brushes and tools standing in a cup."""
    radius, height = rng.uniform(0.03, 0.05), rng.uniform(0.07, 0.12)
    build.mesh(body, *meshes.vessel(rng, radius, height, rng.uniform(0.8, 1.0), 0.003))
    for _ in range(int(rng.integers(2, 9))):
        foot, rim = rng.uniform(-0.4, 0.4, 2) * radius, rng.uniform(-0.85, 0.85, 2) * radius
        reach = rng.uniform(1.2, 2.2)
        tip = (*(foot + reach * (rim - foot)), height * reach)
        build.rod(body, (*foot, 0.005), tip, log_uniform(rng, 0.002, 0.006), dark_or_object(rng, 0.3))


def handle(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A pan, basket or case with a bow to carry it by."""
    half, high = rng.uniform(0.04, 0.13, 2), rng.uniform(0.02, 0.09)
    surface = dark_or_object(rng, 0.3)
    build.shape(body, "box", (*half, high), (0, 0, high), surface=surface)
    build.path(body, _bow(half[0], rng.uniform(0.03, 0.14), 2 * high), rng.uniform(0.002, 0.007), surface)


def cutlery(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Forks, knives and screwdrivers lying side by side or across each other."""
    for _ in range(int(rng.integers(1, 6))):
        frame = body.add_body(
            pos=[*rng.normal(0, 0.04, 2), 0.0], quat=turn((0, 0, 1), rng.normal(0, 0.5)).tolist()
        )
        length, wide = rng.uniform(0.05, 0.1), rng.uniform(0.003, 0.007)
        build.shape(frame, "box", (length, wide, 0.0015), (0, 0, 0.0015))
        for prong in np.linspace(-1, 1, int(rng.integers(1, 5))):
            start = (length, prong * wide, 0.002)
            build.rod(frame, start, (length + 0.05, 1.6 * prong * wide, 0.008), 0.0012)


def scissors(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Two crossed blades with rings for the fingers."""
    length, opening = rng.uniform(0.06, 0.11), rng.uniform(0.05, 0.6)
    surface = dark_or_object(rng, 0.6)
    for side in (-1, 1):
        tip = np.array([math.cos(side * opening), math.sin(side * opening), 0.0])
        build.rod(body, (0, 0, 0.004), (*(length * tip[:2]), 0.004), 0.003)
        build.rod(body, (0, 0, 0.004), (*(-0.5 * length * tip[:2]), 0.004), 0.003, surface)
        build.path(body, _ring(0.016, -0.5 * length * tip - 0.016 * tip, 0.005), 0.003, surface)


def tube_rack(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """Two perforated boards on posts with tubes standing in them."""
    columns, rows, pitch = int(rng.integers(3, 8)), int(rng.integers(1, 4)), rng.uniform(0.018, 0.03)
    half = (columns * pitch / 2 + 0.01, rows * pitch / 2 + 0.01)
    levels = (0.01, rng.uniform(0.05, 0.1))
    for level in levels:
        build.shape(body, "box", (*half, 0.002), (0, 0, level))
    for u in (-1, 1):
        build.shape(body, "box", (0.002, half[1], levels[1] / 2), (u * half[0], 0, levels[1] / 2))
    radius = rng.uniform(0.25, 0.42) * pitch
    for u in range(columns):
        for v in range(rows):
            if rng.random() < 0.7:
                spot = ((u - (columns - 1) / 2) * pitch, (v - (rows - 1) / 2) * pitch)
                build.rod(body, (*spot, 0.02), (*spot, levels[1] + rng.uniform(0.01, 0.05)), radius)


def wire_basket(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A round basket of wires: hoops and ribs."""
    radius, high, flare = rng.uniform(0.06, 0.14), rng.uniform(0.05, 0.15), rng.uniform(0.6, 1.0)
    wire, surface = log_uniform(rng, 0.001, 0.003), dark_or_object(rng, 0.4)
    for level in np.linspace(0, 1, int(rng.integers(2, 4))):
        hoop = radius * (flare + (1 - flare) * level)
        build.path(body, _ring(hoop, np.zeros(3), wire + level * high, 16), wire, surface)
    for angle in np.linspace(0, 2 * math.pi, int(rng.integers(8, 18)), endpoint=False):
        way = np.array([math.cos(angle), math.sin(angle)])
        build.rod(body, (*(flare * radius * way), wire), (*(radius * way), high), wire, surface)


def cable_coil(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A cable wound up loosely, with its end lying out."""
    turns, radius, thick = rng.uniform(1.5, 4), rng.uniform(0.03, 0.08), log_uniform(rng, 0.0015, 0.004)
    angles = np.arange(0, 2 * math.pi * turns, 0.5)
    wobble = radius * (1 + 0.12 * np.cumsum(rng.normal(0, 0.3, angles.size)) / np.sqrt(angles.size))
    lift = thick * (1 + angles / math.pi)
    coil = np.column_stack([wobble * np.cos(angles), wobble * np.sin(angles), lift])
    end = coil[-1] + np.array([rng.uniform(0.1, 0.3), rng.normal(0, 0.1), 0.0])
    build.path(body, [*coil, (*end[:2], thick)], thick, dark_or_object(rng, 0.7))
    build.shape(body, "box", (0.012, 0.008, 0.006), (*end[:2], 0.006), surface=Surface.DARK)


def lamp(build: SceneBuilder, body: mujoco.MjsBody, rng: Generator) -> None:
    """A desk lamp or microphone arm: a foot, two thin links and a head."""
    surface = dark_or_object(rng, 0.5)
    build.shape(body, "cylinder", (rng.uniform(0.05, 0.09), 0.01), (0, 0, 0.01), surface=surface)
    elbow = np.array([rng.uniform(-0.12, 0.02), 0.0, rng.uniform(0.15, 0.3)])
    head = elbow + np.array([rng.uniform(0.08, 0.22), 0.0, rng.uniform(0.0, 0.18)])
    build.path(body, [(0, 0, 0.01), elbow, head], rng.uniform(0.004, 0.01), surface)
    build.shape(body, "ellipsoid", (0.05, 0.04, 0.03), head, surface=surface)


def _bow(half: float, rise: float, base: float) -> NDArray[np.float64]:
    """An arc in the xz plane from -half to half, ``(9, 3)``."""
    angles = np.linspace(0, math.pi, 9)
    return np.column_stack([-half * np.cos(angles), np.zeros(9), base + rise * np.sin(angles)])


def _ring(radius: float, centre: NDArray[np.float64], height: float, count: int = 10) -> NDArray[np.float64]:
    """A closed circle at a height, ``(count + 1, 3)``."""
    angles = np.linspace(0, 2 * math.pi, count + 1)
    flat = np.column_stack([np.cos(angles), np.sin(angles)]) * radius + centre[:2]
    return np.column_stack([flat, np.full(count + 1, height)])
