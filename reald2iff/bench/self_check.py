"""The measurement's check of itself: what must be at chance, and what must be found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SelfCheck:
    """Bounds of a measurement by classifiers.

    Where one is broken the classifier is too weak, or sees something that is not the noise, and its figures
    mean nothing.

    Attributes:
        chance: What must be at chance, in words.
        chance_limit: Highest accuracy of it, unless its confidence interval holds 0.5.
        found: What must be found out, in words.
        found_limit: Lowest accuracy of it.
        hint: What may be the matter where it is not found out.
    """

    chance: str
    chance_limit: float
    found: str
    found_limit: float
    hint: str = ""

    def problems(self, chance: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
        """What is wrong with the measurement itself, in words; empty if it can be trusted.

        Args:
            chance: `TwoSampleResult.as_dict` by classifier of what must be at chance.
            found: The same of what must be found out.
        """
        wrong = [
            f"{name}: {self.chance} with accuracy {result['accuracy']:.3f} (expected at most "
            f"{self.chance_limit}, or a confidence interval that holds 0.5)"
            for name, result in chance.items()
            if result["accuracy"] > self.chance_limit and result["ci95"][0] > 0.5
        ]
        hint = f": {self.hint}" if self.hint else ""
        return wrong + [
            f"{name}: {self.found} with accuracy {result['accuracy']:.3f} only (expected at least "
            f"{self.found_limit}){hint}"
            for name, result in found.items()
            if result["accuracy"] < self.found_limit
        ]
