"""What a worker process of `reald2iff pairs generate` does: render scenes and sense them into one shard."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import SimulationError
from reald2iff.geometry import depth_to_disparity
from reald2iff.pairs.format import (
    CLEAN_STEPS,
    SENSOR_STEPS,
    Shard,
    Split,
    encode_disparity,
    write_shard,
)
from reald2iff.pairs.plan import ShardPlan
from reald2iff.pairs.source import RenderedView, SceneSource, find_scene_source
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.variation import randomised_twin
from reald2iff.sensors.setting import MAX_STRENGTH, PRESETS, SensorSetting

_SCENE_STRIDE = 2**32
_UNIT = 2**31
"""Marks the generator that draws a scene's sensor; views and redraws are counted from 0."""

_DEFAULT_SHARE = 0.5
"""Share of training scenes that are sensed at strength 1 and with the default preset."""


@dataclass(frozen=True)
class Job:
    """What all shards of a data set have in common.

    Attributes:
        folder: Where shards go.
        seed: Of the data set.
        source: Name of the scene source.
        views_per_scene: Camera poses of a scene.
        twin: The sensor that others are drawn around.
        spread: How far the units differ from it, see `randomised_twin`; 0 = all alike.
    """

    folder: Path
    seed: int
    source: str
    views_per_scene: int
    twin: D435Twin
    spread: float


@dataclass(frozen=True)
class ShardReport:
    """A shard was written.

    Attributes:
        name: File name.
        views: How many.
        hole_share: Share of pixels without sensor depth where there is clean depth.
    """

    name: str
    views: int
    hole_share: float


_worker: tuple[Job, SceneSource] | None = None


def start_worker(job: Job) -> None:
    """Initialise the process: one thread, one renderer; Ctrl-C is the parent's business."""
    import cv2

    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    _worker = job, find_scene_source(job.source)(job.views_per_scene)


def make_shard(plan: ShardPlan) -> ShardReport:
    """Render and sense the scenes of a shard and write it."""
    if _worker is None:
        raise SimulationError("make_shard outside a worker process")
    job, source = _worker
    return write_planned_shard(plan, job, source)


def write_planned_shard(plan: ShardPlan, job: Job, source: SceneSource) -> ShardReport:
    """See `make_shard`."""
    clean, sensor, redrawn, scenes, focal_baselines, kinds = [], [], [], [], [], []
    settings: list[SensorSetting] = []
    for scene in plan.scenes:
        scene_seed = job.seed * _SCENE_STRIDE + scene
        setting, twin = _sensor(job, scene, plan.split)
        for index, view in enumerate(source.views(scene_seed)):
            fx = view.intrinsics.fx
            clean.append(encode_disparity(depth_to_disparity(view.depth, fx, job.twin.baseline), CLEAN_STEPS))
            sensor.append(_sense(view, twin, [job.seed, scene, index, 0]))
            settings.append(setting)
            scenes.append(scene)
            focal_baselines.append(fx * job.twin.baseline)
            kinds.append(view.kind)
        if plan.split != "train":
            views = enumerate(source.views(scene_seed, redraw=1))
            redrawn += [_sense(view, twin, [job.seed, scene, index, 1]) for index, view in views]
    shard = Shard(
        clean_disparity=np.stack(clean),
        sensor_disparity=np.stack(sensor),
        sensor_disparity_redrawn=np.stack(redrawn) if redrawn else None,
        scene=np.array(scenes, dtype=np.int64),
        focal_baseline=np.array(focal_baselines, dtype=np.float32),
        kind=np.array(kinds, dtype="<U16"),
        strength=np.array([setting.strength for setting in settings], dtype=np.float32),
        density=np.array([setting.density for setting in settings], dtype=np.float32),
    )
    write_shard(job.folder / plan.name, shard)
    seen = shard.clean_disparity > 0
    holes = float(np.mean(shard.sensor_disparity[seen] == 0)) if seen.any() else 0.0
    return ShardReport(plan.name, len(scenes), holes)


def _sensor(job: Job, scene: int, split: Split) -> tuple[SensorSetting, D435Twin]:
    """The unit that looks at a scene, and how it is set: as fitted except in training scenes."""
    rng = np.random.default_rng([job.seed, scene, _UNIT])
    unit = randomised_twin(job.twin, rng, job.spread) if job.spread > 0 else job.twin
    if split != "train" or job.spread <= 0 or rng.random() < _DEFAULT_SHARE:
        return SensorSetting(), unit
    strength = MAX_STRENGTH ** rng.uniform(-1, 1)
    setting = SensorSetting(float(strength), str(rng.choice(list(PRESETS))))
    return setting, unit.conditioned(setting.strength, setting.preset)


def _sense(view: RenderedView, twin: D435Twin, seed: list[int]) -> NDArray[np.uint16]:
    disparity = twin.sense(view.stereo, view.intrinsics, np.random.default_rng(seed))
    return encode_disparity(disparity, SENSOR_STEPS)
