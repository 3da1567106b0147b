"""Options of a training run; `reald2iff train ...` is made from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reald2iff.diffusion.discrepancy import DiscrepancyGuidance
from reald2iff.diffusion.frequency import FrequencyGuidance
from reald2iff.diffusion.representation import Representation
from reald2iff.errors import InvalidParameterError


@dataclass(frozen=True)
class NetworkConfig:
    """Size of the pixel backbone.

    Attributes:
        factor: Side of a space-to-depth cell, px.
        widths: Channels of each level.
        layers: Residual blocks a level.
    """

    factor: int = 8
    widths: tuple[int, ...] = (64, 128)
    layers: int = 1


@dataclass(frozen=True)
class ObjectiveConfig:
    """What noise levels are trained and how they weigh.

    Attributes:
        shift: Of the flow-matching schedule; above 1 puts more of training and sampling at high noise, where
            the large structures of a smooth residual are decided.
        logit_normal_share: Share of noise levels drawn logit-normally, the rest uniformly (before the
            shift).
        sigma_floor: The x0 loss is weighted ``1 / max(sigma, sigma_floor)^2``: the velocity loss, bounded.
        hole_residual_weight: Weight of the residual channel inside holes, where it is never seen.
        deviation_weight: Weight of the deviation map's loss (coarse stage).
    """

    shift: float = 3.0
    logit_normal_share: float = 0.7
    sigma_floor: float = 0.3
    hole_residual_weight: float = 0.1
    deviation_weight: float = 0.2

    def __post_init__(self) -> None:
        if self.shift <= 0 or not 0 <= self.logit_normal_share <= 1 or not 0 < self.sigma_floor <= 1:
            raise InvalidParameterError(
                f"shift {self.shift}, logit_normal_share {self.logit_normal_share}, sigma_floor "
                f"{self.sigma_floor}: expected a positive shift, a share in [0, 1] and a floor in (0, 1]"
            )


@dataclass(frozen=True)
class RunConfig:
    """Options of the training loop, whatever it trains.

    Attributes:
        pairs: Folder made by `reald2iff pairs generate`.
        out: Folder of the run: checkpoint, weights, TensorBoard log, sample pictures. An interrupted run
            goes on where its last checkpoint stands.
        steps: Optimisation steps of the whole run (the learning rate follows a cosine over them).
        batch_size: Windows a step.
        window: Side of a window, px.
        learning_rate: Peak of the cosine.
        warmup: Steps of linear warm-up.
        weight_decay: Of AdamW.
        gradient_clip: Largest gradient norm.
        ema_decay: Of the exponential moving average of the weights, which is what is saved for use.
        seed: Of every random draw.
        device: Where to train; auto takes CUDA when there is one.
        precision: bf16 computes the networks in bfloat16 (weights stay float32).
        threads: CPU threads; 0 leaves torch's choice.
        checkpoint_every: Steps between checkpoints.
        log_every: Steps between TensorBoard entries.
        picture_every: Steps between sample pictures (validation scenes); 0 draws none.
    """

    pairs: Path
    out: Path
    steps: int = 20000
    batch_size: int = 8
    window: int = 192
    learning_rate: float = 6e-4
    warmup: int = 200
    weight_decay: float = 1e-4
    gradient_clip: float = 1.0
    ema_decay: float = 0.998
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["bf16", "fp32"] = "bf16"
    threads: int = 0
    checkpoint_every: int = 250
    log_every: int = 25
    picture_every: int = 1000

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "window", "checkpoint_every", "log_every"):
            if getattr(self, name) < 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected 1 or more")
        if self.learning_rate <= 0 or not 0 <= self.ema_decay < 1:
            raise InvalidParameterError(
                f"learning_rate {self.learning_rate}, ema_decay {self.ema_decay}: expected a positive rate "
                "and a decay in [0, 1)"
            )


@dataclass(frozen=True)
class MixtureConfig(RunConfig):
    """Options of what learns the sensor's noise: real pairs mixed into the simulated ones.

    Attributes:
        real_pairs: Folder made by `reald2iff pairs from-real`, whose training frames are mixed in; None mixes
            nothing. A camera's native and registered depth differ: one folder, of one source.
        real_share: Share of a step's windows drawn from it, in whole windows.
    """

    real_pairs: Path | None = None
    real_share: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.real_pairs is not None and not 0 < self.real_windows(self.batch_size) < self.batch_size:
            raise InvalidParameterError(
                f"real_share {self.real_share} of {self.batch_size} windows: expected at least one real and "
                "one simulated window a step"
            )

    def real_windows(self, batch_size: int) -> int:
        """How many of so many windows are real."""
        return round(self.real_share * batch_size) if self.real_pairs is not None else 0


@dataclass(frozen=True)
class TrainConfig(MixtureConfig):
    """Options that both stages share.

    Attributes:
        representation: How depth looks to the networks.
        objective: Noise levels and loss weights.
        start: Folder of a backbone of the same stage and size to begin with, for instance the shipped one's
            ``coarse`` or ``fine``.
    """

    representation: Representation = field(default_factory=Representation)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    start: Path | None = None


@dataclass(frozen=True)
class CoarseConfig(TrainConfig):
    """Options of the coarse stage.

    Attributes:
        network: Size of the network.
        frequency: Frequency-guided supervision.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    frequency: FrequencyGuidance = field(default_factory=FrequencyGuidance)


@dataclass(frozen=True)
class FineConfig(TrainConfig):
    """Options of the fine stage.

    Attributes:
        coarse: Folder of the coarse backbone (``RUN/backbone`` of `reald2iff train coarse`).
        coarse_steps: Network calls with which the coarse stage makes the condition; also the default at use.
        fine_steps: The default number of network calls at use.
        network: Size of the network.
        detail_width: Channels of the layers at image size that sharpen outlines; 0 = none.
        warm_start: Without ``start``, begin with the coarse stage's weights, which takes a network of the
            same size.
        discrepancy: Discrepancy-guided optimization; equal weights switch it off.
    """

    coarse: Path = Path("runs/coarse/backbone")
    coarse_steps: int = 3
    fine_steps: int = 4
    network: NetworkConfig = field(default_factory=NetworkConfig)
    detail_width: int = 16
    warm_start: bool = True
    discrepancy: DiscrepancyGuidance = field(default_factory=DiscrepancyGuidance)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.detail_width < 0:
            raise InvalidParameterError(f"detail_width = {self.detail_width}: expected 0 or more channels")
        if self.coarse_steps < 1 or self.fine_steps < 1:
            raise InvalidParameterError(
                f"coarse_steps {self.coarse_steps}, fine_steps {self.fine_steps}: expected 1 or more"
            )
