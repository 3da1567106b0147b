"""Gauss-Newton on rendered depth and outlines of the arm, from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.depth_term import depth_term
from reald2iff_sim.alignment.linearised import SENSOR_MEAN, SENSOR_SD, Linearised, robust_weights
from reald2iff_sim.alignment.poses import moved
from reald2iff_sim.alignment.silhouette_term import silhouette_term
from reald2iff_sim.alignment.views import ArmView

Array = NDArray[np.float64]

# Noise is alike over a patch of pixels, and so over a length of outline: so many count as one measurement.
# Errors over seeded scenes agree with the standard deviations that these values give.
_ALIKE_PIXELS = 350
_ALIKE_OUTLINE = 40
_LEAST_DEPTH_NOISE = 0.02  # px; quantisation alone is half of that
_LEAST_OUTLINE_NOISE = 0.7  # px; pixels are counted
_OUTLINE_SCALE = 3.0  # px, of the robust loss
_CONVERGED = 1e-5  # m and rad


@dataclass(frozen=True)
class Stage:
    """One stage of the refinement.

    Attributes:
        stride: Of the pixels that it looks at, in an image 640 pixels wide; smaller images take more of them.
        scale: Of the robust loss, pixels of disparity: residuals well beyond it count for nothing.
        margin: Looked-at pixels beside the arm's edges that are left out.
        outline: Whether the arm's outline counts too.
        iterations: At most.
    """

    stride: int
    scale: float
    margin: int
    outline: bool = False
    iterations: int = 10

    def __post_init__(self) -> None:
        if self.stride < 1 or self.scale <= 0 or self.margin < 0 or self.iterations < 1:
            raise InvalidParameterError(
                f"{self}: expected a stride and iterations of at least 1, a positive scale, margin 0 or more"
            )


@dataclass(frozen=True)
class Estimate:
    """A pose and what it rests on.

    Attributes:
        pose: ``T_base_camera (4, 4)``.
        sensor: ``(4,)``, see `reald2iff_sim.alignment.linearised.SENSOR_MEAN`.
        covariance: ``(6, 6)`` of the twist (m, rad, camera axes) that leads to the right pose.
        depth: Residuals of each view at the pose.
    """

    pose: Array
    sensor: Array
    covariance: Array
    depth: tuple[Linearised, ...]


def refine(views: Sequence[ArmView], arm: ArmRenderer, pose: Array, stages: Sequence[Stage]) -> Estimate:
    """The pose that explains the images best, near ``pose (4, 4)``."""
    estimate = Estimate(pose, SENSOR_MEAN.copy(), np.zeros((6, 6)), ())
    for stage in stages:
        for _ in range(stage.iterations):
            estimate, step = _step(views, arm, estimate, stage)
            if np.abs(step).max() < _CONVERGED:
                break
    return estimate


def _step(
    views: Sequence[ArmView], arm: ArmRenderer, estimate: Estimate, stage: Stage
) -> tuple[Estimate, Array]:
    depth = tuple(_depth(view, arm, i, estimate.pose, stage) for i, view in enumerate(views))
    precision = 1.0 / np.square(SENSOR_SD)
    normal = np.diag([1e-3] * 6 + list(precision))  # keeps what nothing constrains where it is
    gradient = np.concatenate([np.zeros(6), precision * (SENSOR_MEAN - estimate.sensor)])
    alike = max(1.0, _ALIKE_PIXELS / np.square(_stride(views[0].intrinsics, stage)))
    _accumulate(depth, estimate.sensor, stage.scale, _LEAST_DEPTH_NOISE, alike, normal, gradient)
    if stage.outline:
        outlines = [
            silhouette_term(v.depth, arm.depth(i, estimate.pose, v.intrinsics), v.intrinsics)
            for i, v in enumerate(views)
        ]
        _accumulate(
            outlines, estimate.sensor, _OUTLINE_SCALE, _LEAST_OUTLINE_NOISE, _ALIKE_OUTLINE, normal, gradient
        )
    covariance = np.linalg.inv(normal)
    step = covariance @ gradient
    moved_on = Estimate(moved(estimate.pose, step[:6]), estimate.sensor + step[6:], covariance[:6, :6], depth)
    return moved_on, step[:6]


def _accumulate(
    terms: Sequence[Linearised],
    sensor: Array,
    scale: float,
    least_noise: float,
    alike: float,
    normal: Array,
    gradient: Array,
) -> None:
    """Add the terms' normal equations, ``(10, 10)`` and ``(10,)``, weighted by the noise that they show."""
    residual = np.concatenate([term.residual - term.sensor @ sensor for term in terms])
    jacobian = np.concatenate([np.hstack([term.jacobian, term.sensor]) for term in terms])
    weights = robust_weights(residual, scale)
    if not weights.any():
        return
    noise = np.sqrt(np.average(np.square(residual), weights=weights))
    weights /= alike * max(float(noise), least_noise) ** 2
    normal += jacobian.T @ (weights[:, None] * jacobian)
    gradient += jacobian.T @ (weights * residual)


def _depth(view: ArmView, arm: ArmRenderer, index: int, pose: Array, stage: Stage) -> Linearised:
    stride = _stride(view.intrinsics, stage)
    thinned = _thinned(view.intrinsics, stride)
    rendered = arm.depth(index, pose, thinned)
    return depth_term(view.depth[::stride, ::stride], rendered, thinned, stage.margin, stride)


def _stride(intrinsics: PinholeIntrinsics, stage: Stage) -> int:
    return max(1, round(stage.stride * intrinsics.width / 640))


def _thinned(i: PinholeIntrinsics, stride: int) -> PinholeIntrinsics:
    """Of every ``stride``-th pixel, the first included."""
    size = -(-i.width // stride), -(-i.height // stride)
    return PinholeIntrinsics(*size, i.fx / stride, i.fy / stride, i.cx / stride, i.cy / stride)
