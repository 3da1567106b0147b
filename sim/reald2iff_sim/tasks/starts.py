"""Where episodes begin: boxes to draw from, and poses made of positions and turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff.errors import InvalidParameterError, SimulationError

Array = NDArray[np.float64]

_ATTEMPTS = 1000


def standing(place: Array, height: float, yaw: float) -> Array:
    """``T_world_object (4, 4)``, upright at x, y = ``place``, in metres, and turned by ``yaw`` radians."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec([0.0, 0.0, yaw]).as_matrix()
    pose[:3, 3] = (*place, height)
    return pose


def reaching_down(position: Sequence[float] | Array, yaw: float) -> Array:
    """``T_world_eef (4, 4)`` with the fingers down, turned about the vertical by ``yaw`` radians."""
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("ZX", [yaw, np.pi]).as_matrix()
    pose[:3, 3] = position
    return pose


@dataclass(frozen=True)
class ArmStart:
    """Where the end effector begins, fingers down.

    Attributes:
        low: Lower corner of the box of its position, metres.
        high: Its upper corner.
        yaw: The hand is turned by up to this about the vertical, radians.
    """

    low: tuple[float, float, float] = (0.38, -0.10, 0.26)
    high: tuple[float, float, float] = (0.50, 0.10, 0.36)
    yaw: float = 0.3

    def __post_init__(self) -> None:
        _require_box(self.low, self.high)

    def draw(self, rng: np.random.Generator) -> Array:
        """``T_world_eef (4, 4)``."""
        position = rng.uniform(self.low, self.high)
        return reaching_down(position, rng.uniform(-self.yaw, self.yaw))


@dataclass(frozen=True)
class TableRegion:
    """A rectangle of the table that objects stand in.

    Attributes:
        low: Least x and y, metres.
        high: Greatest x and y.
    """

    low: tuple[float, float] = (0.38, -0.22)
    high: tuple[float, float] = (0.62, 0.22)

    def __post_init__(self) -> None:
        _require_box(self.low, self.high)

    def draw(self, rng: np.random.Generator, radii: Sequence[float]) -> list[Array]:
        """Positions ``(2,)`` of round footprints that do not touch.

        Args:
            rng: Draws them.
            radii: Of the footprints, metres; they may reach over the region's edge.

        Raises:
            SimulationError: if there is hardly room for them.
        """
        reach = np.add.outer(radii, radii)
        others = ~np.eye(len(radii), dtype=bool)
        for _ in range(_ATTEMPTS):
            places = rng.uniform(self.low, self.high, (len(radii), 2))
            apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
            if (apart > reach)[others].all():
                return list(places)
        raise SimulationError(
            f"no room for footprints of radius {list(radii)} m in {self.low} to {self.high}: "
            "expected a larger region"
        )


def _require_box(low: Sequence[float], high: Sequence[float]) -> None:
    if not np.all(np.asarray(low) <= np.asarray(high)):
        raise InvalidParameterError(f"start box {low} to {high}: expected low <= high on each axis")
