"""The search for the parameters: down the slope of the features first, then by sampling.

Each feature of the fingerprint follows a few parameters smoothly, so that a robust least-squares solver
(SciPy's trust region with bounds) comes near in a few slopes; CMA-ES (Hansen 2016, pycma) then looks for what
the slopes do not show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.calibration.parameters import (
    EXPOSURE,
    FINISHING,
    MATCHING,
    SearchParameter,
    from_cube,
    to_cube,
)
from reald2iff.calibration.search_log import SearchLog, Shares
from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values

_EDGE = 0.02
"""A start this near the end of a range is moved inside, where steps both ways are possible."""

_SOFT = 0.005
"""Shares of the distance well above this count linearly, like the distance itself, smaller ones squared."""

_SLOPE_TRIALS = 2
"""Points tried for every slope, more or less."""


@dataclass(frozen=True)
class Phase:
    """A part of the search.

    Attributes:
        name: For the progress.
        space: Parameters that change, the cheapest to try first; the others stay at the best so far.
        share: Of the budget.
        step: In ranges: the differences that slopes are taken over, or the first standard deviation of
            samples.
        method: Down the ``"slope"``, or by ``"samples"``.
    """

    name: str
    space: tuple[SearchParameter, ...]
    share: float
    step: float
    method: Literal["slope", "samples"]


PHASES = (
    Phase("slope", FINISHING + MATCHING + EXPOSURE, 0.65, 0.05, "slope"),
    Phase("samples", FINISHING + MATCHING, 0.35, 0.03, "samples"),
)
"""Trying other noise costs a fifth of trying other light: see `reald2iff.calibration.sensing`."""


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


class _Spent(Exception):
    """A phase has used its share of the budget."""


class _Points:
    """Measures points, counts them and keeps the best."""

    def __init__(
        self,
        evaluate: Callable[[D435Twin], Shares],
        start: D435Twin,
        log: SearchLog,
        report: Callable[[SearchStep], None],
    ) -> None:
        self._evaluate, self._start, self._log, self._report = evaluate, start, log, report
        self._seen: set[tuple[float, ...]] = set()
        self.best, self.distance = start, np.inf

    @property
    def tried(self) -> int:
        """Different points so far."""
        return len(self._seen)

    def measure(self, phase: str, values: dict[str, float]) -> Shares:
        """Shares of the distance at a point; the phase is for the report."""
        twin = with_values(self._start, values)
        shares = self._log.shares(values)
        if shares is None:
            shares = self._evaluate(twin)
            self._log.add(values, shares)
        if tuple(values.values()) in self._seen:
            return shares
        self._seen.add(tuple(values.values()))
        distance = total_distance(shares)
        if distance < self.distance:
            self.best, self.distance = twin, distance
        self._report(SearchStep(phase, self.tried, distance, self.distance))
        return shares


def total_distance(shares: Shares) -> float:
    """The distance whose shares these are."""
    return float(sum(abs(share) for share in shares.values()))


def search(
    evaluate: Callable[[D435Twin], Shares],
    start: D435Twin,
    budget: int,
    seed: int,
    log: SearchLog,
    report: Callable[[SearchStep], None],
    phases: Sequence[Phase] = PHASES,
) -> tuple[D435Twin, float]:
    """The twin with the smallest distance found, and that distance.

    Args:
        evaluate: The shares of a twin's distance, the same whenever it is asked.
        start: The first point.
        budget: Points to try.
        seed: Of the samples; the same seed tries the same points.
        log: Points already tried are read from it.
        report: Called after every point.
        phases: One after the other, each from the best point so far.

    Raises:
        InvalidParameterError: for a budget too small for every phase to take a step.
    """
    needed = [_least(phase) / phase.share for phase in phases]
    if budget - 1 < max(needed):
        raise InvalidParameterError(
            f"budget = {budget}: expected at least {int(np.ceil(max(needed))) + 1}, a step of every phase"
        )
    everything = tuple(dict.fromkeys(parameter for phase in phases for parameter in phase.space))
    points = _Points(evaluate, start, log, report)
    points.measure("start", from_cube(to_cube(start, everything), everything))
    for number, phase in enumerate(phases):
        fixed = from_cube(to_cube(points.best, everything), everything)
        allowed = points.tried + int(phase.share * (budget - 1))

        def at(place: NDArray[np.float64], phase: Phase = phase, fixed: dict[str, float] = fixed) -> Shares:
            return points.measure(phase.name, {**fixed, **from_cube(place, phase.space)})

        if phase.method == "slope":
            _descend(at, phase, points, allowed)
        else:
            _sample(at, phase, points, allowed, seed * len(phases) + number)
    return points.best, points.distance


def _least(phase: Phase) -> int:
    """Points of one step of a phase."""
    if phase.method == "slope":
        return len(phase.space) + _SLOPE_TRIALS
    return _population(len(phase.space))


def _population(dimensions: int) -> int:
    """Hansen's default."""
    return 4 + int(3 * np.log(dimensions))


def _inside(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(place, _EDGE, 1 - _EDGE)


def _descend(at: Callable[[Any], Shares], phase: Phase, points: _Points, allowed: int) -> None:
    from scipy.optimize import least_squares

    names = sorted(at(_inside(to_cube(points.best, phase.space))))

    def residuals(place: NDArray[np.float64]) -> NDArray[np.float64]:
        if points.tried >= allowed:
            raise _Spent
        shares = at(place)
        # A feature that this twin's frames do not show says nothing.
        return np.array([shares.get(name, 0.0) for name in names])

    def slopes(place: NDArray[np.float64]) -> NDArray[np.float64]:
        here = residuals(place)
        columns = []
        for index in range(len(place)):
            moved = place.copy()
            moved[index] += phase.step if place[index] + phase.step <= 1 else -phase.step
            columns.append((residuals(moved) - here) / (moved[index] - place[index]))
        return np.stack(columns, axis=1)

    start = _inside(to_cube(points.best, phase.space))
    try:
        least_squares(residuals, start, slopes, bounds=(0, 1), loss="soft_l1", f_scale=_SOFT, xtol=1e-3)
    except _Spent:
        return


def _sample(at: Callable[[Any], Shares], phase: Phase, points: _Points, allowed: int, seed: int) -> None:
    import cma

    rng = np.random.default_rng(seed)
    strategy = cma.CMAEvolutionStrategy(
        _inside(to_cube(points.best, phase.space)),
        phase.step,
        {
            "bounds": [0, 1],
            "popsize": _population(len(phase.space)),
            "seed": np.nan,  # its own generator, next line: pycma would seed numpy's global one
            "randn": lambda *shape: rng.standard_normal(shape),
            "verbose": -9,
        },
    )
    for _ in range((allowed - points.tried) // strategy.popsize):
        places = strategy.ask()
        strategy.tell(places, [total_distance(at(place)) for place in places])
