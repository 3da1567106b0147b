"""The camera's pose from several views of the arm: coarse search, refinement, and what to think of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import AlignmentError, InvalidParameterError
from reald2iff.geometry import D435_BASELINE
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.poses import pose_error
from reald2iff_sim.alignment.refine import Estimate, Stage, refine
from reald2iff_sim.alignment.search import SearchConfig, coarse_pose
from reald2iff_sim.alignment.views import ArmView

Array = NDArray[np.float64]

AGREEING = 1.0
"""Pixels of disparity within which depth counts as the arm's."""

_FEW_POSTURES = 3
_SAME_POSTURE = 0.1  # rad
_POOR_AGREEMENT = 0.7
_FAR = 2.5  # standard deviations of the guess
_STAGES = (Stage(4, 2.0, 1), Stage(2, 0.5, 2), Stage(2, 0.15, 2, outline=True))


@dataclass(frozen=True)
class AlignmentConfig:
    """How a camera is aligned, and when the result is doubted.

    Attributes:
        search: Of the coarse search.
        stages: Of the refinement, in order.
        min_pixels: Pixels of the arm with valid depth that all views together need.
        min_agreement: Share of the arm's pixels in a typical view that must show the arm.
        max_position_sd: Metres of standard deviation from which a warning is given.
        max_angle_sd: Likewise, radians.
        attempts: Of the coarse search, while no pose is found.
        seed: Of the coarse search.
    """

    search: SearchConfig = field(default_factory=SearchConfig)
    stages: tuple[Stage, ...] = _STAGES
    min_pixels: int = 300
    min_agreement: float = 0.5
    max_position_sd: float = 0.001
    max_angle_sd: float = float(np.radians(0.1))
    attempts: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.stages:
            raise InvalidParameterError("stages are empty: expected at least one stage of the refinement")
        if self.seed < 0 or self.attempts < 1:
            raise InvalidParameterError(
                f"seed, attempts = {self.seed}, {self.attempts}: expected at least 0 and 1"
            )


@dataclass(frozen=True)
class Alignment:
    """Where the camera stands.

    Attributes:
        pose: ``T_base_camera (4, 4)``, optical frame in ``fr3_link0``.
        guess: What it began with.
        covariance: ``(6, 6)`` of the twist (m, rad, camera axes) that leads to the right pose.
        agreement: Share of each view's arm pixels within `AGREEING` pixels of disparity of the image.
        residual: Median absolute difference of those pixels, pixels of disparity.
        residual_depth: Likewise, metres.
        warnings: What makes the pose doubtful, in words; empty = nothing.
    """

    pose: Array
    guess: Array
    covariance: Array
    agreement: tuple[float, ...]
    residual: float
    residual_depth: float
    warnings: tuple[str, ...]

    @property
    def position_sd(self) -> float:
        """Standard deviation of the position in its worst direction, metres."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[:3, :3])[-1]))

    @property
    def angle_sd(self) -> float:
        """Standard deviation of the rotation about its worst axis, radians."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[3:, 3:])[-1]))


def align_camera(views: Sequence[ArmView], guess: Array, config: AlignmentConfig | None = None) -> Alignment:
    """Find the pose of a camera that stood still while it saw the arm in several postures.

    Args:
        views: Images of one camera; ten or more, with the arm in different places, determine it well.
        guess: ``T_base_camera (4, 4)``, within some 10 cm and 10 degrees of the right one.
        config: See `AlignmentConfig`.

    Raises:
        InvalidParameterError: without views, or for a guess that is no rigid motion.
        AlignmentError: if no arm can be seen near the guess, or no pose explains the images.
        DependencyError: without the `sim` extra or EGL.
    """
    config = config or AlignmentConfig()
    if not views:
        raise InvalidParameterError("no views: expected at least one image of the arm")
    start = _rigid(guess)
    size = max(v.intrinsics.width for v in views), max(v.intrinsics.height for v in views)
    rng = np.random.default_rng(config.seed)
    with ArmRenderer([v.joint_positions for v in views], [v.gripper_width for v in views], size) as arm:
        tried: list[Estimate] = []
        for _ in range(config.attempts):
            tried.append(
                refine(views, arm, coarse_pose(views, arm, start, config.search, rng), config.stages)
            )
            if np.median(_agreements(tried[-1])) >= config.min_agreement:
                break
    best = max(tried, key=lambda estimate: np.median(_agreements(estimate)))
    _require_fit(best, config)
    return _judged(views, start, best, config)


