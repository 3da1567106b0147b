"""One row of the realism benchmark from generated frames; and the check of the measurement itself.

Columns of a row, by name in the JSON (figures that cannot be had are null):

==========================  ================================================================================
two_sample_16, _64          accuracy, auc and ci95 of the classifier, see `reald2iff.metrics.two_sample`
hole_ratio, _error          share of holes where there is clean depth; its relative error against the sensor's
hole_iou                    of the holes with the sensor's; a second draw of the sensor does not reach 1
hole_rate_by_edge_distance  at 0-2, 2-5, 5-10, 10-20 px from a depth edge and beyond
hole_edge_error             mean absolute difference of these rates to the sensor's
residual_spread_px          robust spread of disparity against clean, px
residual_wasserstein        distance of its distribution to the sensor's, companded
spectrum_distance_db        of its radial power spectrum to the sensor's
residual_spectrum_db        that spectrum, at 1/64 .. 31/64 cycles/px
sigma_by_disparity          noise on planes, px, by class of disparity
miou, chamfer_l2_x1000,     as the papers have them, see `reald2iff.metrics.pointcloud`; mean over views
f_score, chamfer_l2_mm2
frechet_distance            on the features named in ``meta``, see `reald2iff.metrics.frechet`
fingerprint_distance        of the noise fingerprint to the sensor's, see `reald2iff.metrics.fingerprint`
ms_per_frame, _iqr, _p95    median, interquartile range and 95th percentile
==========================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import PairedFrames
from reald2iff.bench.noise_curves import noise_curves
from reald2iff.bench.parallel import in_parallel
from reald2iff.bench.self_check import SelfCheck
from reald2iff.errors import DatasetError
from reald2iff.geometry import disparity_to_depth
from reald2iff.metrics.fingerprint import Fingerprint, fingerprint, fingerprint_distance
from reald2iff.metrics.frechet import frechet_distance, tile_features
from reald2iff.metrics.holes import (
    edge_distance,
    hole_iou,
    hole_rate_by_edge_distance,
    hole_ratio,
    hole_ratio_error,
)
from reald2iff.metrics.pointcloud import CloudDistance, cloud_distance, cloud_of
from reald2iff.metrics.residual import (
    radial_spectrum,
    residual,
    robust_spread,
    spectrum_distance,
    wasserstein_companded,
)
from reald2iff.metrics.two_sample import PATCH_16, PATCH_64, TwoSampleConfig, TwoSampleResult, two_sample_test

CLASSIFIERS: dict[str, TwoSampleConfig] = {"two_sample_16": PATCH_16, "two_sample_64": PATCH_64}
"""Columns of the two-sample test and their classifiers."""

SELF_CHECK = SelfCheck(
    "the sensor redrawn is told from the sensor", 0.56, "clean depth is told from the sensor", 0.95
)
"""What a second draw of the sensor and clean depth must come out at."""

_CLOUD_STRIDE = 4
_FINGERPRINT_FRAMES = 32


class PairedEvaluation:
    """Compares generated disparity with the sensor's on the same views."""

    def __init__(self, frames: PairedFrames) -> None:
        self.frames = frames
        self.classifiers = CLASSIFIERS

    @cached_property
    def _sensor_residual(self) -> NDArray[np.float32]:
        return residual(self.frames.sensor, self.frames.clean)

    @cached_property
    def _sensor_features(self) -> NDArray[np.float32]:
        return tile_features(self.frames.sensor)

    @cached_property
    def _sensor_fingerprint(self) -> Fingerprint:
        return self._fingerprint(self.frames.sensor)

    def _fingerprint(self, images: NDArray[np.float32]) -> Fingerprint:
        """Of views spread evenly over the scenes: its medians settle long before all are in."""
        return fingerprint(list(images[:: max(1, len(images) // _FINGERPRINT_FRAMES)]))

    @cached_property
    def _sensor_hole_rates(self) -> NDArray[np.float64]:
        return hole_rate_by_edge_distance(self.frames.sensor, self.frames.clean, self._edge_distance)

    @cached_property
    def _edge_distance(self) -> NDArray[np.float32]:
        return np.stack([edge_distance(clean) for clean in self.frames.clean])

    def sensor(self) -> dict[str, Any]:
        """The reference's own statistics."""
        frames = self.frames
        return {
            "hole_ratio": hole_ratio(frames.sensor, frames.clean),
            "hole_rate_by_edge_distance": _rounded(self._sensor_hole_rates),
            "residual_spectrum_db": _rounded(radial_spectrum(self._sensor_residual)),
            "sigma_by_disparity": noise_curves(self._sensor_fingerprint)["sigma_by_disparity"],
            "residual_spread_px": robust_spread(self._sensor_residual),
        }

    def two_sample(self, generated: NDArray[np.float32]) -> dict[str, TwoSampleResult]:
        """Results of every classifier, one core each, on ``(N, H, W)`` disparity, px."""
        frames = self.frames
        jobs = {
            name: partial(two_sample_test, frames.clean, frames.sensor, generated, frames.scene, config)
            for name, config in self.classifiers.items()
        }
        return in_parallel(jobs)

    def statistics(self, generated: NDArray[np.float32]) -> dict[str, Any]:
        """The other columns for ``(N, H, W)`` disparity, px."""
        frames = self.frames
        differences = residual(generated, frames.clean)
        clouds = [self._clouds(generated, index) for index in range(len(frames))]
        found = [cloud for cloud in clouds if cloud is not None]
        rates = hole_rate_by_edge_distance(generated, frames.clean, self._edge_distance)
        noise = self._fingerprint(generated)
        figures = {
            "hole_ratio": hole_ratio(generated, frames.clean),
            "hole_ratio_error": hole_ratio_error(generated, frames.sensor, frames.clean),
            "hole_iou": hole_iou(generated, frames.sensor, frames.clean),
            "hole_edge_error": float(np.nanmean(np.abs(rates - self._sensor_hole_rates))),
            "residual_spread_px": robust_spread(differences),
            "residual_wasserstein": wasserstein_companded(differences, self._sensor_residual),
            "spectrum_distance_db": spectrum_distance(differences, self._sensor_residual),
            "miou": _mean([cloud.iou for cloud in found]),
            "chamfer_l2_x1000": _mean([cloud.chamfer_l2_x1000 for cloud in found]),
            "f_score": _mean([cloud.f_score for cloud in found]),
            "chamfer_l2_mm2": _mean([cloud.chamfer_l2 * 1e6 for cloud in found]),
            "frechet_distance": frechet_distance(tile_features(generated), self._sensor_features),
            "fingerprint_distance": self._fingerprint_distance(noise),
        }
        finite = {name: value if np.isfinite(value) else None for name, value in figures.items()}
        return finite | {
            "hole_rate_by_edge_distance": _rounded(rates),
            "residual_spectrum_db": _rounded(radial_spectrum(differences)),
            "sigma_by_disparity": noise_curves(noise)["sigma_by_disparity"],
        }

    def _fingerprint_distance(self, noise: Fingerprint) -> float:
        """NaN where the two have no feature in common, as clean depth of a bare scene."""
        try:
            return fingerprint_distance(noise, self._sensor_fingerprint)
        except DatasetError:
            return float("nan")

    def _clouds(self, generated: NDArray[np.float32], index: int) -> CloudDistance | None:
        """Distance of a frame's clouds; None where either side sees nothing."""
        intrinsics = self.frames.intrinsics(index)
        ours, sensor = (
            cloud_of(
                disparity_to_depth(images[index], intrinsics.fx, self.frames.baseline),
                intrinsics,
                _CLOUD_STRIDE,
            )
            for images in (generated, self.frames.sensor)
        )
        return cloud_distance(ours, sensor) if len(ours) and len(sensor) else None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 5) for value in values]
