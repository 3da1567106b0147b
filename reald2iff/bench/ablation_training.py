"""Trains the variants of an ablation as small runs of the method's own training; what is finished is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from diffusers import FlowMatchEulerDiscreteScheduler

from reald2iff.bench.ablation_studies import Variant
from reald2iff.bench.report import write_json
from reald2iff.bench.work import key_of
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.diffusion.training.checkpoint import fingerprint_of
from reald2iff.diffusion.training.coarse import CoarseStage
from reald2iff.diffusion.training.config import (
    CoarseConfig,
    FineConfig,
    NetworkConfig,
    ObjectiveConfig,
    TrainConfig,
)
from reald2iff.diffusion.training.fine import FineStage
from reald2iff.diffusion.training.loop import Stage, Trainer, choose_device
from reald2iff.diffusion.weights import load_backbone
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.pairs.format import INDEX_NAME, read_index, write_atomically

_WARMUP_SHARE = 0.1
_WIDTH_STEP = 8
"""Widths are multiples of the normalisation's groups."""


@dataclass(frozen=True)
class SmallRun:
    """What all variants of an ablation share.

    Attributes:
        pairs: Pair data set: variants are trained on its training scenes and measured on validation scenes.
        work: Folder for trained variants, figures and the plot; what it holds already is not done again (give
            another one after a change of the program).
        steps: Optimisation steps of each stage.
        batch_size: Windows a step.
        window: Side of a window, px.
        widths: Channels of each level of the networks.
        coarse_calls: Network calls of the coarse stage.
        fine_calls: Network calls of the fine stage.
        train_views: Train on at most about so many views, the first ones.
        device: Where to train and to generate; auto takes CUDA when there is one.
        precision: bf16 computes the networks in bfloat16 (weights stay float32).
        threads: CPU threads; 0 leaves torch's choice.
    """

    pairs: Path
    work: Path = Path("runs/ablation")
    steps: int = 250
    batch_size: int = 8
    window: int = 96
    widths: tuple[int, ...] = (32, 64)
    coarse_calls: int = 3
    fine_calls: int = 4
    train_views: int = 512
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["bf16", "fp32"] = "bf16"
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "window", "coarse_calls", "fine_calls", "train_views"):
            if getattr(self, name) < 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected 1 or more")
        if self.threads < 0:
            raise InvalidParameterError(f"threads = {self.threads}: expected 0 or more")
        if not self.widths or any(w < _WIDTH_STEP or w % _WIDTH_STEP for w in self.widths):
            raise InvalidParameterError(f"widths = {self.widths}: expected multiples of {_WIDTH_STEP}")


@dataclass(frozen=True)
class Trained:
    """A trained variant.

    Attributes:
        pipeline: With the network calls of the run; thresholds not calibrated.
        key: Of everything that its weights depend on.
        cpu_seconds: Processor time of its training, that of a coarse stage shared with others included.
        wall_seconds: The same on the clock.
        parameters: Of all its networks.
    """

    pipeline: RealD2iffPipeline
    key: str
    cpu_seconds: float
    wall_seconds: float
    parameters: int


def link_pairs(source: Path, folder: Path, train_views: int) -> None:
    """Make ``folder`` show the validation shards and the first training shards of a data set, by links.

    Raises:
        DatasetError: if ``source`` holds no data set.
    """
    index = read_index(source)
    folder.mkdir(parents=True, exist_ok=True)
    seen = 0
    for entry in index["shards"]:
        shard, link = (source / entry["name"]).resolve(), folder / entry["name"]
        wanted = entry["split"] == "val" or (entry["split"] == "train" and seen < train_views)
        if not wanted or not shard.exists():
            continue
        seen += entry["views"] if entry["split"] == "train" else 0
        if not link.is_symlink():
            link.symlink_to(shard)
    write_atomically(folder / INDEX_NAME, (source / INDEX_NAME).read_bytes())


