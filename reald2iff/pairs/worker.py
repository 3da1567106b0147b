"""What a worker process of `reald2iff pairs generate` does: render scenes and sense them into one shard."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import SimulationError
from reald2iff.geometry import depth_to_disparity
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS, Shard, encode_disparity, write_shard
from reald2iff.pairs.plan import ShardPlan
from reald2iff.pairs.source import RenderedView, SceneSource, find_scene_source
from reald2iff.sensors import D435Twin

THREAD_VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "LP_NUM_THREADS": "0",  # Mesa's software renderer: rasterise in the calling thread
}
"""Environment of a worker: as many workers as cores already use them all."""

_SCENE_STRIDE = 2**32


@dataclass(frozen=True)
class Job:
    """What all shards of a data set have in common.

    Attributes:
        folder: Where shards go.
        seed: Of the data set.
        source: Name of the scene source.
        views_per_scene: Camera poses of a scene.
        twin: The sensor.
    """

    folder: Path
    seed: int
    source: str
    views_per_scene: int
    twin: D435Twin


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
    for scene in plan.scenes:
        scene_seed = job.seed * _SCENE_STRIDE + scene
        for index, view in enumerate(source.views(scene_seed)):
            fx = view.intrinsics.fx
            clean.append(encode_disparity(depth_to_disparity(view.depth, fx, job.twin.baseline), CLEAN_STEPS))
            sensor.append(_sense(view, job, scene, index, redraw=0))
            scenes.append(scene)
            focal_baselines.append(fx * job.twin.baseline)
            kinds.append(view.kind)
        if plan.split != "train":
            views = enumerate(source.views(scene_seed, redraw=1))
            redrawn += [_sense(view, job, scene, index, redraw=1) for index, view in views]
    shard = Shard(
        clean_disparity=np.stack(clean),
        sensor_disparity=np.stack(sensor),
        sensor_disparity_redrawn=np.stack(redrawn) if redrawn else None,
        scene=np.array(scenes, dtype=np.int64),
        focal_baseline=np.array(focal_baselines, dtype=np.float32),
        kind=np.array(kinds, dtype="<U16"),
    )
    write_shard(job.folder / plan.name, shard)
    seen = shard.clean_disparity > 0
    holes = float(np.mean(shard.sensor_disparity[seen] == 0)) if seen.any() else 0.0
    return ShardReport(plan.name, len(scenes), holes)


def _sense(view: RenderedView, job: Job, scene: int, index: int, redraw: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng([job.seed, scene, index, redraw])
    return encode_disparity(job.twin.sense(view.stereo, view.intrinsics, rng), SENSOR_STEPS)