def _rigid(pose: Array) -> Array:
    """The pose with its rotation made exact."""
    matrix = np.asarray(pose, dtype=np.float64)
    if (
        matrix.shape != (4, 4)
        or not np.isfinite(matrix).all()
        or not np.allclose(matrix[3], (0, 0, 0, 1), atol=1e-9)
        or not np.allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), atol=1e-3)
        or np.linalg.det(matrix[:3, :3]) < 0
    ):
        raise InvalidParameterError(
            f"the guess of T_base_camera is {matrix.tolist()}: expected a rigid motion as a (4, 4) matrix"
        )
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    rigid = matrix.copy()
    rigid[:3, :3] = u @ vt
    return rigid


def _agreements(estimate: Estimate) -> list[float]:
    """Share of each view's arm pixels that show the arm; 0 where there are none."""
    shares = [np.abs(term.residual) < AGREEING for term in estimate.depth]
    return [float(share.mean()) if share.size else 0.0 for share in shares]


def _require_fit(estimate: Estimate, config: AlignmentConfig) -> None:
    pixels = sum(len(term.residual) for term in estimate.depth)
    if pixels < config.min_pixels:
        raise AlignmentError(
            f"no arm is visible: {pixels} of its pixels have valid depth in {len(estimate.depth)} views "
            f"about the guessed pose; expected {config.min_pixels}, and a guess within 10 cm and 10 degrees"
        )
    typical = float(np.median(_agreements(estimate)))
    if typical < config.min_agreement:
        raise AlignmentError(
            f"no pose near the guess explains the images: the best agrees with {typical:.0%} of the arm's "
            f"pixels, expected {config.min_agreement:.0%}; check the guess, the joint positions (radians, "
            "joint 1 to 7, each of its own image), the intrinsics and the depth's unit"
        )


def _judged(views: Sequence[ArmView], guess: Array, best: Estimate, config: AlignmentConfig) -> Alignment:
    residual = np.concatenate([term.residual for term in best.depth])
    depth = np.concatenate([v.depth[tuple(t.pixels.T)] for v, t in zip(views, best.depth, strict=True)])
    fx = views[0].intrinsics.fx
    agreeing = np.abs(residual) < AGREEING
    off = np.abs(residual[agreeing])
    result = Alignment(
        pose=best.pose,
        guess=guess,
        covariance=best.covariance,
        agreement=tuple(_agreements(best)),
        residual=float(np.median(off)),
        residual_depth=float(np.median(off * np.square(depth[agreeing]) / (fx * D435_BASELINE))),
        warnings=(),
    )
    return replace(result, warnings=tuple(_doubts(result, views, config)))


def _doubts(result: Alignment, views: Sequence[ArmView], config: AlignmentConfig) -> Iterator[str]:
    postures = _distinct([view.joint_positions for view in views])
    if postures < _FEW_POSTURES:
        yield (
            f"the arm stands in {postures} posture(s) that differ: what the sensor does to outlines and "
            f"depth shifts the pose unnoticed; expected at least {_FEW_POSTURES}, better ten to fifteen"
        )
    if result.position_sd > config.max_position_sd or result.angle_sd > config.max_angle_sd:
        yield (
            f"the images leave the pose uncertain by {1000 * result.position_sd:.1f} mm and "
            f"{np.degrees(result.angle_sd):.2f} degrees (standard deviation): add views with the arm "
            "elsewhere in the image, nearer to the camera, and with more of it visible"
        )
    for view, share in zip(views, result.agreement, strict=True):
        if share < _POOR_AGREEMENT:
            yield (
                f"{view.name}: {share:.0%} of the arm's pixels agree with the image: hidden, moved while the "
                "image was taken, or joint positions of another moment?"
            )
    distance, degrees = pose_error(result.guess, result.pose)
    search = config.search
    if distance > _FAR * search.distance or np.radians(degrees) > _FAR * search.angle:
        yield (
            f"the pose is {1000 * distance:.0f} mm and {degrees:.1f} degrees off the guess, farther than "
            "was searched with care: look at the picture, and repeat with this pose as the guess"
        )


def _distinct(joints: Sequence[Array]) -> int:
    """How many postures differ from all before them by `_SAME_POSTURE` in some joint."""
    kept: list[Array] = []
    for positions in joints:
        if all(np.abs(positions - other).max() > _SAME_POSTURE for other in kept):
            kept.append(positions)
    return len(kept)
