"""`reald2iff bench realism`: how like the sensor's each method's depth is, on scenes none was trained on.

The reference is ``sensor_disparity`` of the test views. Row ``twin_redrawn`` is its second draw (same
rendering, other noise and materials): what a perfect model of the sensor would reach. Row ``twin`` is the
D435 twin used live on the one clean depth image, which has to guess what the other views show.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from reald2iff import __version__
from reald2iff.bench.evaluation import PairedEvaluation, failed_checks
from reald2iff.bench.frames import PairedFrames, generate_small_set, load_test_frames
from reald2iff.bench.methods import METHODS, REDRAWN, Method, build_methods, run_method
from reald2iff.bench.pictures import draw_methods
from reald2iff.bench.report import machine, print_table, write_json
from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.holes import hole_ratio
from reald2iff.metrics.two_sample import TwoSampleResult

_COLUMNS = {
    "method": "method",
    "accuracy_16": "two-sample 16",
    "auc_16": "AUC 16",
    "accuracy_64": "two-sample 64",
    "auc_64": "AUC 64",
    "hole_ratio": "hole ratio",
    "hole_ratio_error": "its error",
    "residual_spread_px": "spread px",
    "spectrum_distance_db": "spectrum dB",
    "chamfer_l2_mm2": "Chamfer mm2",
    "f_score": "F-score",
    "ms_per_frame": "ms/frame",
}
_MIN_FRAMES = 8

Step = Callable[[str, float], None]
"""Says what goes on, and how many steps of the whole were done since."""


@dataclass(frozen=True)
class RealismConfig:
    """Options of `reald2iff bench realism`."""

    pairs: Path | None = None
    """Pair data set; its test scenes are used. Without it a small one is generated into the cache folder."""
    weights: str = "default"
    """Weights of the diffusion model: "default" or a folder."""
    device: str = "auto"
    """auto, cpu, cuda or openvino."""
    frames: int = 64
    """At most so many test views."""
    methods: tuple[str, ...] = METHODS
    """Rows to measure."""
    seed: int = 0
    """Of every noise model."""
    json: Path | None = None
    """Write all figures to this file."""
    picture: Path | None = None
    """Write a picture of one test view by every method to this PNG."""

    def __post_init__(self) -> None:
        if self.frames < _MIN_FRAMES:
            raise InvalidParameterError(f"frames = {self.frames}: expected at least {_MIN_FRAMES}")
        if self.seed < 0:
            raise InvalidParameterError(f"seed = {self.seed}: expected 0 or more")
        if not self.methods or len(set(self.methods)) != len(self.methods):
            raise InvalidParameterError(f"methods = {self.methods}: expected different names, at least one")


def bench_realism(config: RealismConfig) -> int:
    """Measure, print and write; returns 1 without printing a figure if the measurement fails its own check.

    Raises:
        DatasetError: for a missing or broken data set.
        WeightsError: if the diffusion model's weights are missing.
        InvalidParameterError: for an unknown method, or too few scenes.
    """
    console = Console(stderr=True)
    if config.pairs is None:
        console.print("no --pairs given: generating a small data set (a few minutes, once)")
    folder = config.pairs or generate_small_set(seed=1)
    methods = build_methods(config.methods, folder, config.weights, config.device)
    frames = load_test_frames(folder, config.frames)
    evaluation = PairedEvaluation(frames)
    start = time.monotonic()
    with _progress(console, len(frames), len(methods)) as step:
        step("check: sensor redrawn", 0)
        redrawn = evaluation.two_sample(frames.redrawn)
        step("check: clean depth", 1)
        identity = evaluation.two_sample(frames.published_clean())
        step("checked", 1)
        problems = failed_checks(redrawn, identity)
        if problems:
            return _refuse(problems, frames)
        known = {REDRAWN: redrawn, "identity": identity}
        rows, shown = [], {}
        example = typical_frame(frames)
        for method in methods:
            row, generated = _row(method, evaluation, known.get(method.name), config.seed, step)
            rows.append(row)
            shown[method.name] = generated[example].copy()
    sensor = evaluation.sensor()
    payload = {
        "paired": {"rows": rows},
        "meta": {
            "reald2iff": __version__,
            "pairs": str(folder),
            "reference": "sensor_disparity of the test views",
            "frames": len(frames),
            "scenes": len(np.unique(frames.scene)),
            "seed": config.seed,
            "weights": config.weights,
            "sensor": sensor,
            "self_check": {
                "twin_redrawn": {name: result.as_dict() for name, result in redrawn.items()},
                "identity": {name: result.as_dict() for name, result in identity.items()},
            },
            "seconds": round(time.monotonic() - start, 1),
            "machine": machine(),
        },
    }
    _print(rows, sensor, frames)
    if config.json is not None:
        print(f"figures: {write_json(config.json, payload)}", file=sys.stderr)
    if config.picture is not None:
        print(f"picture: {draw_methods(frames, example, shown, config.picture)}", file=sys.stderr)
    return 0


def _row(
    method: Method,
    evaluation: PairedEvaluation,
    known: dict[str, TwoSampleResult] | None,
    seed: int,
    step: Step,
) -> tuple[dict[str, Any], NDArray[np.float32]]:
    frames = evaluation.frames
    generated, spent = run_method(
        method, frames, seed, lambda: step(f"{method.name}: frames", 1 / len(frames))
    )
    step(f"{method.name}: classifiers", 0)
    results = evaluation.two_sample(generated) if known is None else known
    row = {
        "method": method.name,
        "description": method.description,
        **{name: result.as_dict() for name, result in results.items()},
        **evaluation.statistics(generated),
        "ms_per_frame": None if spent is None else spent.median_ms,
        "ms_per_frame_p95": None if spent is None else spent.p95_ms,
    }
    step(f"{method.name}: done", 1)
    return row, generated


def _refuse(problems: list[str], frames: PairedFrames) -> int:
    scenes = len(np.unique(frames.scene))
    print(
        f"reald2iff bench realism: the measurement failed its own check on {len(frames)} views of {scenes} "
        "scenes, no figures are given:",
        *(f"  {problem}" for problem in problems),
        "More test views (--frames, or a larger --pairs set) make the classifier stronger and surer.",
        sep="\n",
        file=sys.stderr,
    )
    return 1


def _print(rows: list[dict[str, Any]], sensor: dict[str, Any], frames: PairedFrames) -> None:
    flat = [
        row
        | {
            f"{figure}_{size}": row[f"two_sample_{size}"][figure]
            for figure in ("accuracy", "auc")
            for size in (16, 64)
        }
        for row in rows
    ]
    print_table(
        f"Told from the sensor: 0.5 = not at all, 1 = always. {len(frames)} held-out views of "
        f"{len(np.unique(frames.scene))} scenes; the sensor itself: hole ratio {sensor['hole_ratio']:.4f}, "
        f"spread {sensor['residual_spread_px']:.3f} px",
        flat,
        _COLUMNS,
    )


def typical_frame(frames: PairedFrames) -> int:
    """The view whose hole ratio is the median one: for pictures."""
    ratios = [hole_ratio(s, c) for s, c in zip(frames.sensor, frames.clean, strict=True)]
    return int(np.argsort(ratios)[len(ratios) // 2])


@contextmanager
def _progress(console: Console, frames: int, methods: int) -> Iterator[Step]:
    """A bar over checks, frames and classifiers; a line per method where there is no terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=2 + 2 * methods)
    last = ""

    def step(text: str, share: float) -> None:
        nonlocal last
        bar.update(task, description=f"{text:<28}", advance=share)
        if not console.is_terminal and text != last:
            print(text, file=sys.stderr, flush=True)
        last = text

    with bar:
        yield step
