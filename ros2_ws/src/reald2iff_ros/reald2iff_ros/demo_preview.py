"""The demo's picture: colour, clean depth, realistic depth, difference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reald2iff.pictures import Panel, depth_panels
from reald2iff_ros.demo_frames import DemoFrame

DIFFERENCE = 20.0
"""Millimetres at the ends of the difference's colours."""


@dataclass(frozen=True)
class Scale:
    """Depth at the ends of the colours, metres; one for clean and realistic depth."""

    near: float
    far: float

    @classmethod
    def of(cls, frame: DemoFrame) -> Scale:
        """From the nearest thing to nearly the farthest, in round tenths."""
        near, far = np.percentile(frame.clean[frame.clean > 0], (0.5, 99.0))
        near, far = np.floor(near * 10) / 10, np.ceil(far * 10) / 10
        return cls(float(near), float(max(far, near + 0.1)))


def draw_preview(frame: DemoFrame, model: str, path: Path) -> None:
    """Draw one frame as a labelled picture."""
    scale = Scale.of(frame)
    depth = (scale.near, scale.far)
    holes = np.count_nonzero(frame.realistic == 0) / frame.realistic.size
    depth_panels(
        [
            Panel("colour", frame.color, "color"),
            Panel("clean depth (simulated)", frame.clean, "depth", "m", depth),
            Panel(
                f"realistic depth ({model}), holes black: {holes:.1%}", frame.realistic, "depth", "m", depth
            ),
            Panel(
                "realistic - clean, grey: no depth",
                frame.difference,
                "difference",
                "mm",
                (-DIFFERENCE, DIFFERENCE),
            ),
        ],
        path,
    )
