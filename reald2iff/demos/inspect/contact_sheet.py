"""Episodes by keyframes in one picture: colour, and depth as rendered and as sensed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reald2iff.demos.inspect.content import EpisodeView
from reald2iff.errors import InvalidParameterError

_GAP = 4
_HEADER = 40
_EPISODE_GAP = 14
_LABEL = 22
_MARGIN = 130
_FOOTER = 56
_BACKGROUND = (255, 255, 255)
_INK = (30, 30, 30)
_FAINT = (120, 120, 120)
_FAILED = (200, 30, 30)
_PERCENTILES = (1, 99)


@dataclass(frozen=True)
class SheetRow:
    """Pictures of one episode.

    Attributes:
        title: Of the episode.
        failed: Whether its title is red.
        captions: Above every keyframe.
        strips: By image key: for every keyframe ``(H, W, 3) uint8`` colour, or ``(H, W) float32`` depth in
            metres, 0 = hole.
    """

    title: str
    failed: bool
    captions: tuple[str, ...]
    strips: dict[str, tuple[NDArray[Any], ...]]


def keyframes(view: EpisodeView, count: int) -> dict[int, str]:
    """Steps to show, with what happens at them: the ends of subtasks, and steps spread between.

    Args:
        view: The episode.
        count: How many, if it has as many steps.

    Returns:
        Captions by step, in order: the first and the last step are always there.
    """
    last = len(view) - 1
    chosen = {0: "start", last: "end"}
    for name, step in list(view.subtask_ends.items())[: max(count - 2, 0)]:
        chosen.setdefault(step, name)
    while len(chosen) < min(count, len(view)):
        steps = sorted(chosen)
        gap = int(np.argmax(np.diff(steps)))
        chosen[(steps[gap] + steps[gap + 1]) // 2] = ""
    return dict(sorted(chosen.items()))


def sheet_row(view: EpisodeView, count: int, width: int = 200) -> SheetRow:
    """Read the keyframes of an episode, small.

    Args:
        view: The episode.
        count: Keyframes.
        width: Of a picture, pixels.
    """
    steps = keyframes(view, count)
    strips: dict[str, tuple[NDArray[Any], ...]] = {}
    for camera in view.cameras:
        if camera.color is not None:
            key = camera.color
            strips[key] = tuple(_shrink(view.color(key, step), width) for step in steps)
        for key in camera.depths.values():
            strips[key] = tuple(_thin(view.depth(key, step), width) for step in steps)
    times = view.seconds
    captions = tuple(
        f"{f'{times[step]:.1f} s' if times is not None else f'step {step}'} {note}".rstrip()
        for step, note in steps.items()
    )
    verdict = {True: "", False: " failed", None: ""}[view.success]
    return SheetRow(view.name + verdict, view.success is False, captions, strips)


def draw_contact_sheet(rows: Sequence[SheetRow], title: str, path: Path) -> Path:
    """Draw rows of episodes into a PNG; one colour is one depth on the whole sheet.

    Raises:
        InvalidParameterError: if no row has a picture.
    """
    rows = [row for row in rows if row.strips]
    if not rows:
        raise InvalidParameterError(f"{title}: no images to draw: expected episodes with images")
    near, far = _range(rows)
    heights = [_height(row) for row in rows]
    width = _MARGIN + max(_width(row) for row in rows) + _GAP
    sheet = Image.new(
        "RGB", (width, _HEADER + sum(heights) + _EPISODE_GAP * len(rows) + _FOOTER), _BACKGROUND
    )
    pen = ImageDraw.Draw(sheet)
    pen.text((8, 8), title, _INK, font=ImageFont.load_default(20))
    top = _HEADER
    for row, height in zip(rows, heights, strict=True):
        _draw_row(sheet, pen, row, top, (near, far))
        top += height + _EPISODE_GAP
        pen.line((8, top - _EPISODE_GAP // 2, width - 8, top - _EPISODE_GAP // 2), (220, 220, 220))
    if far > near:
        _draw_scale(sheet, pen, top, (near, far))
    sheet.save(path, format="PNG")
    return path


def paint_depth(depth: NDArray[np.float32], near: float, far: float) -> NDArray[np.uint8]:
    """Depth ``(H, W)`` in metres as ``(H, W, 3)`` colours; holes are black."""
    import matplotlib

    # From where it is no longer nearly black, which stands for holes.
    table = matplotlib.colormaps["turbo"](np.linspace(0.06, 1, 256), bytes=True)[:, :3]
    level = np.clip((depth - near) / max(far - near, 1e-6) * 255, 0, 255).astype(np.uint8)
    return np.where((depth > 0)[..., None], table[level], np.uint8(0))


def _draw_row(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, row: SheetRow, top: int, limits: tuple[float, float]
) -> None:
    small, normal = ImageFont.load_default(12), ImageFont.load_default(16)
    pen.text((8, top + 2), row.title, _FAILED if row.failed else _INK, font=normal)
    left = _MARGIN
    for caption, image in zip(row.captions, next(iter(row.strips.values())), strict=True):
        pen.text((left, top + 6), caption, _INK, font=small)
        left += image.shape[1] + _GAP
    top += _LABEL
    for name, strip in row.strips.items():
        pen.multiline_text((8, top), name.replace("_", "_\n", 1), _FAINT, font=small)
        left = _MARGIN
        for image in strip:
            colors = image if image.ndim == 3 else paint_depth(image, *limits)
            sheet.paste(Image.fromarray(colors), (left, top))
            left += image.shape[1] + _GAP
        top += strip[0].shape[0] + _GAP


def _draw_scale(sheet: Image.Image, pen: ImageDraw.ImageDraw, top: int, limits: tuple[float, float]) -> None:
    font = ImageFont.load_default(12)
    length = min(400, sheet.width - _MARGIN - 120)
    ramp = np.tile(np.linspace(*limits, length, dtype=np.float32), (12, 1))
    sheet.paste(Image.fromarray(paint_depth(ramp, *limits)), (_MARGIN, top))
    for share in (0.0, 0.5, 1.0):
        text = f"{limits[0] + share * (limits[1] - limits[0]):.2f} m"
        pen.text((_MARGIN + share * length, top + 16), text, _INK, font=font, anchor="ma")
    pen.text((8, top), "depth, hole = black", _FAINT, font=font)


def _range(rows: Sequence[SheetRow]) -> tuple[float, float]:
    depths = [image for row in rows for strip in row.strips.values() for image in strip if image.ndim == 2]
    seen = np.concatenate([image[image > 0] for image in depths]) if depths else np.empty(0)
    if not seen.size:
        return 0.0, 0.0
    near, far = np.percentile(seen, _PERCENTILES)
    return float(near), float(max(far, near + 1e-3))


def _shrink(image: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    smooth = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image, (width, height), interpolation=smooth))


def _thin(depth: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Single pixels are taken: a mean over an edge or a hole is a depth that nobody measured."""
    height = max(1, round(depth.shape[0] * width / depth.shape[1]))
    return np.asarray(cv2.resize(depth, (width, height), interpolation=cv2.INTER_NEAREST))


def _height(row: SheetRow) -> int:
    return _LABEL + sum(strip[0].shape[0] + _GAP for strip in row.strips.values())


def _width(row: SheetRow) -> int:
    return max(sum(image.shape[1] + _GAP for image in strip) for strip in row.strips.values())
