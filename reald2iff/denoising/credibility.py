"""Which frames a denoiser must not touch, and which of its results must not be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError

_MIN_SHADOW = 5
_MIN_JUMP = 4.0
_MILLIMETRE_ROUNDING = 0.02
_SHADOW_MARGIN = 1.6
"""A D435's hole beside a near object is the jump in disparity plus this, px (measured on real frames)."""


@dataclass(frozen=True)
class CredibilityLimits:
    """When a frame is refused. Defaults hold for every shared real frame and twin view with room to spare.

    Attributes:
        valid_share: Least share of pixels with a measurement.
        largest_disparity: Largest credible disparity, as a share of the image's width.
        shadows: Least number of stereo shadows from which their side is judged.
        jumps: Least number of holes at jumps from which their width is judged.
        shadows_left: Least share of them that lie left of the nearer surface.
        shadows_lawful: Least share of holes at jumps that are stereo shadows as wide as the jump.
        noise: Least deviation (median, px) of the sensor from the cleaned frame on sure pixels ...
        hole_share: ... for frames with fewer holes than this: a real sensor has one or the other.
        disagreement: Largest deviation (median, px) from the cleaned frame over all measured pixels ...
        disagreeing_share: ... and the largest share of them off by more than a pixel.
        sure_spread: Pixels with a predicted spread below this are sure, px.
        spread: Pixels with a predicted spread above this are left out of the cleaned frame, px.
        unknown_share: Largest share of the frame that may be left out.
    """

    valid_share: float = 0.25
    largest_disparity: float = 0.35
    shadows: int = 60
    jumps: int = 150
    shadows_left: float = 0.3
    shadows_lawful: float = 0.08
    noise: float = 0.012
    hole_share: float = 0.002
    disagreement: float = 0.25
    disagreeing_share: float = 0.2
    sure_spread: float = 0.15
    spread: float = 1.0
    unknown_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("valid_share", "shadows_left", "shadows_lawful", "hole_share", "unknown_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a share in [0, 1]")
        for name in ("largest_disparity", "spread", "sure_spread", "disagreement"):
            if getattr(self, name) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a positive number")


def refuse_frame(disparity: NDArray[np.float32], limits: CredibilityLimits) -> str | None:
    """Why a frame is no stereo sensor's disparity; None where nothing speaks against it.

    Args:
        disparity: ``(H, W)`` px, 0 = invalid.
        limits: When to refuse.
    """
    valid = disparity > 0
    share = float(valid.mean())
    if share < limits.valid_share:
        return (
            f"only {share:.0%} of the pixels hold a measurement: expected at least {limits.valid_share:.0%}"
        )
    largest = float(np.percentile(disparity[valid], 99))
    bound = limits.largest_disparity * disparity.shape[1]
    if largest > bound:
        return (
            f"disparities of {largest:.0f} px in an image {disparity.shape[1]} px wide: expected less than "
            f"{bound:.0f} px (depth in millimetres instead of disparity?)"
        )
    # Steps coarser than a millimetre are another quantisation that happens to fall on whole thousandths.
    thousandths = disparity[valid] * 1000
    whole = np.abs(thousandths - np.rint(thousandths)) < _MILLIMETRE_ROUNDING
    if whole.mean() > 0.99 and np.mean(np.rint(thousandths) % 5 == 0) < 0.6:
        return (
            "every value is a whole number of thousandths: expected disparities of a stereo sensor, "
            "multiples of 1/32 px (depth in metres instead of disparity?)"
        )
    shadows = count_shadows(disparity)
    sided = shadows.left + shadows.right
    if sided >= limits.shadows and shadows.left < limits.shadows_left * sided:
        return (
            f"{shadows.right} of {sided} stereo shadows lie right of the nearer surface: expected most on "
            "its left (image mirrored, disparity inverted, or the right imager's?)"
        )
    if shadows.jumps >= limits.jumps and shadows.left < limits.shadows_lawful * shadows.jumps:
        return (
            f"only {shadows.left} of {shadows.jumps} holes at jumps are as wide as the jump: expected "
            "stereo shadows (another baseline or depth unit, or another kind of camera?)"
        )
    return None


def refuse_result(
    disparity: NDArray[np.float32],
    cleaned: NDArray[np.float32],
    spread: NDArray[np.float32],
    limits: CredibilityLimits,
) -> str | None:
    """Why a cleaned frame must not be believed; None where nothing speaks against it.

    Args:
        disparity: ``(H, W)`` of the sensor, px at the sensor's own resolution, 0 = invalid.
        cleaned: The network's answer, px.
        spread: Its predicted error, px.
        limits: When to refuse.
    """
    valid = disparity > 0
    unknown = float(np.mean(spread > limits.spread))
    if unknown > limits.unknown_share:
        return (
            f"the denoiser is unsure by more than {limits.spread:g} px over {unknown:.0%} of the frame: "
            f"expected at most {limits.unknown_share:.0%}"
        )
    deviation = np.abs(disparity - cleaned)[valid]
    median, off = float(np.median(deviation)), float(np.mean(deviation > 1))
    if median > limits.disagreement or off > limits.disagreeing_share:
        return (
            f"the cleaned frame disagrees with the measured one: median {median:.2f} px, {off:.0%} off by "
            f"more than a pixel: expected at most {limits.disagreement:g} px and "
            f"{limits.disagreeing_share:.0%}"
        )
    sure = valid & (spread < limits.sure_spread)
    holes = 1 - float(valid.mean())
    noise = float(np.median(np.abs(disparity - cleaned)[sure])) if sure.any() else 0.0
    if noise < limits.noise and holes < limits.hole_share:
        return (
            f"no sensor noise to remove: {noise:.3f} px from the cleaned frame and {holes:.2%} holes "
            "(already clean, simulated, or filtered?)"
        )
    return None


@dataclass(frozen=True)
class Shadows:
    """Holes along the rows at jumps of the disparity.

    Attributes:
        left: As wide as the jump and left of the nearer surface, as the right imager's shadows are.
        right: As wide as the jump and right of the nearer surface.
        jumps: At a jump of more than a few px, whatever their width.
    """

    left: int
    right: int
    jumps: int


def count_shadows(disparity: NDArray[np.float32]) -> Shadows:
    """Count the holes of every other row that a stereo camera's occlusion explains."""
    left = right = jumps = 0
    for row in disparity[::2]:
        columns = np.flatnonzero(row)
        gaps = np.diff(columns)
        chosen = np.flatnonzero(gaps > _MIN_SHADOW)
        width = gaps[chosen] - 1
        before, after = row[columns[chosen]], row[columns[chosen + 1]]
        jump = after - before
        lawful = np.abs(width - _SHADOW_MARGIN - np.abs(jump)) <= np.maximum(2.5, 0.15 * np.abs(jump))
        left += int(np.sum(lawful & (jump > _MIN_JUMP)))
        right += int(np.sum(lawful & (jump < -_MIN_JUMP)))
        jumps += int(np.sum(np.abs(jump) > _MIN_JUMP))
    return Shadows(left, right, jumps)
