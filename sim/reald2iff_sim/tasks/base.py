"""The interface of a task, in terms that every backend can build and every observation can answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.simulator import Observation
from reald2iff_sim.tasks.objects import ObjectSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subtask:
    """A stretch of the task relative to one object (MimicGen).

    Attributes:
        name: What is done in it, for reports.
        object_ref: Object that the end effector moves relative to.
        term_signal: Name of the signal whose change from 0 to 1 ends it; None for the last one, which ends
            with success.
    """

    name: str
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
        """What stands on the table."""

    @property
    @abstractmethod
    def subtasks(self) -> tuple[Subtask, ...]:
        """In the order in which they are done."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> InitialState:
        """Start of an episode, from the task's reset distribution: nothing touches, all is in reach."""

    @abstractmethod
    def success(self, observation: Observation) -> bool:
        """Whether the task is done."""

    @abstractmethod
    def subtask_signals(self, observation: Observation) -> dict[str, int]:
        """0 or 1 for every `Subtask.term_signal`."""
