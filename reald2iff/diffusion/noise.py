"""The noise that samples start from: new with every frame, or partly the same over a sequence.

In a real stream holes stay while the scene does: they come from the surfaces and the dots on them. A sample
follows from its condition and its noise alone, so noise that stays gives holes that stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch

_KEPT = 8
"""Images of fixed noise that are remembered: of two cameras the four that a frame draws."""


@dataclass(frozen=True)
class NoiseSource:
    """Draws standard normal noise.

    Attributes:
        fresh: What is new with every frame, on the CPU; None = torch's own generator.
        static_seed: Of what stays from frame to frame; None = nothing stays.
        persistence: Share of the variance that stays, in [0, 1].
    """

    fresh: torch.Generator | None
    static_seed: int | None = None
    persistence: float = 0.0

    def draw(self, place: int, shape: tuple[int, ...]) -> torch.Tensor:
        """Noise of a shape; ``place`` tells apart what is drawn for one frame."""
        noise = torch.randn(shape, generator=self.fresh)
        if self.static_seed is None:
            return noise
        fixed = _fixed(self.static_seed, place, tuple(shape))
        return math.sqrt(self.persistence) * fixed + math.sqrt(1 - self.persistence) * noise


@lru_cache(maxsize=_KEPT)
def _fixed(seed: int, place: int, shape: tuple[int, ...]) -> torch.Tensor:
    generator = torch.Generator().manual_seed((seed * 1_000_003 + place) % 2**63)
    return torch.randn(shape, generator=generator)
