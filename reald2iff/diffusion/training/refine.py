"""Refinement: the fine stage trained on, at the few steps it is used with, against a discriminator.

A network that predicts x0 gives samples of too little spread in few steps. RealD2iff's second stage cures
the coarse one where a discrepancy map finds it wanting, Stable-Sim2Real's where a discriminator does; here
the discriminator supervises the last step itself, which repairs texture and holes and needs fewer steps.

Two losses work together. An energy score over patches of several sizes (Gneiting and Raftery 2007) asks for
the right spread, and cannot run away; it leaves holes too round. The adversarial loss mends that, held to the
energy score's strength. It is relativistic and paired (Jolicoeur-Martineau 2019; Huang et al. 2024, "R3GAN"):
at the same place of the same scene, sensor and generated depth must score alike, so that content cancels out.
The discriminator is kept smooth by finite differences in place of gradient penalties (Lin et al. 2025,
"Seaweed-APT", section 3.3).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch.func import functional_call

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.representation import Representation
from reald2iff.diffusion.sampling import sample_stage, sigma_schedule
from reald2iff.diffusion.texture import SHAPES
from reald2iff.diffusion.training.config import RunConfig
from reald2iff.diffusion.training.data import Batch
from reald2iff.diffusion.training.discriminator import (
    PatchDiscriminator,
    geometry_channels,
    noise_channels,
)
from reald2iff.diffusion.training.loop import ParameterGroup, Stage, Trainer, choose_device
from reald2iff.diffusion.training.pictures import draw_samples
from reald2iff.errors import InvalidParameterError

_UNDECIDED = 0.5
"""Validities up to this far from the threshold may still be moved to its other side."""

_PATCHES = (1, 4, 16, 48)
"""Sides of the patches of the energy score, px."""

_FIRST_GAINS = (0.05, 0.05)
"""Of the texture fields in the companded residual and in the validity."""


@dataclass(frozen=True)
class RefineConfig(RunConfig):
    """Options of the refinement.

    Attributes:
        weights: Pipeline to refine (``RUN/pipeline`` of `reald2iff train fine`, or of another refinement).
        coarse_steps: Network calls of the coarse stage, here and at use.
        fine_steps: Network calls of the fine stage, here and at use; the last one is trained.
        discriminator_width: Channels of the discriminator's first layer.
        discriminator_rate: Its learning rate as a multiple of the generator's.
        adversarial: Strength of the adversarial gradient relative to the energy score's, where both reach
            the sample.
        smoothness: Weight of the discriminator's smoothness penalty.
        perturbation: Size of the step it is measured over, in units of the discriminator's channels.
    """

    weights: Path = Path("runs/fine/pipeline")
    coarse_steps: int = 2
    fine_steps: int = 3
    batch_size: int = 8
    window: int = 96
    steps: int = 4000
    learning_rate: float = 5e-5
    weight_decay: float = 0.0
    discriminator_width: int = 48
    discriminator_rate: float = 20.0
    adversarial: float = 1.0
    smoothness: float = 1.0
    perturbation: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("coarse_steps", "fine_steps", "discriminator_width"):
            if getattr(self, name) < 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected 1 or more")
        for name in ("discriminator_rate", "perturbation"):
            if getattr(self, name) <= 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a positive number")


class _Adversaries(torch.nn.Module):
    """Both networks as one, for the trainer's checkpoint and average."""

    def __init__(self, generator: torch.nn.Module, discriminator: PatchDiscriminator) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator


