"""A banana: a bent, tapered tube, solid as a chain of capsules."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff_sim.tasks.meshes import bent_tube
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part

Array = NDArray[np.float64]

LENGTH = 0.17
"""Along the bend, without the stem, metres."""

THICKNESS = 0.034
"""Of the middle, metres."""

_BEND = 0.11  # radius of the centre line, metres
_STEM_LENGTH, _STEM_THICKNESS = 0.022, 0.011
_TIP = 0.10  # share of the length that is dark
_LINKS = 8
_PEEL = Material((0.93, 0.76, 0.13, 1.0), specular=0.15, shininess=0.3)
_DARK = Material((0.27, 0.18, 0.08, 1.0), specular=0.05, shininess=0.1)


def banana(name: str, mass: float) -> ObjectSpec:
    """Lying on its side. Its frame is in the middle of the bend, x along it, y towards the outside, z up."""
    tip = 1 - 2 * _TIP
    peel, dark = np.linspace(-1, tip, 41), np.linspace(tip, 1, 9)
    stem = np.linspace(-1 - 2 * _STEM_LENGTH / LENGTH, -0.97, 9)
    skins = [
        Part("mesh", (0, 0, 0), look, solid=False, mesh=bent_tube(_bend(u), radii, ripple=(5, 0.03)))
        for look, u, radii in (
            (_PEEL, peel, _radius(peel)),
            (_DARK, dark, _radius(dark)),
            (_DARK, stem, np.full(len(stem), _STEM_THICKNESS / 2)),
        )
    ]
    ends = np.linspace(-0.95, 0.95, _LINKS + 1)  # their caps reach further
    links = [_link(a, b) for a, b in pairwise(ends)]
    return ObjectSpec(name, (*skins, *links), mass, friction=0.7)


def _bend(u: Array) -> Array:
    """Points ``(N, 3)`` of the centre line, ``u`` from -1 (stem) to 1 (tip)."""
    angle = u * LENGTH / 2 / _BEND
    return np.column_stack([_BEND * np.sin(angle), _BEND * (np.cos(angle) - 1), np.zeros_like(angle)])


def _radius(u: Array) -> Array:
    """Thick in the middle, tapered over the last quarter at either end."""
    taper = np.clip((np.abs(u) - 0.7) / 0.3, 0.0, 1.0)
    return THICKNESS / 2 * np.where(u > 0, 1 - 0.72 * taper**2, 1 - 0.55 * taper**2)


def _link(start: float, end: float) -> Part:
    """The capsule of one stretch of the bend."""
    first, last = _bend(np.array([start, end]))
    radius = float(_radius(np.array([(start + end) / 2]))[0])
    along = last - first
    length = float(np.linalg.norm(along))
    turn = Rotation.align_vectors([along / length], [[0.0, 0.0, 1.0]])[0]
    middle = (first + last) / 2
    return Part(
        "capsule",
        (2 * radius, 2 * radius, length + 2 * radius),
        _PEEL,
        position=(float(middle[0]), float(middle[1]), float(middle[2])),
        rotation=tuple(turn.as_quat()),
        visible=False,
    )
