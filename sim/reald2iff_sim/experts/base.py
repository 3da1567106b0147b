"""The interface of a scripted expert."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.simulator import Observation


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
