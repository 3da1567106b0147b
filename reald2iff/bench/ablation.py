"""`reald2iff bench ablation`: what each part of the method adds, measured on small trainings of its variants.

`--study method` is RealD2iff's Table 4: one stage of equal compute (E2E), without frequency-guided
supervision (FGS), without discrepancy-guided optimization (DGO), and both. All variants see the same
training windows and are measured on the same validation scenes; test scenes are not touched, so that what is
chosen here can be judged there. As in `bench realism` the measurement is checked first: the sensor redrawn
has to be at chance and clean depth found out. Interrupted or repeated, only what is missing is trained and
measured.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import torch

from reald2iff import __version__
from reald2iff.bench import evaluation
from reald2iff.bench.ablation_measure import ValidationViews
from reald2iff.bench.ablation_pictures import draw_study
from reald2iff.bench.ablation_studies import PAPER_TABLE_4, STUDIES, Variant
from reald2iff.bench.ablation_training import SmallRun, VariantTraining
from reald2iff.bench.report import format_cell, machine, print_table, write_json
from reald2iff.bench.work import Work, key_of
from reald2iff.errors import InvalidParameterError
from reald2iff.pairs.format import INDEX_NAME

COLUMNS = {
    "accuracy_16": "two-sample 16",
    "accuracy_64": "two-sample 64",
    "hole_ratio_error": "hole ratio error",
    "hole_iou": "hole IoU",
    "residual_spread_px": "spread px",
    "spectrum_distance_db": "spectrum dB",
    "miou": "mIoU",
    "chamfer_l2_x1000": "Chamfer x1000",
    "f_score": "F-score",
    "cpu_seconds": "training CPU s",
}
"""Figures of a variant and their headings."""


@dataclass(frozen=True)
class AblationConfig(SmallRun):
    """Options of `reald2iff bench ablation`.

    Attributes:
        study: What is varied: the stages (`method`, RealD2iff's table 4), how the residual is represented,
            the cutoff of FGS, block size, threshold and weights of DGO, or width and steps (`size`).
        seeds: Trainings of each variant; the table shows mean and standard deviation over them.
        views: Validation views to measure on.
        calibration_views: Validation views of other scenes on which the share of holes is set.
        classifier_effort: Training steps of the two-sample test's classifiers relative to `bench realism`.
            Below 1 is faster and tells less apart: such figures compare within a study only.
    """

    study: Literal["method", "representation", "cutoff", "block", "threshold", "weights", "size"] = "method"
    seeds: int = 3
    views: int = 32
    calibration_views: int = 8
    classifier_effort: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds < 1 or self.views < 8 or self.calibration_views < 1:
            raise InvalidParameterError(
                f"seeds {self.seeds}, views {self.views}, calibration_views {self.calibration_views}: "
                "expected at least 1, 8 and 1"
            )
        if not 0 < self.classifier_effort <= 1:
            raise InvalidParameterError(
                f"classifier_effort = {self.classifier_effort}: expected above 0, at most 1"
            )


def bench_ablation(config: AblationConfig) -> int:
    """Train and measure what is missing, print the table, write ``WORK/STUDY.json`` and ``WORK/STUDY.png``.

    Returns 1 without training if the measurement fails its own check.

    Raises:
        DatasetError: if there is no pair data set, or too few validation views in it.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    training = VariantTraining(config)
    classifiers = {
        name: replace(full, steps=max(1, round(full.steps * config.classifier_effort)))
        for name, full in evaluation.CLASSIFIERS.items()
    }
    views = ValidationViews(config.pairs, config.views, config.calibration_views, classifiers)
    measurement = key_of(
        (config.pairs / INDEX_NAME).read_text(),
        config.views,
        config.calibration_views,
        {name: asdict(classifier) for name, classifier in classifiers.items()},
    )
    work = Work(config.work / "figures", measurement)
    reference = work.figures("reference", "")
    if reference is None:
        _say("checking the measurement: sensor redrawn, clean depth")
        row, problems = views.reference()
        reference = {"row": row, "problems": problems}
        work.keep_figures("reference", "", reference)
    if reference["problems"]:
        return _refuse(reference["problems"])

    variants = STUDIES[config.study]
    runs = [(variant, seed) for seed in range(config.seeds) for variant in variants]
    rows: dict[str, list[dict[str, Any]]] = {variant.name: [] for variant in variants}
    for done, (variant, seed) in enumerate(runs):
        _say(f"[{done + 1}/{len(runs)}] {variant.name}, seed {seed}")
        rows[variant.name].append(_row(variant, seed, training, views, work))
        payload = _payload(config, variants, rows, reference["row"], views)
        write_json(config.work / f"{config.study}.json", payload)
    _print(payload)
    picture = draw_study(payload, config.work / f"{config.study}.png")
    _say(f"figures: {config.work / config.study}.json\nplot: {picture}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _refuse(problems: list[str]) -> int:
    _say(
        "reald2iff bench ablation: the measurement failed its own check, nothing is trained:\n"
        + "".join(f"  {problem}\n" for problem in problems)
        + "More validation views (--views, or a larger --pairs set) make the classifier stronger and surer."
    )
    return 1


def _row(
    variant: Variant, seed: int, training: VariantTraining, views: ValidationViews, work: Work
) -> dict[str, Any]:
    """Figures of one training of a variant, from an earlier run if it has them."""
    key = training.key(variant, seed)
    row = work.figures("row", key)
    if row is None:
        trained = training.train(variant, seed)
        row = {
            "seed": seed,
            "trained": trained.key,
            "parameters": trained.parameters,
            "cpu_seconds": trained.cpu_seconds,
            "wall_seconds": trained.wall_seconds,
            **views.measure(trained.pipeline, seed),
        }
        work.keep_figures("row", key, row)
    return row


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the accuracies of its two-sample tests as columns."""
    return row | {f"accuracy_{size}": row[f"two_sample_{size}"]["accuracy"] for size in (16, 64)}


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation (of a sample; 0 for a single row) of every column over the seeds."""
    found = {}
    for column in COLUMNS:
        values = [value for row in rows if (value := flat(row).get(column)) is not None]
        if values:
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            found[column] = {"mean": float(np.mean(values)), "std": spread}
    return found


def _payload(
    config: AblationConfig,
    variants: tuple[Variant, ...],
    rows: dict[str, list[dict[str, Any]]],
    reference: dict[str, Any],
    views: ValidationViews,
) -> dict[str, Any]:
    paper = PAPER_TABLE_4 if config.study == "method" else {}
    return {
        "study": config.study,
        "variants": [
            {
                "variant": variant.name,
                "options": asdict(variant),
                "paper": paper.get(variant.name),
                "summary": summary(rows[variant.name]),
                "rows": rows[variant.name],
            }
            for variant in variants
            if rows[variant.name]
        ],
        "reference": reference,
        "sensor": views.sensor(),
        "meta": {
            "reald2iff": __version__,
            "options": {name: value for name, value in asdict(config).items() if name != "work"},
            "views": len(views.frames),
            "scenes": len(np.unique(views.frames.scene)),
            "machine": machine(),
        },
    }


def _print(payload: dict[str, Any]) -> None:
    cells = [
        {"variant": entry["variant"]}
        | {name: _cell(figures) for name, figures in entry["summary"].items()}
        | ({"paper": " / ".join(f"{value:g}" for value in entry["paper"])} if entry["paper"] else {})
        for entry in payload["variants"]
    ]
    headings = {"variant": "variant", **COLUMNS}
    if any("paper" in row for row in cells):
        headings["paper"] = "paper: mIoU/CD/F"
    meta, sensor = payload["meta"], payload["sensor"]
    print_table(
        f"Study {payload['study']}: {meta['options']['seeds']} seed(s), mean +- standard deviation; "
        f"{meta['views']} views of {meta['scenes']} validation scenes; two-sample: 0.5 = not told from the "
        f"sensor. The sensor itself: hole ratio {sensor['hole_ratio']:.4f}, spread "
        f"{sensor['residual_spread_px']:.3f} px",
        [*cells, flat(payload["reference"])],
        headings,
    )


def _cell(figures: dict[str, float]) -> str:
    mean = format_cell(figures["mean"])
    return f"{mean} +- {format_cell(figures['std'])}" if figures["std"] else mean
