"""Processor time of the D435 twin's stages on one frame."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.warp import views_from_depth

STAGES = ("views of one depth image", "infrared images", "matching", "finish", "sense")
"""`sense` is the three before it; `apply` also makes the views."""

COLUMNS = {"stage": "D435 twin, stage", "cpu_ms": "CPU ms"}


def time_stages(
    twin: D435Twin, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, warmup: int, repeats: int
) -> list[dict[str, Any]]:
    """Rows of `COLUMNS`: medians over ``repeats`` frames, of all threads together.

    Processor time, unlike time on the wall, does not tell what else the machine was doing.
    """
    seconds = []
    for frame in range(warmup + repeats):
        ticks = [time.process_time()]
        views = views_from_depth(depth, intrinsics, twin.baseline, twin.projector_offset, supersampling=2)
        ticks.append(time.process_time())
        capture = twin.expose(views, intrinsics, np.random.default_rng(frame))
        ticks.append(time.process_time())
        matched = twin.match_capture(capture)
        ticks.append(time.process_time())
        twin.finish(matched, capture)
        ticks.append(time.process_time())
        seconds.append([*np.diff(ticks), ticks[-1] - ticks[1]])
    medians = np.median(np.array(seconds[warmup:]) * 1e3, axis=0)
    return [{"stage": stage, "cpu_ms": float(ms)} for stage, ms in zip(STAGES, medians, strict=True)]
