"""Range checks shared by the parameter dataclasses of the sensor models, and the check of their input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics, require_depth, sanitize_depth

HORIZON = 1000.0
"""Depth in metres beyond which a surface is a simulator's sky or far plane, not a surface."""


def require_within(owner: Any, low: float, high: float, *fields: str) -> None:
    """Check that each named field of ``owner`` is a finite number in [``low``, ``high``].

    Raises:
        InvalidParameterError: for the first field that is not; the message names it, its value and the range.
    """
    for field in fields:
        value = getattr(owner, field)
        if not (math.isfinite(value) and low <= value <= high):
            raise InvalidParameterError(
                f"{type(owner).__name__}.{field} = {value}: expected a value in [{low:g}, {high:g}]"
            )


def clean_input(depth: Any, intrinsics: PinholeIntrinsics) -> NDArray[np.float32]:
    """``depth`` checked against the size of ``intrinsics``, everything invalid or a kilometre away set to 0.

    Raises:
        InvalidDepthError: for another type or shape.
    """
    checked = require_depth(depth)
    if checked.shape != (intrinsics.height, intrinsics.width):
        raise InvalidDepthError(
            f"depth has shape {checked.shape}: "
            f"expected {(intrinsics.height, intrinsics.width)} of the intrinsics"
        )
    return sanitize_depth(checked, HORIZON)
