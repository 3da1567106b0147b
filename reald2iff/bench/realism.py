"""`reald2iff bench realism`: how like the sensor's each method's depth is, on scenes none was trained on.

The reference is ``sensor_disparity`` of the test views. Row ``twin_redrawn`` is its second draw (same
rendering, other noise and materials): what a perfect model of the sensor would reach. Row ``twin`` is the
D435 twin used live on the one clean depth image, which has to guess what the other views show.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from reald2iff import __version__
from reald2iff.bench.evaluation import PairedEvaluation
from reald2iff.bench.frames import (
    PairedFrames,
    generate_small_set,
    load_test_frames,
    recorded_twin,
    training_statistics,
)
from reald2iff.bench.methods import METHODS, build_methods
from reald2iff.bench.paired import CHECK_STEPS, ROW_STEPS, measure_paired, paired_work_key
from reald2iff.bench.pictures import draw_methods, paired_slides, typical_frames
from reald2iff.bench.progress import progress
from reald2iff.bench.report import machine, write_json
from reald2iff.bench.table import print_paired, print_unpaired
from reald2iff.bench.work import Work
from reald2iff.errors import InvalidParameterError
from reald2iff.io.recordings import read_recordings
from reald2iff.metrics.frechet import EXTRACTOR

if TYPE_CHECKING:
    from reald2iff.bench.slider import Slide

_MIN_FRAMES = 8
_SHOWN = 3


@dataclass(frozen=True)
class RealismConfig:
    """Options of `reald2iff bench realism`.

    Every method turns the same clean depth into sensor depth, and small classifiers are trained to tell its
    patches from the sensor's: 0.5 = they cannot, 1.0 = always. On 16x16 px 3 convolutions learn for 600 steps
    of 64 pairs, on 64x64 px 4 convolutions for 300 steps of 32 pairs; the two sides of a pair are the same
    place of the same view. Training, patches and seed are fixed. Half of the scenes train, the others test:
    patches of one scene never stand on both sides. With --real the same is asked of real frames, cleaned and
    made noisy again.

    Every run first checks itself, whatever rows are asked for: the sensor drawn twice must come out at chance
    and clean depth must be found out, with every classifier, or no figure is given and the exit status is 1.

    Classifiers take most of the time, about a minute a row on two free cores; with --work an interrupted run
    continues where it stopped.
    """

    pairs: Path | None = None
    """Pair data set; its test scenes are used, and training scenes to fit the analytic models. Without it
    such views are generated into the cache folder, once (two seconds a view and core)."""
    weights: str = "default"
    """Weights of the diffusion model: "default" or a folder."""
    device: str = "auto"
    """auto, cpu, cuda or openvino."""
    real: Path | None = None
    """Real D435 frames too: a folder with an index.json that gives intrinsics, or a RealSense .bag file."""
    frames: int = 64
    """At most so many test views."""
    methods: tuple[str, ...] = METHODS
    """Rows to measure."""
    seed: int = 0
    """Of every noise model."""
    work: Path | None = None
    """Folder that keeps generated frames and finished rows: the same command continues from it. What no
    longer fits the views, weights, parameters or program is made anew. None: interrupted runs start over."""
    json: Path | None = None
    """Write all figures to this file."""
    picture: Path | None = None
    """Write a picture of one test view by every method to this PNG."""
    html: Path | None = None
    """Write tables, plots and a before/after slider to this page, which needs no other file."""

    def __post_init__(self) -> None:
        if self.frames < _MIN_FRAMES:
            raise InvalidParameterError(f"frames = {self.frames}: expected at least {_MIN_FRAMES}")
        if self.seed < 0:
            raise InvalidParameterError(f"seed = {self.seed}: expected 0 or more")
        if not self.methods or len(set(self.methods)) != len(self.methods):
            raise InvalidParameterError(f"methods = {self.methods}: expected different names, at least one")
        unknown = [name for name in self.methods if name not in METHODS]
        if unknown:
            raise InvalidParameterError(f"method {unknown[0]!r}: expected one of {', '.join(METHODS)}")


def bench_realism(config: RealismConfig) -> int:
    """Measure, print and write; returns 1 without printing a figure if the measurement fails its own check.

    Returns 1 too if no source of real frames could be measured.

    Raises:
        DatasetError: for missing or broken pairs or recordings, or a work folder that cannot be made.
        WeightsError: if the diffusion model's weights are missing.
        InvalidParameterError: for an unknown method, or too few scenes.
    """
    console = Console(stderr=True)
    pairs, fit = config.pairs, config.pairs
    if pairs is None or fit is None:
        console.print("no --pairs given: generating test views, and some to fit to (minutes, once)")
        pairs, fit = generate_small_set(config.frames, seed=1)
    if config.work is None:
        console.print("no --work given: an interrupted run will start over")
    start = time.monotonic()
    # What a user may have got wrong is read first: the classifiers take minutes.
    recordings = [] if config.real is None else read_recordings(config.real)
    methods = build_methods(
        config.methods,
        lambda: training_statistics(fit),
        config.weights,
        config.device,
        recorded_twin(pairs),
    )
    frames = load_test_frames(pairs, config.frames)
    evaluation = PairedEvaluation(frames)
    work = Work(config.work, paired_work_key(evaluation, config.seed))
    show = typical_frames(frames, _SHOWN)
    slides: list[Slide] = []
    unpaired: dict[str, Any] = {"rows": []}
    steps: float = CHECK_STEPS + ROW_STEPS * len(methods)
    if recordings:
        from reald2iff.bench.unpaired import measure_unpaired, unpaired_steps
        from reald2iff.denoising import load_denoiser

        cleaner = load_denoiser()
        steps += unpaired_steps(recordings, config.methods)
    with progress(steps, console) as step:
        result = measure_paired(evaluation, methods, work, config.seed, step, show)
        if not result.problems and recordings:
            unpaired = measure_unpaired(
                recordings,
                config.methods,
                config.weights,
                config.device,
                config.seed,
                step,
                cleaner=cleaner,
                show=slides.append,
                work=config.work,
            )
    if result.problems:
        return _refuse(result.problems, frames)
    meta = {
        "reald2iff": __version__,
        "pairs": str(pairs),
        "real": None if config.real is None else str(config.real),
        "reference": "sensor_disparity of the test views",
        "frames": len(frames),
        "scenes": len(np.unique(frames.scene)),
        "seed": config.seed,
        "weights": config.weights,
        "classifiers": {name: asdict(classifier) for name, classifier in evaluation.classifiers.items()},
        "frechet_features": EXTRACTOR,
        "seconds": round(time.monotonic() - start, 1),
        "machine": machine(),
    }
    paired = {"rows": result.rows, "sensor": result.sensor, "self_check": result.self_check}
    print_paired(result.rows, result.sensor, frames)
    print_unpaired(unpaired)
    slides = paired_slides(frames, show, result.shown) + slides
    _write(config, {"paired": paired, "unpaired": unpaired, "meta": meta}, slides)
    if config.picture is not None:
        shown = {name: images[0] for name, images in result.shown.items()}
        print(f"picture: {draw_methods(frames, show[0], shown, config.picture)}", file=sys.stderr)
    return 1 if recordings and not unpaired["rows"] else 0


def _write(config: RealismConfig, payload: dict[str, Any], slides: list[Slide]) -> None:
    if config.json is not None:
        print(f"figures: {write_json(config.json, payload)}", file=sys.stderr)
    if config.html is not None:
        from reald2iff.bench.html import write_html

        print(f"report: {write_html(config.html, payload, slides)}", file=sys.stderr)


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
