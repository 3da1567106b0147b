"""Real frames into shards: which frames go where, and the cleaning of one shard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reald2iff.errors import InvalidDepthError
from reald2iff.io.recordings import RecordedFrame, Recording
from reald2iff.pairs.format import (
    CLEAN_STEPS,
    SENSOR_STEPS,
    SPLITS,
    Shard,
    Split,
    encode_disparity,
    shard_name,
    write_shard,
)
from reald2iff.pairs.plan import VIEWS_PER_SHARD
from reald2iff.sensors.setting import SensorSetting

if TYPE_CHECKING:
    from reald2iff.denoising import Denoiser

_VALIDATION_SHARE = 0.1
KIND = "real"


@dataclass(frozen=True)
class RealShardPlan:
    """One unit of work.

    Attributes:
        name: File name.
        split: Of all its frames.
        frames: To be cleaned.
    """

    name: str
    split: Split
    frames: tuple[RecordedFrame, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the index, before the shard is made."""
        scenes = sorted({frame.segment for frame in self.frames})
        return {"name": self.name, "split": self.split, "scenes": scenes, "views": len(self.frames)}


@dataclass(frozen=True)
class RealShardReport:
    """A shard was made.

    Attributes:
        plan: What was to be done.
        cleaned: Frames in it.
        refused: Name and reason of each frame that is not in it.
        unknown_share: Share of pixels of its frames that have no clean disparity.
        noise: Median deviation of its sensor disparity from the clean one, px.
    """

    plan: RealShardPlan
    cleaned: int
    refused: tuple[tuple[str, str], ...]
    unknown_share: float
    noise: float

    def as_dict(self) -> dict[str, Any]:
        """For the index."""
        return self.plan.as_dict() | {
            "views": self.cleaned,
            "refused": [{"frame": frame, "reason": reason} for frame, reason in self.refused],
            "unknown_share": round(self.unknown_share, 4),
            "noise_px": round(self.noise, 4),
        }


def split_segments(recording: Recording) -> dict[int, Split]:
    """The split of each segment: the first half is for fitting, its end for validation, the rest for tests.

    The halves are those of `Recording.halves`, so that nothing fitted to one is tested on it. A recording
    of one segment is all training.
    """
    segments = sorted({frame.segment for frame in recording.frames})
    if len(segments) < 2:
        return dict.fromkeys(segments, "train")
    fit = sorted({frame.segment for frame in recording.halves()[0].frames})
    # Of two segments none can be spared.
    validation = max(1, round(_VALIDATION_SHARE * len(segments))) if len(fit) > 2 else 0
    splits: dict[int, Split] = dict.fromkeys(segments, "test")
    splits |= dict.fromkeys(fit, "train")
    splits |= dict.fromkeys(fit[len(fit) - validation :], "val")
    return splits


def plan_real_shards(recording: Recording) -> list[RealShardPlan]:
    """Shards of all frames, each of one split, in the order in which they were taken."""
    splits = split_segments(recording)
    groups: list[tuple[Split, list[RecordedFrame]]] = []
    for split in SPLITS:
        frames = [frame for frame in recording.frames if splits[frame.segment] == split]
        groups += [(split, frames[i : i + VIEWS_PER_SHARD]) for i in range(0, len(frames), VIEWS_PER_SHARD)]
    return [RealShardPlan(shard_name(i), split, tuple(frames)) for i, (split, frames) in enumerate(groups)]


def write_real_shard(
    plan: RealShardPlan, denoiser: Denoiser, registered_scale: float, folder: Path
) -> RealShardReport:
    """Clean the frames of a shard and write it; no file where every frame is refused."""
    clean, sensor, kept = [], [], []
    refused: list[tuple[str, str]] = []
    unknown, noise = [], []
    for frame in plan.frames:
        try:
            disparity = frame.disparity()
        except InvalidDepthError as error:
            refused.append((frame.name, str(error)))
            continue
        result = denoiser.clean(disparity, registered_scale)
        if result.refusal is not None:
            refused.append((frame.name, result.refusal))
            continue
        clean.append(encode_disparity(result.disparity, CLEAN_STEPS))
        sensor.append(encode_disparity(disparity, SENSOR_STEPS))
        kept.append(frame)
        unknown.append(float(np.mean(clean[-1] == 0)))
        both = (disparity > 0) & (result.disparity > 0)
        noise.append(float(np.median(np.abs(disparity - result.disparity)[both])))
    if kept:
        count, setting = len(kept), SensorSetting()
        shard = Shard(
            clean_disparity=np.stack(clean),
            sensor_disparity=np.stack(sensor),
            sensor_disparity_redrawn=None,
            scene=np.array([frame.segment for frame in kept], dtype=np.int64),
            focal_baseline=np.array([f.intrinsics.fx * f.baseline for f in kept], dtype=np.float32),
            kind=np.array([KIND] * count, dtype="<U16"),
            strength=np.full(count, setting.strength, dtype=np.float32),
            density=np.full(count, setting.density, dtype=np.float32),
        )
        write_shard(folder / plan.name, shard)
    means = [float(np.mean(values)) if values else 0.0 for values in (unknown, noise)]
    return RealShardReport(plan, len(kept), tuple(refused), *means)
