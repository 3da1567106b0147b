"""`reald2iff bench speed`: milliseconds per 640x480 frame of every depth model, runtime and step count."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff import __version__
from reald2iff.bench.report import Timing, machine, print_table, timing, write_json
from reald2iff.bench.twin_stages import COLUMNS, time_stages
from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.sensors import NOISE_MODELS, D435Twin, NoiseModel

_COLUMNS = {
    "model": "model",
    "runtime": "runtime",
    "coarse_steps": "coarse steps",
    "fine_steps": "fine steps",
    "median_ms": "median ms",
    "p95_ms": "p95 ms",
    "iqr_ms": "IQR ms",
}


@dataclass(frozen=True)
class SpeedConfig:
    """Options of `reald2iff bench speed`."""

    weights: str = "default"
    """Weights of the diffusion model: "default" or a folder."""
    steps: tuple[tuple[int, int], ...] = ((1, 1), (2, 2), (4, 4))
    """Coarse and fine network calls to time, e.g. 1 1 2 2 4 4."""
    repeats: int = 15
    """Frames timed for each row."""
    warmup: int = 3
    """Frames before that."""
    sensors_only: bool = False
    """Time the analytic models and the twin only, without weights."""
    json: Path | None = None
    """Write the figures to this file."""

    def __post_init__(self) -> None:
        if self.repeats < 1 or self.warmup < 0:
            raise InvalidParameterError(
                f"repeats = {self.repeats}, warmup = {self.warmup}: expected at least 1 and 0"
            )
        for coarse, fine in self.steps:
            if coarse < 1 or fine < 0:
                raise InvalidParameterError(f"steps {coarse} {fine}: expected at least 1 and 0")


def bench_speed(config: SpeedConfig) -> int:
    """Time, print and write; returns the exit status.

    Raises:
        WeightsError: if the diffusion model's weights are missing.
        InvalidParameterError: for numbers out of range.
    """
    rows = []
    for row, model in _cases(config):
        print(f"timing {' '.join(str(value) for value in row.values())}", file=sys.stderr, flush=True)
        rows.append(row | time_model(model, config.warmup, config.repeats).as_dict())
    print_table(f"One {D435_DEPTH.width}x{D435_DEPTH.height} frame, {machine()['cpu']}", rows, _COLUMNS)
    stages = time_stages(D435Twin(), tabletop_depth(), D435_DEPTH, config.warmup, config.repeats)
    print_table("The D435 twin by stage", stages, COLUMNS)
    if config.json is not None:
        payload = {
            "rows": rows,
            "twin_stages": stages,
            "meta": {"reald2iff": __version__, "machine": machine()},
        }
        print(f"figures: {write_json(config.json, payload)}", file=sys.stderr)
    return 0


def time_model(model: NoiseModel, warmup: int, repeats: int) -> Timing:
    """Time of a frame, depth in metres to depth in metres."""
    depth = tabletop_depth()
    rng = np.random.default_rng(0)
    return timing(lambda: model.apply(depth, D435_DEPTH, rng), warmup, repeats)


def tabletop_depth() -> NDArray[np.float32]:
    """A clean ``(480, 640)`` depth image, metres: a table before a wall, and a box on it."""
    row = np.arange(D435_DEPTH.height, dtype=np.float32)[:, None]
    table = 0.55 * D435_DEPTH.fy / np.maximum(row - 60, 1)
    depth = np.broadcast_to(np.minimum(table, np.float32(2.5)), (D435_DEPTH.height, D435_DEPTH.width)).copy()
    depth[220:330, 260:370] = 0.7
    return depth


def _cases(config: SpeedConfig) -> Iterator[tuple[dict[str, Any], NoiseModel]]:
    """Rows without their times, and the model of each; one is made at a time."""
    if not config.sensors_only:
        yield from _diffusion_cases(config)
    for name, model in NOISE_MODELS.items():
        yield {"model": name, "runtime": "numpy"}, model()


def _diffusion_cases(config: SpeedConfig) -> Iterator[tuple[dict[str, Any], NoiseModel]]:
    import torch

    from reald2iff.diffusion import load_realism

    runtimes = ["openvino", "cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    for runtime in runtimes:
        loaded = load_realism(config.weights, runtime)
        name = {"cpu": "torch cpu", "cuda": "torch cuda"}.get(runtime, runtime)
        for coarse, fine in config.steps:
            steps = {"coarse_steps": coarse, "fine_steps": fine}
            yield {"model": "reald2iff", "runtime": name, **steps}, loaded.with_steps(coarse, fine)
