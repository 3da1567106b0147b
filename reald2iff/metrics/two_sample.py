"""Classifier two-sample test: can a small network tell generated depth from the sensor's?

Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017. A classifier sees patches of sensor
and of generated disparity together with the clean disparity beneath them, and is asked which is which. It
stands at 0.5 where the two are distributed alike and at 1.0 where every patch gives itself away.

What makes figures comparable is fixed: the network, its training and the patches. Patches

- cover the whole image, the left border band included;
- are the same places of the same frames for both classes, so that content gives nothing away;
- are used where at least half of the clean depth is valid and not both sides are wholly holes (two empty
  patches say nothing, and would only pull every method towards chance);
- are split by scene: those of one scene never stand on both sides.

Against real frames there is no clean side but one estimated from the very frame, whose residual is shrunk by
construction. There (`TwoSampleConfig.sees_clean` False) the classifier sees the patch alone: its shape and
level, sub-pixel phase, differences to a robust plane and to local means at three scales, and validity.

On 32 training views the figures of learned models move by 0.01 with the seed. The classifier is not the
strongest there could be: longer training (1000 steps) or an input sharpened for the finest texture tells
every method from the sensor more often, the redrawn sensor still not. Compare within one version only.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from reald2iff.errors import InvalidParameterError
from reald2iff.metrics.patch_network import classifier, features
from reald2iff.metrics.patches import Fold, PairedPatches, split_scenes

if TYPE_CHECKING:
    import torch

_CLASSES = 2
_EVALUATION_BATCH = 512
_START = threading.Lock()
"""Torch's random state is the process's: tests in several threads draw their networks one after the other."""


@dataclass(frozen=True)
class TwoSampleConfig:
    """The fixed classifier of one patch size.

    Attributes:
        patch: Side of the square patches, px.
        steps: Training steps.
        batch: Patches of each class in a step.
        learning_rate: Of AdamW at the start; it falls to 0 along a cosine.
        width: Channels of the first layer.
        test_patches: At most so many test patches of a frame, drawn from a grid.
        compand_scale: Residual in px where companding (asinh) turns from linear to logarithmic.
        max_residual: Residuals are clipped to this many px.
        bootstrap: Resamplings of the test scenes for the confidence interval.
        seed: Of the split, the network's start and the patches.
        sees_clean: The network sees the clean disparity beneath the patch. False where the clean side was
            estimated from the very frames that are judged: it then only decides which places are used.

    Raises:
        InvalidParameterError: if a value is not positive, or the patch is smaller than 8 px.
    """

    patch: int
    steps: int
    batch: int
    learning_rate: float
    width: int = 32
    test_patches: int = 200
    compand_scale: float = 0.15
    max_residual: float = 40.0
    bootstrap: int = 1000
    seed: int = 0
    sees_clean: bool = True

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "learning_rate", "width", "test_patches", "compand_scale"):
            if getattr(self, name) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a positive number")
        if self.patch < 8:
            raise InvalidParameterError(f"patch = {self.patch}: expected at least 8 px")


PATCH_16 = TwoSampleConfig(patch=16, steps=600, batch=64, learning_rate=2e-3)
"""Local texture: noise, quantisation, the shape of small holes."""

PATCH_64 = TwoSampleConfig(patch=64, steps=300, batch=32, learning_rate=2e-3)
"""Context: bands beside objects, large holes, low frequencies."""


@dataclass(frozen=True)
class TwoSampleResult:
    """What the classifier reached on scenes it was not trained on.

    Attributes:
        accuracy: Mean of the accuracies on the two classes; 0.5 = chance.
        auc: Area under the ROC curve; 0.5 = chance.
        ci95: 95 % confidence interval of the accuracy, from resampling the test scenes.
        test_scenes: Number of test scenes.
        test_patches: Number of test patches of each class.
    """

    accuracy: float
    auc: float
    ci95: tuple[float, float]
    test_scenes: int
    test_patches: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "ci95": list(self.ci95)}


def _train(
    patches: PairedPatches, frames: NDArray[np.intp], config: TwoSampleConfig, rng: np.random.Generator
) -> torch.nn.Module:
    import torch

    with _START, torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = classifier(config)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    for _ in range(config.steps):
        # Twice as many as needed: some places cannot be used.
        count = 2 * config.batch
        clean, sensor, generated, _ = patches.at(
            frames[rng.integers(len(frames), size=count)],
            rng.integers(patches.rows, size=count),
            rng.integers(patches.columns, size=count),
        )
        # Up and down mean nothing to a horizontal stereo pair; left and right do.
        flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
        c, s, g = (
            torch.from_numpy(np.ascontiguousarray(p[: config.batch, flip]))
            for p in (clean, sensor, generated)
        )
        if len(c) > 1:
            score = network(torch.cat([features(c, s, config), features(c, g, config)]))[:, 0]
            truth = torch.cat([torch.ones(len(c)), torch.zeros(len(c))])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(score, truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return network.eval()


def _test(
    network: torch.nn.Module,
    patches: PairedPatches,
    frames: NDArray[np.intp],
    config: TwoSampleConfig,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Scores ``(M, 2)`` of sensor and generated patches, and the frame ``(M,)`` of each."""
    import torch

    row, column = (
        a.ravel()
        for a in np.meshgrid(
            np.arange(0, patches.rows, config.patch),
            np.arange(0, patches.columns, config.patch),
            indexing="ij",
        )
    )
    scores, owners = [], []
    for frame in frames:
        chosen = rng.permutation(len(row))[: config.test_patches]
        clean, sensor, generated, _ = patches.at(np.full(len(chosen), frame), row[chosen], column[chosen])
        for start in range(0, len(clean), _EVALUATION_BATCH):
            part = slice(start, start + _EVALUATION_BATCH)
            c, s, g = (torch.from_numpy(p[part]) for p in (clean, sensor, generated))
            with torch.inference_mode():
                score = network(torch.cat([features(c, s, config), features(c, g, config)]))
            scores.append(score[:, 0].view(_CLASSES, -1).T.numpy())
            owners.append(np.full(len(c), frame))
    if not scores:
        raise InvalidParameterError("no patch could be used: the test frames hold no valid depth")
    return np.concatenate(scores), np.concatenate(owners)


