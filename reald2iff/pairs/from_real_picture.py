"""Picture of a cleaned recording: what the sensor gave, what became of it, and how sure that is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reald2iff.denoising import Denoiser
from reald2iff.errors import InvalidDepthError
from reald2iff.io.recordings import RecordedFrame, Recording
from reald2iff.pictures import Panel, depth_panels

_REFUSED_SHOWN = 5

_LEGEND = np.array([[205, 205, 205], [200, 40, 40], [60, 160, 90], [0, 0, 0]], dtype=np.uint8)
"""Colours: measured and kept, measured and dropped, hole filled, hole left."""


def draw_cleaned(
    recording: Recording,
    denoiser: Denoiser,
    registered_scale: float,
    count: int,
    refused: Sequence[tuple[str, str]],
    path: Path,
) -> Path:
    """Draw ``count`` frames spread over the recording, and a few of the refused ones with the reason.

    Returns:
        ``path``.
    """
    reasons = dict(refused)
    kept = [frame for frame in recording.frames if frame.name not in reasons]
    chosen = (
        [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, count).round().astype(int))] if kept else []
    )
    rows = [_row(frame, denoiser, registered_scale) for frame in chosen]
    shown = [frame for frame in recording.frames if frame.name in list(reasons)[:_REFUSED_SHOWN]]
    if shown:
        rows.append([_refused(frame, reasons[frame.name]) for frame in shown])
    kind = "registered" if recording.registered else "native"
    title = f"{recording.name} ({kind}): {len(kept)} of {len(recording.frames)} frames cleaned"
    return depth_panels(rows, path, title)


def _row(frame: RecordedFrame, denoiser: Denoiser, registered_scale: float) -> list[Panel]:
    disparity = frame.disparity()
    result = denoiser.clean(disparity, registered_scale)
    both = (disparity > 0) & (result.disparity > 0)
    bounds = tuple(np.percentile(disparity[disparity > 0], (1, 99)))
    removed = np.where(both, disparity - result.disparity, np.nan)
    what = np.where(disparity > 0, 0, 2) + (result.disparity == 0)
    range_ = (-0.3 * registered_scale, 0.3 * registered_scale)
    return [
        Panel(f"sensor: {frame.name}", disparity, "depth", "px", bounds),
        Panel("cleaned", result.disparity, "depth", "px", bounds),
        Panel("removed: sensor - cleaned", removed, "difference", "px", range_),
        Panel("predicted error (log10)", np.log10(result.spread), "map", "px", (-2, 1)),
        Panel("green: hole filled, black: left, red: dropped", _LEGEND[what], "color"),
    ]


def _refused(frame: RecordedFrame, reason: str) -> Panel:
    lines = textwrap.wrap(reason, 44)
    try:
        disparity = frame.disparity()
    except InvalidDepthError:
        disparity = np.zeros((frame.intrinsics.height, frame.intrinsics.width), np.float32)
    return Panel("\n".join([f"refused: {frame.name}", *lines]), disparity, "depth", "px")
