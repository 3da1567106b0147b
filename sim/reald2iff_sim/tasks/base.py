"""The interface of a task, in terms that every backend can build and every observation can answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.simulator import Observation

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ObjectSpec:
    """A movable object, for a backend to build.

    Attributes:
        name: Under which `Observation.object_poses` holds its pose.
        shape: ``box``, ``cylinder`` (along z) or ``sphere``.
        size: Extent along x, y, z in metres (not halved).
        rgba: Colour, 0 to 1.
        mass: Kilograms.
        friction: Sliding coefficient against the table (in the hand, the fingers' rubber decides).
    """

    name: str
    shape: Literal["box", "cylinder", "sphere"]
    size: tuple[float, float, float]
    rgba: tuple[float, float, float, float]
    mass: float
    friction: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in ("box", "cylinder", "sphere"):
            raise InvalidParameterError(f"shape {self.shape!r}: expected box, cylinder or sphere")
        if min(self.size) <= 0 or self.mass <= 0:
            raise InvalidParameterError(
                f"object {self.name!r}, size {self.size} m, mass {self.mass} kg: expected positive values"
            )


@dataclass(frozen=True)
class Subtask:
    """A stretch of the task relative to one object (MimicGen).

    Attributes:
        object_ref: Object that the end effector moves relative to.
        term_signal: Name of the signal whose change from 0 to 1 ends it; None for the last one.
    """

    object_ref: str
    term_signal: str | None


@dataclass(frozen=True)
class InitialState:
    """How an episode begins.

    Attributes:
        object_poses: ``T_world_object (4, 4)`` by object name, at rest on the table (z = 0).
        eef_pose: ``T_world_eef (4, 4)`` of the arm.
        gripper_width: Metres.
    """

    object_poses: dict[str, Array]
    eef_pose: Array
    gripper_width: float


@dataclass(frozen=True)
class Task(ABC):
    """Sub-classes are dataclasses of their parameters. Predicates take an observation and keep no state."""

    name: ClassVar[str]
    max_steps: ClassVar[int]
    """Control steps after which an episode counts as failed."""

    @property
    @abstractmethod
    def language(self) -> str:
        """Instruction in words."""

    @property
    @abstractmethod
    def objects(self) -> tuple[ObjectSpec, ...]:
        """Movable objects."""

    @property
    @abstractmethod
    def subtasks(self) -> tuple[Subtask, ...]:
        """In the order in which they are done."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> InitialState:
        """Start of an episode, from the task's reset distribution."""

    @abstractmethod
    def success(self, observation: Observation) -> bool:
        """Whether the task is done."""

    @abstractmethod
    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        """0 or 1 for every `Subtask.term_signal`."""
