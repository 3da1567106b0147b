"""What tasks put on the table, for backends to build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError

Shape = Literal["box", "cylinder", "sphere", "capsule", "mesh"]


@dataclass(frozen=True)
class Material:
    """Look of a surface.

    Attributes:
        rgba: Colour, 0 to 1.
        specular: Strength of highlights, 0 to 1.
        shininess: Their sharpness, 0 to 1.
    """

    rgba: tuple[float, float, float, float]
    specular: float = 0.3
    shininess: float = 0.5


@dataclass(frozen=True)
class Mesh:
    """Triangles.

    Attributes:
        vertices: ``(V, 3) float64`` metres.
        faces: ``(F, 3) int32`` indices, counter-clockwise seen from outside.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]


@dataclass(frozen=True)
class Part:
    """A rigid piece of an object.

    Attributes:
        shape: ``cylinder`` and ``capsule`` lie along z; ``mesh`` is solid only as its convex hull.
        size: Extent along x, y, z in metres (not halved; a capsule's with its caps). Of a mesh: unused.
        material: Its look.
        position: Of its centre in the object's frame, metres.
        rotation: In the object's frame, quaternion xyzw.
        visible: Whether it is rendered.
        solid: Whether it touches, and has a share of the mass, by volume.
        mesh: Of shape ``mesh``.
    """

    shape: Shape
    size: tuple[float, float, float]
    material: Material
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    visible: bool = True
    solid: bool = True
    mesh: Mesh | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.shape not in get_args(Shape):
            raise InvalidParameterError(f"shape {self.shape!r}: expected one of {', '.join(get_args(Shape))}")
        if (self.shape == "mesh") != (self.mesh is not None):
            raise InvalidParameterError(f"shape {self.shape!r}: expected a mesh exactly for shape mesh")
        if self.shape != "mesh" and min(self.size) <= 0:
            raise InvalidParameterError(f"{self.shape} of size {self.size} m: expected positive values")


@dataclass(frozen=True)
class ObjectSpec:
    """A rigid object, for a backend to build.

    Attributes:
        name: Under which `Observation.object_poses` holds its pose.
        parts: What it is made of.
        mass: Kilograms; of one that is not movable: unused.
        friction: Sliding coefficient against the table (in the hand, the fingers' rubber decides).
        movable: False = stays where an episode's start puts it.
    """

    name: str
    parts: tuple[Part, ...]
    mass: float = 0.0
    friction: float = 1.0
    movable: bool = True

    def __post_init__(self) -> None:
        if not self.parts:
            raise InvalidParameterError(f"object {self.name!r} has no parts: expected at least one")
        if self.movable and (self.mass <= 0 or not any(part.solid for part in self.parts)):
            raise InvalidParameterError(
                f"movable object {self.name!r}, mass {self.mass} kg: expected more than 0 and a solid part"
            )
