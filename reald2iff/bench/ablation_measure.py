"""Measures a trained variant of an ablation on validation scenes, with the columns of `bench realism`."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reald2iff.bench.evaluation import SELF_CHECK, PairedEvaluation
from reald2iff.bench.frames import as_published, camera_baseline, frames_of
from reald2iff.diffusion.calibrate import calibrate
from reald2iff.diffusion.condition import setting_values
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.view_samples import sample_views
from reald2iff.errors import DatasetError
from reald2iff.geometry import disparity_to_depth
from reald2iff.metrics.holes import hole_ratio
from reald2iff.metrics.two_sample import TwoSampleConfig, two_sample_test
from reald2iff.pairs import PairArrays, load_pairs


class ValidationViews:
    """Validation views of a pair data set, spread evenly: some to set thresholds on, others to measure.

    Args:
        folder: Of the data set.
        views: To measure.
        calibration_views: To set the validity thresholds on; none of their scenes is measured.
        classifiers: Of the two-sample test, by column.

    Raises:
        DatasetError: if there are too few validation scenes, or they were sensed once only.
    """

    def __init__(
        self, folder: Path, views: int, calibration_views: int, classifiers: dict[str, TwoSampleConfig]
    ) -> None:
        self._classifiers = classifiers
        pairs = load_pairs(folder, "val")
        scenes = np.unique(pairs.scene)
        if len(scenes) < 5 or pairs.redrawn is None:
            raise DatasetError(
                f"{folder}: {len(scenes)} validation scenes, second draw: {pairs.redrawn is not None}; "
                "expected at least 5, each view sensed twice: generate more views"
            )
        share = calibration_views / (views + calibration_views)
        apart = np.isin(pairs.scene, scenes[: max(1, round(len(scenes) * min(share, 0.5)))])
        self.calibration = _spread(pairs, apart, calibration_views)
        measured = _spread(pairs, ~apart, views)
        assert measured.redrawn is not None
        self.frames = frames_of(measured, measured.redrawn, camera_baseline(folder))
        self._settings = setting_values(
            torch.from_numpy(measured.strength), torch.from_numpy(measured.density)
        )
        self._evaluation = PairedEvaluation(self.frames)

    def reference(self) -> tuple[dict[str, Any], list[str]]:
        """Figures of the sensor redrawn, and what is wrong with the measurement itself (empty: nothing)."""
        redrawn = self._two_sample(self.frames.redrawn)
        identity = self._two_sample(self.frames.published_clean())
        problems = SELF_CHECK.problems(redrawn, identity)
        others = {} if problems else self._evaluation.statistics(self.frames.redrawn)
        return {"variant": "sensor redrawn", **redrawn, **others}, problems

    def sensor(self) -> dict[str, Any]:
        """Statistics of the sensor on the measured views."""
        return self._evaluation.sensor()

    def measure(self, pipeline: RealD2iffPipeline, seed: int) -> dict[str, Any]:
        """Set the pipeline's thresholds, generate the measured views and compare them with the sensor's.

        Args:
            pipeline: Changed: it holds the thresholds afterwards.
            seed: Of the noise.

        Returns:
            Columns of a row; `hole_ratio_uncalibrated` is what both thresholds at 0 would give.
        """
        cpu = time.process_time()
        views = sample_views(pipeline, self.calibration, seed)
        pipeline.set_sampling(calibrate(pipeline, self.calibration, views))
        generated, raw_ratio = self._generate(pipeline, seed)
        return {
            **self._two_sample(generated),
            **self._evaluation.statistics(generated),
            "hole_ratio_uncalibrated": raw_ratio,
            "measure_cpu_seconds": time.process_time() - cpu,
        }

    def _two_sample(self, generated: NDArray[np.float32]) -> dict[str, Any]:
        frames = self.frames
        return {
            name: two_sample_test(frames.clean, frames.sensor, generated, frames.scene, config).as_dict()
            for name, config in self._classifiers.items()
        }

    def _generate(self, pipeline: RealD2iffPipeline, seed: int) -> tuple[NDArray[np.float32], float]:
        frames = self.frames
        generated, raw = np.empty_like(frames.clean), np.empty_like(frames.clean)
        for index in range(len(frames)):
            clean = torch.from_numpy(frames.clean[index])[None, None]
            # Other noise than the calibration's, the same for every variant.
            generator = torch.Generator().manual_seed(seed * 1_000_003 + 500_000 + index)
            samples = pipeline.sample(clean, generator=generator, setting=self._settings[index][None])
            decode = pipeline.representation.decode
            if samples.fine is None:
                sample = samples.coarse
                disparity = decode(clean, sample, pipeline.sampling.coarse_validity_threshold)
            else:
                sample = samples.fine
                disparity = pipeline.decode_fine(clean, sample, samples.missing)
            fx = frames.intrinsics(index).fx
            depth = disparity_to_depth(disparity[0, 0].numpy(), fx, frames.baseline)
            generated[index] = as_published(depth, fx, frames.baseline)
            raw[index] = decode(clean, sample)[0, 0].numpy()
        return generated, hole_ratio(raw, frames.clean)


def _spread(pairs: PairArrays, usable: NDArray[np.bool_], count: int) -> PairArrays:
    """At most ``count`` of the usable views, evenly over them: as many scenes as possible."""
    found = np.flatnonzero(usable)
    chosen = found[np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)]
    arrays = ((field.name, getattr(pairs, field.name)) for field in dataclasses.fields(pairs))
    return dataclasses.replace(pairs, **{name: a[chosen] for name, a in arrays if a is not None})
