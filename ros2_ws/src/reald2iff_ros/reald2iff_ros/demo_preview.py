"""The demo's picture: colour, clean depth, realistic depth, difference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reald2iff.pictures import Panel, depth_panels
from reald2iff_ros.demo_frames import DemoFrame

DIFFERENCE = 20.0
"""Millimetres at the ends of the difference's colours."""

_BACKGROUND = 2.4
"""Depth beyond this many times the median is background: it need not be told apart."""


@dataclass(frozen=True)
class Scale:
    """Depth at the ends of the colours, metres; one for clean and realistic depth."""

    near: float
    far: float

    @classmethod
    def of(cls, frame: DemoFrame, step: float = 0.1) -> Scale:
        """From the nearest thing to the background, in whole ``step`` metres."""
        valid = frame.clean[frame.clean > 0]
        if valid.size == 0:
            return cls(0.0, 1.0)
        near, median, far = np.percentile(valid, (0.5, 50.0, 99.0))
        near = np.floor(near / step) * step
        far = np.ceil(min(far, _BACKGROUND * median) / step) * step
        return cls(float(near), float(max(far, near + step)))


def draw_preview(frame: DemoFrame, detail: DemoFrame, model: str, path: Path) -> None:
    """Draw one frame, and below it its detail, as a labelled picture."""
    holes = np.count_nonzero(frame.realistic == 0) / frame.realistic.size
    titles = (
        "colour",
        "clean depth, as simulated",
        f"realistic depth ({model}), {holes:.1%} holes (black)",
        "realistic - clean (grey: no depth)",
    )
    closer = ("hand and cube", "clean", "realistic", "realistic - clean")
    depth_panels([_row(frame, Scale.of(frame), titles), _row(detail, Scale.of(detail, 0.05), closer)], path)


def _row(frame: DemoFrame, scale: Scale, titles: tuple[str, str, str, str]) -> list[Panel]:
    depth = (scale.near, scale.far)
    return [
        Panel(titles[0], frame.color, "color"),
        Panel(titles[1], frame.clean, "depth", "m", depth),
        Panel(titles[2], frame.realistic, "depth", "m", depth),
        Panel(titles[3], frame.difference, "difference", "mm", (-DIFFERENCE, DIFFERENCE)),
    ]