class VariantTraining:
    """Trains variants in ``work``; two that share a coarse stage share its training.

    Args:
        run: What all of them share.

    Raises:
        DatasetError: if there is no pair data set, or ``work`` cannot be written.
    """

    def __init__(self, run: SmallRun) -> None:
        self._run = run
        self._pairs = run.work / f"pairs_{run.train_views}"
        try:
            link_pairs(run.pairs, self._pairs, run.train_views)
        except OSError as error:
            raise DatasetError(f"work folder {run.work}: cannot be written ({error})") from error
        self._data = key_of((run.pairs / INDEX_NAME).read_text(), run.train_views)

    def key(self, variant: Variant, seed: int) -> str:
        """Twelve letters for everything that the weights depend on."""
        coarse = self._coarse_config(variant, seed)
        return coarse.out.name if variant.one_stage else self._fine_config(variant, seed, coarse).out.name

    def train(self, variant: Variant, seed: int) -> Trained:
        """The trained variant; only what is not finished yet is trained."""
        coarse = self._coarse_config(variant, seed)
        spent = [_train(coarse, lambda: CoarseStage(coarse))]
        if variant.one_stage:
            backbone = load_backbone(coarse.out / "backbone")
            # The pipeline's coarse stage alone: no fine steps, its second network is never called.
            pipeline = RealD2iffPipeline(
                backbone,
                backbone,
                FlowMatchEulerDiscreteScheduler(shift=coarse.objective.shift),
                representation=asdict(variant.representation),
                sampling=asdict(SamplingDefaults(self._run.coarse_calls + self._run.fine_calls, 0)),
            )
        else:
            fine = self._fine_config(variant, seed, coarse)
            spent.append(_train(fine, lambda: FineStage(fine)))
            pipeline = RealD2iffPipeline.from_pretrained(fine.out / "pipeline")
        pipeline.to(choose_device(self._run.device))
        return Trained(
            pipeline,
            self.key(variant, seed),
            sum(stage["cpu_seconds"] for stage in spent),
            sum(stage["wall_seconds"] for stage in spent),
            sum(stage["parameters"] for stage in spent),
        )

    def _options(self, variant: Variant, seed: int, stages: int) -> dict[str, Any]:
        run = self._run
        steps = max(1, round(run.steps * variant.steps_factor)) * stages
        widths = tuple(
            _WIDTH_STEP * max(1, round(w * variant.width_factor / _WIDTH_STEP)) for w in run.widths
        )
        return {
            "pairs": self._pairs,
            "steps": steps,
            "warmup": round(steps * _WARMUP_SHARE),
            "batch_size": run.batch_size,
            "window": run.window,
            "seed": seed,
            "device": run.device,
            "precision": run.precision,
            "threads": run.threads,
            "picture_every": 0,
            "representation": variant.representation,
            "network": NetworkConfig(widths=widths),
        }

    def _folder(self, name: str, config: TrainConfig, *more: str) -> Path:
        options = fingerprint_of(config)
        for place in ("pairs", "out", "coarse", "threads"):
            options.pop(place, None)
        return self._run.work / f"{name}_{key_of(self._data, options, *more)}"

    def _coarse_config(self, variant: Variant, seed: int) -> CoarseConfig:
        def config(out: Path) -> CoarseConfig:
            if not variant.one_stage:
                return CoarseConfig(out=out, frequency=variant.frequency, **self._options(variant, seed, 1))
            # Nothing reads its deviation map, which shall not cost the network anything.
            alone = ObjectiveConfig(deviation_weight=0.0)
            options = self._options(variant, seed, 2)
            return CoarseConfig(out=out, frequency=variant.frequency, objective=alone, **options)

        return config(self._folder("coarse", config(Path()), type(variant.frequency).__name__))

    def _fine_config(self, variant: Variant, seed: int, coarse: CoarseConfig) -> FineConfig:
        def config(out: Path) -> FineConfig:
            return FineConfig(
                out=out,
                coarse=coarse.out / "backbone",
                coarse_steps=self._run.coarse_calls,
                fine_steps=self._run.fine_calls,
                # As the coarse stage and the single one, so that compute stays equal.
                detail_width=0,
                discrepancy=variant.discrepancy,
                **self._options(variant, seed, 1),
            )

        return config(self._folder("fine", config(Path()), coarse.out.name))


def _train(config: TrainConfig, stage: Callable[[], Stage]) -> dict[str, Any]:
    """Run or finish a training, and say what it took, interrupted parts included."""
    path = config.out / "training.json"
    spent = {"cpu_seconds": 0.0, "wall_seconds": 0.0, "parameters": 0, "finished": False}
    if path.exists():
        spent = json.loads(path.read_text())
    if spent["finished"]:
        return spent
    cpu, wall = time.process_time(), time.monotonic()
    try:
        trained = stage()
        spent["parameters"] = sum(p.numel() for p in trained.model.parameters())
        Trainer(config, trained).run()
        spent["finished"] = True
    finally:
        spent["cpu_seconds"] += time.process_time() - cpu
        spent["wall_seconds"] += time.monotonic() - wall
        write_json(path, spent)
    return spent
