"""The dots that the D435's projector throws into the scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import D435_DEPTH
from reald2iff.sensors.checks import require_within

_FOCAL = 1000.0
"""Focal length (px) of the pattern image: fine enough for dots of half a native pixel."""


@dataclass(frozen=True)
class PatternParameters:
    """A jittered grid of dots, fixed in angle. Lengths are pixels of the native camera (f = 382.6 px)."""

    density: float = 0.040
    """Dots per native pixel area."""
    dot_sigma: float = 0.63
    """Gaussian radius of a dot (native px)."""
    jitter: float = 0.9
    """Displacement of a dot from its grid place, as a share of the cell."""
    brightness_spread: float = 0.5
    """Dots are 1 +- this bright, uniformly."""
    half_width: float = 0.96
    """Tangent of half the horizontal field of the projector."""
    half_height: float = 0.72
    """Tangent of half the vertical field of the projector."""
    seed: int = 1234
    """The pattern is a property of the unit: one seed, one diffractive element."""

    def __post_init__(self) -> None:
        require_within(self, 1e-3, 0.5, "density")
        require_within(self, 0.1, 5.0, "dot_sigma")
        require_within(self, 0.0, 1.0, "jitter", "brightness_spread")
        require_within(self, 0.1, 2.0, "half_width", "half_height")
        require_within(self, 0, 2**63, "seed")


@dataclass(frozen=True)
class DotPattern:
    """Radiance of the projector over its own image plane.

    Attributes:
        image: ``(h, w) float32``, read-only, 1 at the centre of an average dot.
        focal: Pixels of ``image`` per unit of tangent.
        cx: Column of the optical axis.
        cy: Row of the optical axis.
    """

    image: NDArray[np.float32]
    focal: float
    cx: float
    cy: float


@lru_cache(maxsize=8)
def dot_pattern(parameters: PatternParameters) -> DotPattern:
    """The pattern of one unit, drawn once per process and set of parameters."""
    rng = np.random.default_rng(parameters.seed)
    scale = _FOCAL / D435_DEPTH.fx
    width = int(2 * parameters.half_width * _FOCAL)
    height = int(2 * parameters.half_height * _FOCAL)
    cell = scale / np.sqrt(parameters.density)
    rows, columns = np.mgrid[: int(height / cell), : int(width / cell)]
    # Every other row is shifted by half a cell, which leaves no empty lanes.
    x = (columns + 0.5 + 0.5 * (rows % 2) + parameters.jitter * (rng.random(rows.shape) - 0.5)) * cell
    y = (rows + 0.5 + parameters.jitter * (rng.random(rows.shape) - 0.5)) * cell
    brightness = 1 + parameters.brightness_spread * rng.uniform(-1, 1, rows.shape)
    inside = (x < width) & (y < height)
    image = np.zeros((height, width), np.float32)
    np.add.at(image, (y[inside].astype(int), x[inside].astype(int)), brightness[inside])
    sigma = parameters.dot_sigma * scale
    image = cv2.GaussianBlur(image, (0, 0), sigma) * np.float32(2 * np.pi * sigma**2)
    image.setflags(write=False)
    return DotPattern(image, _FOCAL, (width - 1) / 2, (height - 1) / 2)
