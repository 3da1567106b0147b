"""The frames that realism is measured on: a pair data set's held-out scenes, as a user of depth gets them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import (
    PinholeIntrinsics,
    depth_to_disparity,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
)
from reald2iff.metrics.holes import hole_ratio
from reald2iff.metrics.residual import residual, robust_spread
from reald2iff.pairs import PairArrays, load_pairs
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS, Split, decode_disparity, read_index
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values
from reald2iff.sensors.setting import SensorSetting
from reald2iff.user_cache import cache_folder

_FIT_VIEWS = 16
"""Training views that the analytic models are fitted to (every second one is set as test views are): their
spread and hole share need no more."""


@dataclass(frozen=True)
class PairedFrames:
    """Views of scenes with the sensor's answer.

    Attributes:
        clean: ``(N, H, W) float32`` disparity, px, 0 = invalid.
        sensor: ``(N, H, W) float32`` disparity of the sensor, px, 0 = invalid: the reference.
        redrawn: The same views sensed again, with other noise and materials.
        scene: ``(N,) int64``.
        focal_baseline: ``(N,) float32``; depth = focal_baseline / disparity.
        baseline: Of the sensor, metres.
    """

    clean: NDArray[np.float32]
    sensor: NDArray[np.float32]
    redrawn: NDArray[np.float32]
    scene: NDArray[np.int64]
    focal_baseline: NDArray[np.float32]
    baseline: float

    def __len__(self) -> int:
        return len(self.clean)

    def intrinsics(self, index: int) -> PinholeIntrinsics:
        """Of a view; pair data sets keep the focal length, their principal point is the centre."""
        height, width = self.clean.shape[1:]
        focal = float(self.focal_baseline[index]) / self.baseline
        return PinholeIntrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)

    def clean_depth(self, index: int) -> NDArray[np.float32]:
        """Clean depth ``(H, W)`` of a view, metres, 0 = invalid."""
        return disparity_to_depth(self.clean[index], self.intrinsics(index).fx, self.baseline)

    def published_clean(self) -> NDArray[np.float32]:
        """Clean disparity ``(N, H, W)``, px, after the whole millimetres that every method goes through."""
        indices = range(len(self))
        return np.stack(
            [as_published(self.clean_depth(i), self.intrinsics(i).fx, self.baseline) for i in indices]
        )


def as_published(depth: NDArray[np.floating], fx: float, baseline: float) -> NDArray[np.float32]:
    """Disparity (px) of depth (m) after the whole millimetres in which a D435 publishes it.

    Every method and the reference go through it, so that near the camera, where a millimetre is coarser than
    the sensor's 1/32 px, rounding tells nobody from the other.
    """
    return depth_to_disparity(millimeters_to_meters(meters_to_millimeters(depth)), fx, baseline)


def load_test_frames(folder: Path, count: int | None = None) -> PairedFrames:
    """Test views of a pair data set.

    Args:
        folder: Of the data set.
        count: At most so many views, the first ones.

    Raises:
        DatasetError: if the folder holds no data set, no test views or no second draw of them.
    """
    baseline = camera_baseline(folder)
    pairs = load_pairs(folder, "test", count)
    if pairs.redrawn is None:
        raise DatasetError(f"{folder}: the test views were sensed once: expected a second draw of each")
    return frames_of(pairs, pairs.redrawn, baseline)


def camera_baseline(folder: Path) -> float:
    """Baseline of a pair data set's camera, metres.

    Raises:
        DatasetError: if its index does not say.
    """
    camera = read_index(folder).get("camera", {})
    if "baseline" not in camera:
        raise DatasetError(
            f"{folder}/index.json: no camera baseline: expected {{'camera': {{'baseline': m}}}}"
        )
    return float(camera["baseline"])


def frames_of(pairs: PairArrays, redrawn: NDArray[np.uint16], baseline: float) -> PairedFrames:
    """Views of a pair data set, with the sensor's two draws as it publishes them.

    Args:
        pairs: The views.
        redrawn: Their second draw, laid out like ``pairs.sensor_disparity``.
        baseline: Of the sensor, metres.
    """

    def published(stored: NDArray[np.uint16]) -> NDArray[np.float32]:
        images = np.empty(stored.shape, dtype=np.float32)
        for image, raw, scale in zip(images, stored, pairs.focal_baseline, strict=True):
            fx = float(scale) / baseline
            depth = disparity_to_depth(decode_disparity(raw, SENSOR_STEPS), fx, baseline)
            image[:] = as_published(depth, fx, baseline)
        return images

    return PairedFrames(
        clean=decode_disparity(pairs.clean_disparity, CLEAN_STEPS),
        sensor=published(pairs.sensor_disparity),
        redrawn=published(redrawn),
        scene=pairs.scene,
        focal_baseline=pairs.focal_baseline,
        baseline=baseline,
    )


@dataclass(frozen=True)
class SensorStatistics:
    """What the analytic noise models are fitted to.

    Attributes:
        spread: Robust spread of the disparity residual, px.
        hole_ratio: Share of holes.
    """

    spread: float
    hole_ratio: float


def training_statistics(folder: Path) -> SensorStatistics:
    """Statistics of the sensor, set as test views are, on training views.

    Raises:
        DatasetError: if the data set has no such training views.
    """
    pairs = load_pairs(folder, "train", 2 * _FIT_VIEWS)
    default = SensorSetting()
    alike = np.flatnonzero((pairs.strength == default.strength) & (pairs.density == default.density))
    if len(alike) == 0:
        raise DatasetError(
            f"{folder}: none of {len(pairs.scene)} training views is sensed at strength {default.strength:g} "
            f"and preset {default.preset}: expected some to fit the analytic models to"
        )
    clean = decode_disparity(pairs.clean_disparity[alike], CLEAN_STEPS)
    sensor = decode_disparity(pairs.sensor_disparity[alike], SENSOR_STEPS)
    return SensorStatistics(robust_spread(residual(sensor, clean)), hole_ratio(sensor, clean))


def recorded_twin(folder: Path) -> D435Twin:
    """The sensor that a data set was made with, so that nothing but its one view tells the live twin from it.

    What the data set does not record, or this version's twin has no more, is as the twin ships.

    Raises:
        DatasetError: if the folder holds no data set.
    """
    twin = D435Twin()
    recorded = read_index(folder).get("sensor", {})
    if recorded.get("name") != twin.name:
        return twin
    for group, values in recorded.items():
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            path = f"{group}.{name}" if name else group
            try:
                twin = with_values(twin, {path: value})
            except InvalidParameterError:
                continue
    return twin


def generate_small_set(views: int, seed: int, workers: int | None = None) -> tuple[Path, Path]:
    """Generate (or find) views of test scenes, and a few of training scenes, in the user's cache folder.

    Args:
        views: Of test scenes.
        seed: Of the scenes.
        workers: Processes; None = as many as cores.

    Returns:
        Folder of the test views, and of those that the analytic models are fitted to.
    """
    from reald2iff.pairs.generate import GenerateConfig, generate

    folders = []
    wanted: dict[Split, int] = {"test": views, "train": 2 * _FIT_VIEWS}
    for split, count in wanted.items():
        folders.append(cache_folder() / f"bench_pairs_{seed}_{split}_{count}")
        print(f"{count} {split} views in {folders[-1]}", file=sys.stderr)
        generate(GenerateConfig(folders[-1], count, seed, workers or os.cpu_count() or 1, splits=(split,)))
    return folders[0], folders[1]
