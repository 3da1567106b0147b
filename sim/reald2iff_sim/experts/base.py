"""The interface of a scripted expert."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.simulator import Observation, Simulator, StepResult


class Expert(ABC):
    """Solves one task from observations.

    Attributes:
        phase: What it is doing, for displays.
    """

    phase: str

    @abstractmethod
    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode; ``rng`` draws the way in which it will be solved."""

    @abstractmethod
    def act(self, observation: Observation) -> NDArray[np.float64]:
        """Next action ``(7,)`` in [-1, 1], see `reald2iff_sim.control.actions.ActionSpace`."""


def rollout(simulator: Simulator, expert: Expert, seed: int) -> Iterator[tuple[Observation, StepResult]]:
    """One episode of an expert: each observation and what the action chosen on it led to.

    It ends with success or after the task's ``max_steps``. The seed draws the scene and the expert's way.
    """
    observation = simulator.reset(seed)
    expert.reset(np.random.default_rng([seed, 1]))
    for _ in range(simulator.task.max_steps):
        result = simulator.step(expert.act(observation))
        yield observation, result
        if result.success:
            return
        observation = result.observation
