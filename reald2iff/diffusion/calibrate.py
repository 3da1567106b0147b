"""Choosing texture, validity thresholds and rate of small holes of trained weights on validation views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reald2iff.diffusion.match_texture import matching_gains
from reald2iff.diffusion.pipeline import RealD2iffPipeline, StageSamples
from reald2iff.diffusion.sampling_defaults import MAX_SPECKLE_RATE, SamplingDefaults
from reald2iff.diffusion.speckle import small_holes
from reald2iff.diffusion.view_samples import clean_disparity, sample_views
from reald2iff.errors import InvalidParameterError
from reald2iff.pairs import PairArrays, load_pairs
from reald2iff.sensors.d435.statistics import nearness_to_breaks


@dataclass(frozen=True)
class CalibrateConfig:
    """Options of `reald2iff train calibrate`.

    Attributes:
        weights: Folder of a pipeline, as `reald2iff train fine` leaves it.
        pairs: Pair data set; its validation scenes are used.
        out: Where the calibrated pipeline goes.
        coarse_steps: The default number of network calls of the coarse stage from now on; None keeps it.
        fine_steps: The same of the fine stage.
        fine_temperature: Spread of the noise that the fine stage starts from; None keeps it.
        lowpass_sigma: Radius of the low-pass before quantisation, px, see `SamplingDefaults`; None keeps it.
        lowpass_tolerance: Of the same, px; None keeps it.
        validity_sigma: Of the outlines' smoothing, px, see `SamplingDefaults`; None keeps it.
        hole_field: Height of the field that makes holes grow, see `SamplingDefaults`; None keeps it.
        median_size: Of the outlines' smoothing, px; None keeps it.
        largest_step: Of the same, px; None keeps it.
        white_noise: Noise that is new in every pixel, px, see `SamplingDefaults`; None keeps it.
        lobe_noise: Noise of a box's side lobes, px; None keeps it.
        persistence: Share of the noise that stays over a sequence, see `SamplingDefaults`; None keeps it.
        surface_persistence: The same of noise on surfaces; None keeps it.
        real_pairs: Pairs of real frames: noise on planes is then put halfway between the pairs' and theirs.
        fine_validity_threshold: Set this threshold for the fine stage; None finds the one that gives the
            sensor's share of holes, which frays their outlines where it is far from 0.
        speckle_rate: Small holes per million px beside holes and jumps to punch; None counts those missing.
        shift: Of the scheduler, which places the steps; None keeps it.
        views: Validation views to look at.
        seed: Of the noise.
        threads: CPU threads; 0 leaves torch's choice.
    """

    weights: Path
    pairs: Path
    out: Path
    coarse_steps: int | None = None
    fine_steps: int | None = None
    fine_temperature: float | None = None
    lowpass_sigma: float | None = None
    lowpass_tolerance: float | None = None
    validity_sigma: float | None = None
    hole_field: float | None = None
    median_size: int | None = None
    largest_step: float | None = None
    white_noise: float | None = None
    lobe_noise: float | None = None
    persistence: float | None = None
    surface_persistence: float | None = None
    real_pairs: Path | None = None
    fine_validity_threshold: float | None = None
    speckle_rate: float | None = None
    shift: float | None = None
    views: int = 32
    seed: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        if self.views < 1:
            raise InvalidParameterError(f"views = {self.views}: expected 1 or more")


def threshold_for(validity: np.ndarray, hole_share: float) -> float:
    """The threshold below which ``hole_share`` of the generated validity lies."""
    return float(np.quantile(validity, np.clip(hole_share, 0, 1)))


def calibrate(
    pipeline: RealD2iffPipeline, pairs: PairArrays, views: Sequence[StageSamples]
) -> SamplingDefaults:
    """Sampling defaults of ``pipeline`` with the thresholds that give each stage the sensor's share of holes.

    Args:
        pipeline: With the steps that will be used.
        pairs: Views to look at.
        views: `sample_views` of them.
    """
    validity: dict[str, list[np.ndarray]] = {"coarse": [], "fine": []}
    holes, seen = 0, 0
    for index, samples in enumerate(views):
        measurable = pairs.clean_disparity[index] > 0
        holes += int((pairs.sensor_disparity[index][measurable] == 0).sum())
        seen += int(measurable.sum())
        for stage, sample in (("coarse", samples.coarse), ("fine", samples.fine)):
            if sample is not None:
                # A quarter of the px is plenty for a quantile.
                validity[stage].append(sample[0, 1].numpy()[measurable][::4])
    share = holes / max(seen, 1)
    thresholds: dict[str, Any] = {
        f"{stage}_validity_threshold": threshold_for(np.concatenate(values), share)
        for stage, values in validity.items()
        if values
    }
    return replace(pipeline.sampling, **thresholds)


def missing_speckle(pipeline: RealD2iffPipeline, pairs: PairArrays, views: Sequence[StageSamples]) -> float:
    """Rate of the small holes that the sensor has and the fine stage's samples have not, 0 if none.

    Holes per million px beside holes and jumps, see `reald2iff.sensors.d435.statistics.nearness_to_breaks`.

    Args:
        pipeline: With the steps, thresholds and low-pass that will be used.
        pairs: Views to look at.
        views: `sample_views` of them.
    """
    missing, likely = 0, 0.0
    for index, samples in enumerate(views):
        if samples.fine is None:
            return 0.0
        disparity = clean_disparity(pairs, index)
        generated = pipeline.decode_fine(disparity, samples.fine, samples.missing)[0, 0].numpy()
        clean = disparity[0, 0].numpy()
        missing += small_holes(pairs.sensor_disparity[index], clean) - small_holes(generated, clean)
        # The rate grows with the strength. Holes in holes are none.
        found = nearness_to_breaks(generated)[(generated > 0) & (clean > 0)].sum()
        likely += float(pairs.strength[index]) * float(found)
    # Samples in which nothing breaks off have no place for small holes.
    return float(np.clip(missing / (likely * 1e-6), 0, MAX_SPECKLE_RATE)) if likely else 0.0


def calibrate_weights(config: CalibrateConfig) -> int:
    """`reald2iff train calibrate`."""
    if config.threads:
        torch.set_num_threads(config.threads)
    pipeline = RealD2iffPipeline.from_pretrained(config.weights)
    # What is chosen on samples is set further down.
    chosen_later = {"fine_validity_threshold", "speckle_rate"}
    names = {f.name for f in fields(SamplingDefaults)} & {f.name for f in fields(config)} - chosen_later
    given: dict[str, Any] = {n: getattr(config, n) for n in names if getattr(config, n) is not None}
    pipeline.set_sampling(replace(pipeline.sampling, **given), config.shift)
    views = load_pairs(config.pairs, "val", config.views)
    samples = sample_views(pipeline, views, config.seed)
    sources = [(views, samples)]
    if config.real_pairs is not None:
        real = load_pairs(config.real_pairs, "train")
        sources.append((real, sample_views(pipeline, real, config.seed)))
    pipeline.set_sampling(replace(pipeline.sampling, texture_gains=matching_gains(pipeline, sources)))
    chosen = calibrate(pipeline, views, samples)
    if config.fine_validity_threshold is not None:
        chosen = replace(chosen, fine_validity_threshold=config.fine_validity_threshold)
    pipeline.set_sampling(chosen)
    rate = config.speckle_rate
    if rate is None:
        rate = missing_speckle(pipeline, views, samples)
    chosen = replace(chosen, speckle_rate=rate)
    pipeline.set_sampling(chosen)
    pipeline.save_pretrained(config.out)
    print("\n".join(f"{name}: {value}" for name, value in asdict(chosen).items()))
    print(f"calibrated weights in {config.out}")
    return 0
