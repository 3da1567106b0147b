"""The demo's video: colour, clean depth, realistic depth and their difference, side by side."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff_ros.demo_frames import DemoFrame
from reald2iff_ros.demo_preview import DIFFERENCE, Scale

_COLUMNS, _ROWS = 320, 240
_HEADER, _FOOTER = 28, 44
_HOLE, _UNDEFINED = 0, 64
_DPI = 100

Rgb = NDArray[np.uint8]


class DemoVideo:
    """Writes H.264 (yuv420p, plays everywhere), or a GIF of every second frame where there is no ffmpeg.

    Attributes:
        path: Of the file, ``<stem>.mp4`` or ``<stem>.gif``.
    """

    def __init__(self, stem: Path, scale: Scale, model: str, rate: float) -> None:
        """Args:
        stem: Path without suffix.
        scale: Of both depths.
        model: Named above the realistic depth.
        rate: Frames per second.
        """
        import imageio.v2 as imageio

        self._scale, self._count, self._every = scale, 0, 1
        self._header, self._footer = _draw_strips(scale, model)
        self._writer: Any
        if _has_ffmpeg():
            self.path = stem.with_suffix(".mp4")
            self._writer = imageio.get_writer(
                self.path,
                format="FFMPEG",
                fps=rate,
                codec="libx264",
                pixelformat="yuv420p",
                macro_block_size=2,
                quality=None,
                output_params=["-crf", "24", "-preset", "veryfast", "-movflags", "+faststart"],
                ffmpeg_log_level="error",
            )
        else:
            self.path, self._every = stem.with_suffix(".gif"), 2
            self._writer = imageio.get_writer(
                self.path, format="GIF", duration=1000.0 * self._every / rate, loop=0
            )

    def __enter__(self) -> DemoVideo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def append(self, frame: DemoFrame) -> None:
        """Add one frame."""
        self._count += 1
        if (self._count - 1) % self._every == 0:
            self._writer.append_data(self._compose(frame))

    def _compose(self, frame: DemoFrame) -> Rgb:
        scale = self._scale
        panels = [
            cv2.resize(frame.color, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA),
            _coloured(_seen(frame.clean), "turbo", scale.near, scale.far, _HOLE),
            _coloured(_seen(frame.realistic), "turbo", scale.near, scale.far, _HOLE),
            _coloured(frame.difference, "RdBu_r", -DIFFERENCE, DIFFERENCE, _UNDEFINED),
        ]
        return np.concatenate([self._header, np.concatenate(panels, axis=1), self._footer])


def _coloured(image: NDArray[np.float32], colormap: str, low: float, high: float, missing: int) -> Rgb:
    """``image`` in colours; NaN becomes the grey level ``missing``."""
    import matplotlib

    # Nearest: a mean over an edge is a depth that is nowhere.
    values = cv2.resize(image, (_COLUMNS, _ROWS), interpolation=cv2.INTER_NEAREST)
    shown = np.isfinite(values)
    level = np.clip((np.where(shown, values, low) - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    table = matplotlib.colormaps[colormap](np.arange(256), bytes=True)[:, :3]
    colours: Rgb = np.where(shown[..., None], table[level], np.uint8(missing))
    return colours


def _seen(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(depth > 0, depth, np.float32(np.nan))


def _has_ffmpeg() -> bool:
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return False
    return True


def _draw_strips(scale: Scale, model: str) -> tuple[Rgb, Rgb]:
    """Titles above and colour bars below the panels, drawn once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    titles = ("colour", "clean depth", f"realistic depth ({model}), holes black", "realistic - clean")
    strips = []
    for height in (_HEADER, _FOOTER):
        figure = Figure(figsize=(4 * _COLUMNS / _DPI, height / _DPI), dpi=_DPI)
        canvas = FigureCanvasAgg(figure)
        if height == _HEADER:
            for index, title in enumerate(titles):
                figure.text((index + 0.5) / 4, 0.5, title, ha="center", va="center", fontsize=9)
        else:
            depth = ("turbo", scale.near, scale.far, "depth (m)")
            bars = {1: depth, 2: depth, 3: ("RdBu_r", -DIFFERENCE, DIFFERENCE, "difference (mm), grey: none")}
            for index, (colormap, low, high, label) in bars.items():
                axes = figure.add_axes(((index + 0.08) / 4, 0.72, 0.84 / 4, 0.2))
                bar = figure.colorbar(
                    ScalarMappable(Normalize(low, high), colormap), cax=axes, orientation="horizontal"
                )
                bar.ax.tick_params(labelsize=7, length=2, pad=1)
                bar.set_label(label, fontsize=7, labelpad=0)
        canvas.draw()
        strips.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return strips[0], strips[1]