class RefineStage(Stage):
    """Trains the fine stage of a pipeline against a discriminator."""

    model: _Adversaries

    def __init__(self, config: RefineConfig) -> None:
        torch.manual_seed(config.seed)
        self._config = config
        self._pipeline = RealD2iffPipeline.from_pretrained(config.weights)
        if config.window % self._pipeline.multiple:
            raise InvalidParameterError(
                f"window = {config.window}: expected a multiple of {self._pipeline.multiple} px"
            )
        self._coarse = self._pipeline.coarse.to(choose_device(config.device)).requires_grad_(False)
        fine = self._pipeline.fine
        if isinstance(fine, PixelBackbone) and not fine.config.textures:
            fine = with_textures(fine)
            self._pipeline.register_modules(fine=fine)
        self.model = _Adversaries(fine, PatchDiscriminator(config.discriminator_width))

    def parameter_groups(self) -> list[ParameterGroup]:
        # Little momentum: the two chase each other.
        betas = (0.5, 0.99)
        return [
            ParameterGroup(list(self.model.generator.parameters()), 1.0, betas),
            ParameterGroup(
                list(self.model.discriminator.parameters()), self._config.discriminator_rate, betas
            ),
        ]

    def losses(self, batch: Batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        config, discriminator = self._config, self.model.discriminator
        geometry = geometry_channels(batch.clean, batch.features[:, -2:])
        representation = self._pipeline.representation
        sample, other = (self._sample(batch, generator) for _ in range(2))
        generated, again = (
            noise_channels(*measured(representation, batch.clean, s)) for s in (sample, other)
        )
        sensor = noise_channels(*sensed(representation, batch.clean, batch.sensor))
        energy = energy_score(generated, again, sensor)

        # Smoothness on a part of the batch will do: it changes slowly.
        part, count = slice(0, None, 2), len(sensor)
        step = config.perturbation * torch.randn(generated.shape, generator=generator).to(generated)
        logits = discriminator(
            torch.cat([geometry, geometry, geometry[part]]),
            torch.cat([sensor, generated.detach(), (generated.detach() + step)[part]]),
        )
        real, fake, shifted = zip(
            *(scale.split([count, count, len(scale) - 2 * count]) for scale in logits), strict=True
        )
        rough = [(a[part] - b).square().mean() for a, b in zip(fake, shifted, strict=True)]
        # Gradients reach the generator alone.
        frozen = {name: value.detach() for name, value in discriminator.named_parameters()}
        both = torch.cat([geometry, geometry]), torch.cat([sensor, generated])
        judged = functional_call(discriminator, frozen, both)
        ours, theirs = zip(*(scale.split(count)[::-1] for scale in judged), strict=True)
        adversarial = _beats(ours, theirs)
        return {
            "discriminator": _beats(real, fake),
            "smoothness": config.smoothness * torch.stack(rough).mean(),
            "energy": energy,
            "adversarial": _held_to(energy, adversarial, sample, config.adversarial),
        }

    def _sample(self, batch: Batch, generator: torch.Generator) -> torch.Tensor:
        """``(B, 2, S, S)`` sample of both stages; the last network call carries gradients."""
        config, fine, guidance = self._config, self.model.generator, self._pipeline.guidance
        scheduler, device = self._pipeline.scheduler, batch.clean.device

        def noise(backbone: Any) -> torch.Tensor:
            shape = backbone.sample_shape(len(batch.clean), *batch.clean.shape[-2:])
            return torch.randn(shape, generator=generator).to(device)

        with torch.no_grad():
            coarse, deviation = sample_stage(
                self._coarse, scheduler, noise(self._coarse), batch.features, config.coarse_steps
            )
            assert deviation is not None
            condition = torch.cat(
                [batch.features, self._coarse.decode(coarse), guidance.normalised_map(deviation)], dim=1
            )
            scheduler.set_timesteps(sigmas=sigma_schedule(config.fine_steps), device=device)
            sigmas = scheduler.sigmas
            sample = noise(fine)
            for level, following in itertools.pairwise(sigmas[:-1]):
                x0, _ = fine(sample, level.expand(len(sample)), condition)
                sample = x0 + (sample - x0) * (following / level)
        x0, _ = fine(sample, sigmas[-2].expand(len(sample)), condition)
        return self._pipeline.fine.decode(x0.float())

    def export(self, folder: Path) -> Path:
        path = folder / "pipeline"
        self._pipeline.set_sampling(
            replace(
                self._pipeline.sampling,
                coarse_steps=self._config.coarse_steps,
                fine_steps=self._config.fine_steps,
                fine_temperature=1.0,
                fine_validity_threshold=0.0,
            )
        )
        self._pipeline.save_pretrained(path)
        return path

    def draw(self, batch: Batch, path: Path) -> None:
        sample = self._sample(batch, torch.Generator().manual_seed(0))
        draw_samples(batch, self._pipeline.representation.decode(batch.clean, sample), path)


def with_textures(backbone: PixelBackbone) -> PixelBackbone:
    """The same network with texture fields over its prediction, weak ones at first."""
    options = {name: value for name, value in backbone.config.items() if not name.startswith("_")}
    textured = PixelBackbone(**{**options, "textures": SHAPES})
    textured.start_from(backbone)
    textured.set_texture_gains(_FIRST_GAINS)
    return textured


def energy_score(one: torch.Tensor, other: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Energy score of two samples ``(B, C, H, W)`` over patches of several sizes; lower is better."""

    def distance(a: torch.Tensor, b: torch.Tensor, size: int) -> torch.Tensor:
        squared = (a - b).square().mean(1, keepdim=True)
        return (F.avg_pool2d(squared, size, max(1, size // 2)) + 1e-6).sqrt().mean()

    scores = [
        (distance(one, truth, size) + distance(other, truth, size) - distance(one, other, size)) / 2
        for size in _PATCHES
    ]
    return torch.stack(scores).mean()


def _held_to(anchor: torch.Tensor, loss: torch.Tensor, sample: torch.Tensor, strength: float) -> torch.Tensor:
    """``loss`` with its gradient at the sample made ``strength`` times as long as the anchor's."""
    (first,) = torch.autograd.grad(anchor, sample, retain_graph=True)
    (second,) = torch.autograd.grad(loss, sample, retain_graph=True)
    scale = strength * first.norm() / second.norm().clamp(min=1e-8)
    # Linear in the sample, so that the discriminator is passed through only once.
    push = (sample * (scale * second)).sum()
    return push - push.detach() + loss.detach()


def _beats(winners: Any, losers: Any) -> torch.Tensor:
    """Relativistic logistic loss, mean over the scales."""
    return torch.stack([F.softplus(b - a).mean() for a, b in zip(winners, losers, strict=True)]).mean()


def sensed(
    representation: Representation, clean: torch.Tensor, sensor: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Residual (px, 0 in holes) and validity {-1, +1} of the sensor, ``(B, 1, H, W)`` each."""
    valid = ((sensor >= representation.min_disparity) & (clean > 0)).to(clean.dtype)
    return (sensor - clean) * valid, 2 * valid - 1


def measured(
    representation: Representation, clean: torch.Tensor, sample: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same of a generated sample: quantised and thresholded as `Representation.decode` does it.

    Gradients pass straight through rounding, and through the threshold where the sample is undecided: they
    move the outlines of holes and leave their inside alone.
    """
    disparity = clean + representation.expand(sample[:, :1])
    steps = representation.subpixel_steps
    disparity = disparity + (torch.round(disparity * steps) / steps - disparity).detach()
    soft = (sample[:, 1:2] / _UNDECIDED).clamp(-1, 1)
    valid = (
        ((sample[:, 1:2] > 0) & (clean > 0) & (disparity >= representation.min_disparity))
        .to(clean.dtype)
        .detach()
    )
    return (disparity - clean) * valid, soft + (2 * valid - 1 - soft).detach()


def train_refine(config: RefineConfig) -> int:
    """`reald2iff train refine`."""
    Trainer(config, RefineStage(config)).run()
    return 0
