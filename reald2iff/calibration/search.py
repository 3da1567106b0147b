"""The search for the parameters: CMA-ES (Hansen 2016, pycma) in phases from cheap to dear."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reald2iff.calibration.parameters import (
    EXPOSURE,
    FINISHING,
    MATCHING,
    SearchParameter,
    from_cube,
    to_cube,
)
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values

_EDGE = 0.02
"""A start this near the end of a range is moved inside, where steps both ways are possible."""


@dataclass(frozen=True)
class Phase:
    """A part of the search.

    Attributes:
        name: For the progress.
        space: Parameters that change; the others stay at the best so far.
        share: Of the budget.
        step: First standard deviation, in ranges.
    """

    name: str
    space: tuple[SearchParameter, ...]
    share: float
    step: float


PHASES = (
    Phase("noise", FINISHING, 0.3, 0.12),
    Phase("matching and noise", MATCHING + FINISHING, 0.3, 0.1),
    Phase("all", EXPOSURE + MATCHING + FINISHING, 0.25, 0.07),
    Phase("noise again", FINISHING, 0.15, 0.04),
)
"""Trying other noise costs a fifth of trying other light: see `reald2iff.calibration.sensing`."""


class SearchLog:
    """Every point tried, one JSON line each: a stopped search that is started again reads instead of trying.

    Args:
        path: Of the file; made with the first point.
        objective: Names what was minimised; points of another objective are of no use.

    Raises:
        DatasetError: if the file is of another objective or cannot be read.
    """

    def __init__(self, path: Path, objective: str) -> None:
        self._path = path
        self._objective = objective
        self._known: dict[tuple[tuple[str, float], ...], float] = {}
        if path.exists():
            self._load()

    def __len__(self) -> int:
        return len(self._known)

    def distance(self, values: Mapping[str, float]) -> float | None:
        """What was measured at these values; None = not tried yet."""
        return self._known.get(tuple(sorted(values.items())))

    def add(self, values: Mapping[str, float], distance: float) -> None:
        """Keep a measurement, on disk too."""
        new = not self._path.exists()
        self._known[tuple(sorted(values.items()))] = distance
        with self._path.open("a", encoding="utf-8") as file:
            if new:
                file.write(json.dumps({"objective": self._objective}) + "\n")
            file.write(json.dumps({"distance": distance, "values": dict(values)}) + "\n")

    def _load(self) -> None:
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        try:
            header, *points = [json.loads(line) for line in whole] or [{}]
            found = header.get("objective")
            entries = [(point["values"], float(point["distance"])) for point in points]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{self._path}: not the log of a search ({error}): delete it") from error
        if found != self._objective:
            raise DatasetError(
                f"{self._path} is the log of a search with other frames, options or another version: "
                "delete it to begin anew, or choose another --out"
            )
        self._known = {tuple(sorted(values.items())): distance for values, distance in entries}
        if len(whole) < len(lines):
            # The run was killed in the middle of a line.
            self._path.write_text("".join(whole), encoding="utf-8")


@dataclass(frozen=True)
class SearchStep:
    """State of the search after a point.

    Attributes:
        phase: Name of the phase.
        tried: Points so far.
        distance: Of this point.
        best: Smallest distance so far.
    """

    phase: str
    tried: int
    distance: float
    best: float


def search(
    evaluate: Callable[[D435Twin], float],
    start: D435Twin,
    budget: int,
    seed: int,
    log: SearchLog,
    report: Callable[[SearchStep], None],
    phases: Sequence[Phase] = PHASES,
) -> tuple[D435Twin, float]:
    """The twin with the smallest distance found, and that distance.

    Args:
        evaluate: The distance of a twin, the same whenever it is asked.
        start: The first point.
        budget: Points to try.
        seed: Of the samples; the same seed tries the same points.
        log: Points already tried are read from it.
        report: Called after every point.
        phases: One after the other, each from the best point so far.

    Raises:
        InvalidParameterError: for a budget too small for every phase to take a step.
    """
    best, best_distance = start, np.inf
    tried = 0

    def measure(phase: str, values: dict[str, float]) -> float:
        nonlocal best, best_distance, tried
        twin = with_values(start, values)
        distance = log.distance(values)
        if distance is None:
            distance = evaluate(twin)
            log.add(values, distance)
        tried += 1
        if distance < best_distance:
            best, best_distance = twin, distance
        report(SearchStep(phase, tried, distance, best_distance))
        return distance

    everything = tuple(dict.fromkeys(parameter for phase in phases for parameter in phase.space))
    fixed = from_cube(to_cube(start, everything), everything)
    measure("start", fixed)
    for number, phase in enumerate(phases):
        strategy = _strategy(best, phase, seed * len(phases) + number)
        points = int(phase.share * (budget - 1)) // strategy.popsize * strategy.popsize
        if points == 0:
            raise InvalidParameterError(f"budget = {budget}: too few points for a generation of every phase")
        fixed = from_cube(to_cube(best, everything), everything)
        for _ in range(points // strategy.popsize):
            places = strategy.ask()
            strategy.tell(
                places, [measure(phase.name, {**fixed, **from_cube(x, phase.space)}) for x in places]
            )
    return best, best_distance


def _strategy(start: D435Twin, phase: Phase, seed: int) -> Any:
    import cma

    rng = np.random.default_rng(seed)
    return cma.CMAEvolutionStrategy(
        np.clip(to_cube(start, phase.space), _EDGE, 1 - _EDGE),
        phase.step,
        {
            "bounds": [0, 1],
            "seed": np.nan,  # its own generator, below: pycma would seed numpy's global one
            "randn": lambda *shape: rng.standard_normal(shape),
            "verbose": -9,
        },
    )
