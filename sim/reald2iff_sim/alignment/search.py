"""The coarse search: which poses about the first guess put the arm where the images have something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cma
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff.errors import AlignmentError, InvalidParameterError
from reald2iff.geometry import (
    D435_BASELINE,
    PinholeIntrinsics,
    back_project,
    depth_to_disparity,
    transform_points,
)
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.views import ArmView

Array = NDArray[np.float64]

_WIDER = 1.6  # the arm is drawn on an image this much larger, so that it is whole beside a wrong pose too
_POINTS = 500  # of a view
_UNSEEN = 0.5  # cost of a point outside the image or on a hole, between those of right and wrong
_PRIOR = 0.02  # cost of one squared standard deviation from the first guess
_HIDDEN = 0.7  # of a point behind what the image shows, which an occluder explains; nothing explains 1


@dataclass(frozen=True)
class SearchConfig:
    """How the coarse search looks.

    Attributes:
        distance: Standard deviation of the first guess, metres.
        angle: Likewise, radians.
        population: Poses tried at once.
        rounds: Of them.
        tolerance: Difference of disparity at which a point counts as wrong, pixels of a 640-pixel-wide image;
            from the first to the last round.
    """

    distance: float = 0.08
    angle: float = 0.12
    population: int = 64
    rounds: int = 40
    tolerance: tuple[float, float] = (3.0, 0.75)

    def __post_init__(self) -> None:
        if self.distance <= 0 or self.angle <= 0:
            raise InvalidParameterError(
                f"distance, angle = {self.distance}, {self.angle}: expected more than 0 m and rad"
            )

    @classmethod
    def for_guess(cls, distance: float, angle: float) -> SearchConfig:
        """For a guess that is off by up to ``distance`` metres and ``angle`` radians."""
        return cls(distance=0.8 * distance, angle=0.7 * angle)


@dataclass(frozen=True)
class _Points:
    points: Array  # (P, 3) base frame, on the arm's visible side
    disparity: NDArray[np.float32]  # (H, W) px of the image, 0 = invalid
    intrinsics: PinholeIntrinsics


def coarse_pose(
    views: Sequence[ArmView], arm: ArmRenderer, guess: Array, config: SearchConfig, rng: np.random.Generator
) -> Array:
    """``T_base_camera (4, 4)`` near the right one, from a ``guess`` that may be well off.

    Raises:
        AlignmentError: if the arm is not before the guessed camera at all.
    """
    clouds = [_surface(view, arm, index, guess, rng) for index, view in enumerate(views)]
    clouds = [cloud for cloud in clouds if len(cloud.points)]
    if not clouds:
        raise AlignmentError(
            f"no arm is visible in any of {len(views)} views from the guessed pose, nor just beside them; "
            "expected T_base_camera of the optical frame (z forward, x right, y down)"
        )
    centre = np.concatenate([cloud.points for cloud in clouds]).mean(axis=0)
    spread = np.array([config.distance] * 3 + [config.angle] * 3)
    strategy = cma.CMAEvolutionStrategy(
        np.zeros(6),
        1.0,
        {
            "popsize": config.population,
            "seed": int(rng.integers(1, 2**31)),
            "verbose": -9,
            "CMA_stds": spread * np.array([2, 2, 1, 1, 1, 1]),
        },
    )
    tolerances = np.geomspace(*config.tolerance, config.rounds)
    for tolerance in tolerances:
        steps = np.array(strategy.ask())
        poses = _about(guess, centre, steps)
        costs = np.mean([_cost(cloud, poses, tolerance) for cloud in clouds], axis=0)
        costs += _PRIOR * _improbability(guess, poses, config)
        strategy.tell(list(steps), list(costs))
    return _about(guess, centre, np.asarray(strategy.mean)[None])[0]


def _surface(view: ArmView, arm: ArmRenderer, index: int, guess: Array, rng: np.random.Generator) -> _Points:
    """Points of the arm that the camera sees from the guessed pose, in and around the image."""
    i = view.intrinsics
    left, top = (int(size * (_WIDER - 1) / 2) for size in (i.width, i.height))
    wide = PinholeIntrinsics(i.width + 2 * left, i.height + 2 * top, i.fx, i.fy, i.cx + left, i.cy + top)
    small = wide.resized(wide.width // 4, wide.height // 4)
    points = back_project(arm.depth(index, guess, small), small).reshape(-1, 3)
    points = points[np.isfinite(points[:, 2])]
    chosen = rng.permutation(len(points))[:_POINTS]
    disparity = depth_to_disparity(view.depth, i.fx)
    return _Points(transform_points(guess, points[chosen]), disparity, i)


def _about(guess: Array, centre: Array, steps: Array) -> Array:
    """Poses ``(N, 4, 4)``: the arm moved by ``steps (N, 6)`` in camera axes, turned about ``centre``."""
    axes = guess[:3, :3]
    turn = Rotation.from_rotvec(steps[:, 3:] @ axes.T).as_matrix()
    poses = np.tile(np.eye(4), (len(steps), 1, 1))
    poses[:, :3, :3] = turn @ axes
    poses[:, :3, 3] = centre + turn @ (guess[:3, 3] - centre) + steps[:, :3] @ axes.T
    return poses


def _improbability(guess: Array, poses: Array, config: SearchConfig) -> Array:
    """Squared standard deviations ``(N,)`` that the camera is off the guess at poses ``(N, 4, 4)``."""
    distances = np.linalg.norm(poses[:, :3, 3] - guess[:3, 3], axis=1)
    angles = Rotation.from_matrix(guess[:3, :3].T @ poses[:, :3, :3]).magnitude()
    return np.square(distances / config.distance) + np.square(angles / config.angle)


def _cost(cloud: _Points, poses: Array, tolerance: float) -> Array:
    """Mean cost of a view's points ``(N,)`` at poses ``(N, 4, 4)``."""
    i = cloud.intrinsics
    # Inverse of a rigid motion applied to rows: R^T (p - t) = (p - t) R.
    local = (cloud.points[None] - poses[:, None, :3, 3]) @ poses[:, :3, :3]
    z = np.maximum(local[..., 2], 1e-3)
    column = np.rint(local[..., 0] / z * i.fx + i.cx)
    row = np.rint(local[..., 1] / z * i.fy + i.cy)
    inside = (column >= 0) & (column < i.width) & (row >= 0) & (row < i.height) & (local[..., 2] > 1e-3)
    seen = cloud.disparity[
        np.where(inside, row, 0).astype(np.intp), np.where(inside, column, 0).astype(np.intp)
    ]
    error = (i.fx * D435_BASELINE / z - seen) / (tolerance * i.width / 640)
    cost = np.minimum(np.square(error), np.where(error > 0, 1.0, _HIDDEN))
    return np.where(inside & (seen > 0), cost, _UNSEEN).mean(axis=1)
