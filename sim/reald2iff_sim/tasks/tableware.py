"""A can and a plate."""

from __future__ import annotations

import numpy as np

from reald2iff_sim.tasks.meshes import lathe
from reald2iff_sim.tasks.objects import Material, ObjectSpec, Part

_LABEL = Material((0.72, 0.10, 0.12, 1.0), specular=0.25, shininess=0.4)
_BAND = Material((0.93, 0.90, 0.84, 1.0), specular=0.25, shininess=0.4)
_TIN = Material((0.72, 0.73, 0.75, 1.0), specular=0.9, shininess=0.8)
_GLAZE = Material((0.90, 0.91, 0.92, 1.0), specular=0.6, shininess=0.9)
_PRISM_SIDES = 32
_RIM_SIDES = 24


def can(name: str, diameter: float, height: float, mass: float) -> ObjectSpec:
    """A labelled tin can; its frame is in its middle, z along its axis."""
    r, h, lip = diameter / 2, height / 2, 0.003
    inner, side, groove = r - 2 * lip, r - lip / 2, 2 * lip
    below = [(0.0, lip - h), (inner, lip - h), (r - lip, -h), (side, -h), (side, groove - h)]
    above = [(radius, -z) for radius, z in reversed(below)]
    label = Part("cylinder", (diameter, diameter, height - 5 * lip), _LABEL, solid=False)
    band = Part("cylinder", (diameter + 4e-4, diameter + 4e-4, height * 0.3), _BAND, solid=False)
    metal = Part("mesh", (0, 0, 0), _TIN, solid=False, mesh=lathe([*below, *above]))
    # A prism: contacts of its flat faces are found at several points, those of a cylinder are not.
    prism = lathe([(0, -h), (r, -h), (r, h), (0, h)], _PRISM_SIDES)
    solid = Part("mesh", (0, 0, 0), _TIN, visible=False, mesh=prism)
    return ObjectSpec(name, (metal, label, band, solid), mass, friction=0.6)


def plate(name: str, diameter: float, height: float, mass: float) -> ObjectSpec:
    """A round plate with a raised rim; its frame is in the middle of its underside, z up."""
    r, foot, thick = diameter / 2, plate_floor(diameter) / 2, PLATE_THICKNESS
    underside = [(0, 0.001), (foot - 0.012, 0.001), (foot - 0.01, 0), (foot - 0.004, 0), (foot, 0.002)]
    edge = [(r - 0.001, height - 0.003), (r, height - 0.001), (r - 0.002, height)]
    inside = [(foot, thick + 0.001), (foot - 0.006, thick), (0, thick)]
    skin = lathe([*underside, *edge, *inside])
    floor = lathe([(0, 0), (foot, 0), (foot, thick), (0, thick)], _PRISM_SIDES)
    rise = np.arctan2(height - thick / 2, r - foot)
    width = 2 * np.pi * r / _RIM_SIDES
    rim = []
    for angle in np.arange(_RIM_SIDES) * 2 * np.pi / _RIM_SIDES:
        middle = (r + foot) / 2
        half = -rise / 2  # about y, then about z by `angle`
        c, s = np.cos(angle / 2), np.sin(angle / 2)
        rotation = (-s * np.sin(half), c * np.sin(half), s * np.cos(half), c * np.cos(half))
        rim.append(
            Part(
                "box",
                (float(np.hypot(r - foot, height - thick)), width, 0.003),
                _GLAZE,
                position=(middle * np.cos(angle), middle * np.sin(angle), height / 2),
                rotation=rotation,
                visible=False,
            )
        )
    return ObjectSpec(
        name,
        (
            Part("mesh", (0, 0, 0), _GLAZE, solid=False, mesh=skin),
            Part("mesh", (0, 0, 0), _GLAZE, visible=False, mesh=floor),
            *rim,
        ),
        mass,
        friction=0.6,
    )


def plate_floor(diameter: float) -> float:
    """Diameter of the flat inside of a plate, metres."""
    return 0.66 * diameter


PLATE_THICKNESS = 0.005
"""Of its floor, metres."""
