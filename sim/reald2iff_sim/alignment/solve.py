"""The camera's pose from several views of the arm: coarse search, then Gauss-Newton on rendered depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import AlignmentError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.depth_term import depth_term
from reald2iff_sim.alignment.linearised import Linearised, robust_weights
from reald2iff_sim.alignment.poses import moved
from reald2iff_sim.alignment.search import SearchConfig, coarse_pose
from reald2iff_sim.alignment.uncertainty import Uncertainty, uncertainty
from reald2iff_sim.alignment.views import ArmView

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stage:
    """One stage of the refinement.

    Attributes:
        stride: Of the pixels that it looks at, in an image 640 pixels wide; smaller images take all of them.
        scale: Of the robust loss, pixels of disparity: residuals well beyond it count for nothing.
        margin: Looked-at pixels beside the arm's edges that are left out.
        iterations: At most.
    """

    stride: int
    scale: float
    margin: int
    iterations: int = 10


@dataclass(frozen=True)
class AlignmentConfig:
    """How a camera is aligned.

    Attributes:
        search: Of the coarse search.
        stages: Of the refinement, in order.
        min_pixels: Arm pixels with valid depth that a view needs to count.
        min_agreement: Share of the arm's pixels that must show the arm, or something in front of it.
        seed: Of the coarse search.
    """

    search: SearchConfig = field(default_factory=SearchConfig)
    stages: tuple[Stage, ...] = (Stage(4, 2.0, 1), Stage(2, 0.5, 2), Stage(2, 0.15, 4))
    min_pixels: int = 300
    min_agreement: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.stages:
            raise InvalidParameterError("stages are empty: expected at least one stage of the refinement")
        if self.seed < 0:
            raise InvalidParameterError(f"seed = {self.seed}: expected 0 or more")


@dataclass(frozen=True)
class Alignment:
    """Where the camera stands.

    Attributes:
        pose: ``T_base_camera (4, 4)``, optical frame in ``fr3_link0``.
        guess: What it began with.
        uncertainty: Of the pose.
        agreement: Share of each view's arm pixels within `AGREEING` pixels of disparity of the image.
        residual: Median absolute difference of the agreeing pixels, pixels of disparity.
        residual_depth: Likewise, metres.
        warnings: What makes the pose doubtful, in words; empty = nothing.
    """

    pose: Array
    guess: Array
    uncertainty: Uncertainty
    agreement: tuple[float, ...]
    residual: float
    residual_depth: float
    warnings: tuple[str, ...]


AGREEING = 1.0
"""Pixels of disparity within which depth counts as the arm's."""


def align_camera(views: Sequence[ArmView], guess: Array, config: AlignmentConfig | None = None) -> Alignment:
    """Find the pose of a camera that stood still while it saw the arm in several postures.

    Args:
        views: Images of one camera; four or more, with the arm in different places, determine it well.
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
        pose = coarse_pose(views, arm, start, config.search, rng)
        for stage in config.stages:
            pose = _refine(views, arm, pose, stage)
        return _judge(views, arm, pose, start, config)


def _rigid(pose: Array) -> Array:
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


def _linearise(views: Sequence[ArmView], arm: ArmRenderer, pose: Array, stage: Stage) -> list[Linearised]:
    """Residuals of every view, in pixels of the whole image."""
    terms = []
    for index, view in enumerate(views):
        stride = max(1, round(stage.stride * view.intrinsics.width / 640))
        thinned = _thinned(view.intrinsics, stride)
        rendered = arm.depth(index, pose, thinned)
        term = depth_term(view.depth[::stride, ::stride], rendered, thinned, stage.margin)
        terms.append(Linearised(term.residual * stride, term.jacobian * stride, term.pixels * stride))
    return terms


def _thinned(i: PinholeIntrinsics, stride: int) -> PinholeIntrinsics:
    """Of every ``stride``-th pixel, the first included."""
    size = -(-i.width // stride), -(-i.height // stride)
    return PinholeIntrinsics(*size, i.fx / stride, i.fy / stride, i.cx / stride, i.cy / stride)


def _refine(views: Sequence[ArmView], arm: ArmRenderer, pose: Array, stage: Stage) -> Array:
    for _ in range(stage.iterations):
        terms = _linearise(views, arm, pose, stage)
        residual = np.concatenate([term.residual for term in terms])
        jacobian = np.concatenate([term.jacobian for term in terms])
        weights = robust_weights(residual, stage.scale)
        normal = jacobian.T @ (weights[:, None] * jacobian)
        # Keeps what nothing constrains where it is; nothing to what the images say.
        normal += np.diag(1e-6 * normal.diagonal() + 1e-9)
        step = np.linalg.solve(normal, jacobian.T @ (weights * residual))
        pose = moved(pose, step)
        if np.abs(step).max() < 1e-5:
            break
    return pose


def _judge(
    views: Sequence[ArmView], arm: ArmRenderer, pose: Array, guess: Array, config: AlignmentConfig
) -> Alignment:
    terms = _linearise(views, arm, pose, config.stages[-1])
    counts = [len(term.residual) for term in terms]
    if sum(counts) == 0 or max(counts) * config.stages[-1].stride ** 2 < config.min_pixels:
        raise AlignmentError(
            f"no arm is visible: at most {max(counts)} of its pixels have depth in any of {len(views)} views "
            "about the guessed pose; expected the arm in the image, and a guess within 10 cm and 10 degrees"
        )
    agreement = tuple(_agreement(term.residual) for term in terms)
    if float(np.median(agreement)) < config.min_agreement:
        raise AlignmentError(
            f"no pose near the guess explains the images: the best agrees with {np.median(agreement):.0%} of "
            f"the arm's pixels, expected {config.min_agreement:.0%}; check the joint positions (radians, "
            "joint 1 to 7, each of its own image), the intrinsics, the depth's unit and the guess"
        )
    residual = np.concatenate([term.residual for term in terms])
    agreeing = np.abs(residual) < AGREEING
    depths = np.concatenate(
        [view.depth[tuple(term.pixels.T)] for view, term in zip(views, terms, strict=True)]
    )
    fx = views[0].intrinsics.fx * 0.05
    spread = uncertainty(terms, config.stages[-1].scale)
    return Alignment(
        pose,
        guess,
        spread,
        agreement,
        float(np.median(np.abs(residual[agreeing]))),
        float(np.median(np.abs(residual[agreeing]) * np.square(depths[agreeing]) / fx)),
        (),
    )


def _agreement(residual: Array) -> float:
    """Share of a view's arm pixels that show the arm, among those that nothing hides."""
    visible = residual < AGREEING
    return float(np.mean(np.abs(residual[visible]) < AGREEING)) if visible.any() else 0.0
