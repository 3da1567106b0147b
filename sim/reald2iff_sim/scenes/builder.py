"""Putting static shapes into a MuJoCo specification."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

import mujoco
import numpy as np
from numpy.typing import NDArray

Vector = Sequence[float] | NDArray[np.float64]
IDENTITY = (1.0, 0.0, 0.0, 0.0)


class Surface(IntEnum):
    """What a geom's surface is, kept as its group so that materials can be drawn after compiling."""

    SLAB = 0
    """A board whose large faces are normal to its z axis: table tops, walls, shelves."""
    OBJECT = 1
    ARM = 2
    TRANSPARENT = 3
    """Glass and acrylic: it has a shape, and light passes through."""
    DARK = 4
    """Black plastic, rubber, dark cloth, screens that are off: dark whenever materials are drawn."""


OPAQUE = tuple(surface for surface in Surface if surface is not Surface.TRANSPARENT)

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


def yaw(angle: float) -> NDArray[np.float64]:
    """Quaternion (w, x, y, z) of a turn about z, radians."""
    return turn((0.0, 0.0, 1.0), angle)


def turn(axis: Vector, angle: float) -> NDArray[np.float64]:
    """Quaternion (w, x, y, z) of a turn about a unit axis, radians."""
    return np.array([math.cos(angle / 2), *(math.sin(angle / 2) * np.asarray(axis, dtype=np.float64))])


def compose(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quaternion (w, x, y, z) of ``second``, then ``first``, in fixed axes."""
    product = np.empty(4)
    mujoco.mju_mulQuat(product, first, second)
    return product


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two positive ones, every ratio as likely."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def dark_or_object(rng: np.random.Generator, dark_share: float) -> Surface:
    """`Surface.DARK` in this share of draws, else `Surface.OBJECT`."""
    return Surface.DARK if rng.random() < dark_share else Surface.OBJECT


@dataclass
class SceneBuilder:
    """Adds bodies that never move to a specification."""

    spec: mujoco.MjSpec = field(default_factory=mujoco.MjSpec)

    def body(self, position: Vector, quaternion: Vector = IDENTITY) -> mujoco.MjsBody:
        """A frame to put shapes in; position in metres, quaternion (w, x, y, z)."""
        return self.spec.worldbody.add_body(pos=list(position), quat=list(quaternion))

    def shape(
        self,
        body: mujoco.MjsBody,
        kind: str,
        size: Vector,
        position: Vector = (0.0, 0.0, 0.0),
        quaternion: Vector = IDENTITY,
        surface: Surface = Surface.OBJECT,
    ) -> None:
        """A primitive: ``size`` in MuJoCo's half sizes (metres), placed in the body's frame."""
        body.add_geom(
            type=_TYPES[kind],
            size=[*size, *([0.0] * (3 - len(size)))],
            pos=list(position),
            quat=list(quaternion),
            group=int(surface),
            contype=0,
            conaffinity=0,
        )

    def rod(
        self,
        body: mujoco.MjsBody,
        start: Vector,
        end: Vector,
        radius: float,
        surface: Surface = Surface.OBJECT,
    ) -> None:
        """A round rod between two points of the body's frame."""
        body.add_geom(
            type=_TYPES["capsule"],
            fromto=[*start, *end],
            size=[radius, 0.0, 0.0],
            group=int(surface),
            contype=0,
            conaffinity=0,
        )

    def path(
        self,
        body: mujoco.MjsBody,
        points: Sequence[Vector] | NDArray[np.float64],
        radius: float,
        surface: Surface = Surface.OBJECT,
    ) -> None:
        """Rods from point to point ``(N, 3)`` of the body's frame: cables, handles, bent tubes."""
        for start, end in pairwise(points):
            self.rod(body, start, end, radius, surface)

    def mesh(
        self,
        body: mujoco.MjsBody,
        vertices: NDArray[np.float64],
        faces: NDArray[np.int32],
        surface: Surface = Surface.OBJECT,
    ) -> None:
        """A triangle mesh, ``(V, 3)`` metres and ``(F, 3)`` indices, in the body's frame."""
        name = f"mesh{len(self.spec.meshes)}"
        self.spec.add_mesh(
            name=name,
            uservert=vertices.ravel(),
            userface=faces.ravel(),
            inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
        )
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=name,
            group=int(surface),
            contype=0,
            conaffinity=0,
        )
