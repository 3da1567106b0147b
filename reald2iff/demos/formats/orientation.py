"""Do depth images stand upright? OpenGL's first row is the lowest, and loaders often hand it out so.

Cameras of manipulation look at tables and floors: what lies at the bottom of their images is nearer than what
is at the top, and most surfaces come nearer downwards. A wrist camera may see it the other way round, and one
that looks straight down sees neither; so that only images that contradict both ways are called upside down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.formats.base import to_metres
from reald2iff.errors import InvalidDepthError

_SHARE_OF_FRAMES = 0.8
_NEARER = 1.2
"""The top third's median depth lies this factor nearer than the bottom third's. In upright images, rendered
and of real rooms and tables, it lay 1.17 to 5.5 times farther away."""
_MORE = 1.3
"""Pixels on surfaces that come nearer upwards are this many times those on surfaces that come nearer
downwards; upright, their ratio was at most 0.8."""
_LEAST_EVIDENCE = 0.05
"""Share of the image that lies on such surfaces."""
_TILT = 0.3
"""Relative change of inverse depth over the image's height, from which on a surface is inclined."""
_BEND = 0.25
"""Second difference of inverse depth, relative to the first, up to which it is one surface."""


def check_upright(frames: Sequence[NDArray[Any]], name: str) -> None:
    """Raise if images are upside down.

    Args:
        frames: ``(H, W)`` as stored, a few of a data set or an episode.
        name: Of the key and the place, for messages.

    Raises:
        InvalidDepthError: saying what tells, and what to do.
    """
    contradicting = sum(map(_is_upside_down, frames))
    if contradicting < max(1, _SHARE_OF_FRAMES * len(frames)):
        return
    raise InvalidDepthError(
        f"{name} looks upside down: in {contradicting} of {len(frames)} frames looked at, the top is nearer "
        "than the bottom and surfaces come nearer upwards. Expected row 0 at the top: OpenGL's images start "
        "at the bottom, turn them with depth[::-1] (and colour alike). A camera that hangs so, or looks back "
        "from the wrist, sees this rightly: enhance takes it with --any-orientation"
    )


def _is_upside_down(frame: NDArray[Any]) -> bool:
    depth = to_metres(frame)
    third = len(depth) // 3
    ends = [part[part > 0] for part in (depth[:third], depth[len(depth) - third :])]
    if not all(end.size for end in ends) or np.median(ends[1]) < _NEARER * np.median(ends[0]):
        return False
    downwards, upwards = _inclined(depth)
    return upwards > _LEAST_EVIDENCE and upwards > _MORE * downwards


def _inclined(depth: NDArray[np.float32]) -> tuple[float, float]:
    """Shares of the image on surfaces that come nearer downwards, and upwards."""
    step = max(1, len(depth) // 16)
    valid = depth > 0
    usable = valid[: -2 * step] & valid[step:-step] & valid[2 * step :]
    inverse = np.divide(1, depth, out=np.zeros_like(depth), where=valid)
    above, here, below = inverse[: -2 * step], inverse[step:-step], inverse[2 * step :]
    change = below - above
    usable &= np.abs(above - 2 * here + below) < _BEND * np.abs(change)
    tilt = change[usable] / here[usable] * len(depth) / (2 * step)
    return float((tilt > _TILT).sum() / depth.size), float((tilt < -_TILT).sum() / depth.size)