def _auc(scores: NDArray[np.float32]) -> float:
    count = len(scores)
    ranks = rankdata(scores.T.ravel())
    return float((ranks[:count].sum() - count * (count + 1) / 2) / count**2)


def _interval(
    right: NDArray[np.float64], scene: NDArray[np.integer], repeats: int, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of the mean of ``right`` when scenes, not patches, are what varies."""
    _, index = np.unique(scene, return_inverse=True)
    total, count = np.bincount(index, right), np.bincount(index)
    drawn = rng.integers(len(count), size=(repeats, len(count)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def two_sample_test(
    clean: NDArray[np.float32],
    sensor: NDArray[np.float32],
    generated: NDArray[np.float32],
    scene: NDArray[np.integer],
    config: TwoSampleConfig = PATCH_16,
    folds: Sequence[Fold] | None = None,
) -> TwoSampleResult:
    """Train the classifier on some scenes and test it on others.

    Args:
        clean: ``(N, H, W) float32`` clean disparity, px, 0 = invalid.
        sensor: ``(N, H, W) float32`` disparity of the sensor, px, 0 = invalid.
        generated: ``(N, H, W) float32`` disparity to be told from it, px, 0 = invalid.
        scene: ``(N,)`` scene of each frame.
        config: Patch size and the classifier's fixed training.
        folds: Frames to train on and to test on; a classifier is trained for each and their answers are taken
            together. None = once, on half of the scenes.

    Raises:
        InvalidParameterError: for arrays of different shapes, images smaller than a patch, fewer than 4
            scenes (without folds), a scene on both sides of a fold, or no valid depth.
    """
    import torch

    if not (clean.shape == sensor.shape == generated.shape) or clean.shape[:1] != scene.shape:
        raise InvalidParameterError(
            f"clean {clean.shape}, sensor {sensor.shape}, generated {generated.shape}, scene {scene.shape}: "
            "expected three arrays (N, H, W) of one shape and N scenes"
        )
    if min(clean.shape[1:]) < config.patch:
        raise InvalidParameterError(
            f"images of {clean.shape[2]}x{clean.shape[1]} px are smaller than a patch of {config.patch} px"
        )
    rng = np.random.default_rng(config.seed)
    if folds is None:
        folds = [split_scenes(scene, rng)]
    for training, testing in folds:
        shared = np.intersect1d(scene[training], scene[testing])
        if len(shared):
            raise InvalidParameterError(
                f"scenes {shared.tolist()} stand on both sides of a fold: expected none"
            )
    patches = PairedPatches(clean, sensor, generated, config.patch)
    threads = torch.get_num_threads()
    # Figures should not depend on the number of cores, and threads gain little on networks this small.
    torch.set_num_threads(1)
    try:
        answers = [
            _test(_train(patches, training, config, rng), patches, testing, config, rng)
            for training, testing in folds
        ]
    finally:
        torch.set_num_threads(threads)
    scores = np.concatenate([scores for scores, _ in answers])
    frame = np.concatenate([frame for _, frame in answers])
    right = ((scores[:, 0] > 0).astype(np.float64) + (scores[:, 1] <= 0)) / _CLASSES
    return TwoSampleResult(
        accuracy=float(right.mean()),
        # Of each classifier apart: the scores of two have no common scale.
        auc=float(np.average([_auc(s) for s, _ in answers], weights=[len(s) for s, _ in answers])),
        ci95=_interval(right, scene[frame], config.bootstrap, rng),
        test_scenes=len(np.unique(scene[np.concatenate([testing for _, testing in folds])])),
        test_patches=len(scores),
    )
