"""Frames for the report's before/after slider: small PNG images of disparity, as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError

_DEPTH_LEVELS = 255
_RELIEF_LEVELS = 48
_RELIEF_GAIN = 4.0
"""Slope of the relief's shading per px of disparity step: a step of 0.4 px is nearly black or white."""
_CLEAN = "clean"
_HOLE_RELIEF = 0


@dataclass(frozen=True)
class Slide:
    """One frame by every method.

    Attributes:
        title: What is seen, e.g. ``"scene 1012"`` or ``"aims_slam, depth/000080.png"``.
        clean: ``(H, W) float32`` clean disparity, px, 0 = invalid: the left side of the slider.
        methods: Disparity of every method (and of the sensor itself), px, by name, in the order shown.

    Raises:
        InvalidDepthError: if there are no methods, or images of several shapes.
    """

    title: str
    clean: NDArray[np.float32]
    methods: Mapping[str, NDArray[np.float32]]

    def __post_init__(self) -> None:
        shapes = {np.shape(image) for image in (self.clean, *self.methods.values())}
        if not self.methods or len(shapes) != 1 or len(np.shape(self.clean)) != 2:
            raise InvalidDepthError(
                f"slide {self.title!r}: {len(self.methods)} methods, images of shapes "
                f"{sorted(map(str, shapes))}: expected at least one, all of one shape (H, W)"
            )


def slide_data(slide: Slide) -> dict[str, Any]:
    """A slide for the report's script: ``{"title", "width", "height", "images": {name: {view: URI}}}``.

    Views: ``depth``, coloured by disparity with one scale for all images, holes black; ``relief``, shaded by
    the slope of the disparity, which shows noise of a few hundredths of a pixel.
    """
    known = slide.clean[slide.clean > 0]
    if known.size == 0:
        known = np.concatenate([image[image > 0] for image in slide.methods.values()])
    low, high = np.percentile(known, (1, 99)) if known.size else (0.0, 1.0)
    limits = float(low), float(max(high, low + 1e-3))
    height, width = slide.clean.shape
    images = {_CLEAN: slide.clean, **slide.methods}
    return {
        "title": slide.title,
        "width": width,
        "height": height,
        "images": {
            name: {"depth": _data_uri(*_depth(image, limits)), "relief": _data_uri(*_relief(image))}
            for name, image in images.items()
        },
    }


def _depth(
    disparity: NDArray[np.float32], limits: tuple[float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Indices into a palette, and the palette ``(256, 3)``; 0 = no depth, black."""
    import matplotlib

    low, high = limits
    level = np.clip((disparity - low) / (high - low), 0, 1) * (_DEPTH_LEVELS - 1)
    colors = matplotlib.colormaps["turbo"](np.linspace(0.03, 0.97, _DEPTH_LEVELS))[:, :3]
    palette = np.vstack([np.zeros((1, 3)), colors])
    index = np.where(disparity > 0, np.rint(level) + 1, 0)
    return index.astype(np.uint8), np.rint(palette * 255).astype(np.uint8)


def _relief(disparity: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The slope along the diagonal as grey levels (light from the top left); 0 = no depth, dark blue."""
    valid = disparity > 0
    slope = np.zeros_like(disparity)
    whole = valid[1:, 1:] & valid[:-1, :-1]
    slope[1:, 1:] = np.where(whole, disparity[1:, 1:] - disparity[:-1, :-1], 0)
    middle = (_RELIEF_LEVELS - 1) / 2
    level = np.rint(middle * (1 + np.tanh(_RELIEF_GAIN * slope)))
    grey = np.linspace(40, 245, _RELIEF_LEVELS)[:, None] * np.ones(3)
    palette = np.vstack([[[18, 22, 60]], grey])
    return np.where(valid, level + 1, _HOLE_RELIEF).astype(np.uint8), np.rint(palette).astype(np.uint8)


def _data_uri(index: NDArray[np.uint8], palette: NDArray[np.uint8]) -> str:
    from PIL import Image

    picture = Image.fromarray(index, mode="P")
    picture.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
