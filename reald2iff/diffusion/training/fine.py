"""Training of the fine stage on the coarse stage's own samples: discrepancy-guided optimization."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.condition import CONDITION_CHANNELS
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.representation import CHANNELS
from reald2iff.diffusion.sampling import sample_stage
from reald2iff.diffusion.training.config import FineConfig
from reald2iff.diffusion.training.data import Batch
from reald2iff.diffusion.training.loop import NoiseStage, Trainer, choose_device
from reald2iff.diffusion.training.objective import add_noise, channel_weight, draw_sigmas, x0_loss
from reald2iff.diffusion.training.pictures import draw_samples
from reald2iff.diffusion.weights import load_backbone, load_pixel_backbone
from reald2iff.errors import WeightsError


class FineStage(NoiseStage):
    """Models the full residual and validity given the clean disparity and a sample of the coarse stage."""

    def __init__(self, config: FineConfig) -> None:
        super().__init__(config)
        torch.manual_seed(config.seed)
        self._config = config
        network = config.network
        # The coarse sample (residual and validity) and the discrepancy map come with the condition.
        channels = CONDITION_CHANNELS + CHANNELS + 1
        self.model = PixelBackbone(
            channels, network.factor, network.widths, network.layers, detail_width=config.detail_width
        )
        coarse = load_backbone(config.coarse)
        if not coarse.predicts_deviation:
            raise WeightsError(f"{config.coarse}: has no deviation head: expected a coarse stage")
        if config.start is not None or config.warm_start:
            self.model.start_from(load_pixel_backbone(config.start or config.coarse))
        self._coarse = coarse.to(choose_device(config.device)).requires_grad_(False)
        self._scheduler = FlowMatchEulerDiscreteScheduler(shift=config.objective.shift)

    @torch.no_grad()
    def _condition(self, batch: Batch, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """The fine stage's condition and the discrepancy map, from a fresh coarse sample."""
        shape = self._coarse.sample_shape(len(batch.clean), *batch.clean.shape[-2:])
        noise = torch.randn(shape, generator=generator).to(batch.clean.device)
        sample, deviation = sample_stage(
            self._coarse, self._scheduler, noise, batch.features, self._config.coarse_steps
        )
        assert deviation is not None
        discrepancy = self._config.discrepancy.normalised_map(deviation)
        return torch.cat([batch.features, self._coarse.decode(sample), discrepancy], dim=1), discrepancy

    def losses(self, batch: Batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        objective = self._config.objective
        condition, discrepancy = self._condition(batch, generator)
        target = self._config.representation.encode(batch.clean, batch.sensor)
        x0 = self.model.encode(target)
        sigma = draw_sigmas(len(x0), objective, generator).to(x0.device)
        noise = torch.randn(x0.shape, generator=generator).to(x0.device)
        predicted, _ = self.model(add_noise(x0, sigma, noise), sigma, condition)
        weight = channel_weight(target, objective.hole_residual_weight)
        weight = weight * self._config.discrepancy.weights(discrepancy)
        return {"x0": x0_loss(predicted, x0, sigma, weight, objective)}

    def export(self, folder: Path) -> Path:
        path = folder / "pipeline"
        self._pipeline().save_pretrained(path)
        return path

    def draw(self, batch: Batch, path: Path) -> None:
        generator = torch.Generator().manual_seed(0)
        condition, _ = self._condition(batch, generator)
        shape = self.model.sample_shape(len(batch.clean), *batch.clean.shape[-2:])
        noise = torch.randn(shape, generator=generator).to(batch.clean.device)
        sample, _ = sample_stage(self.model, self._scheduler, noise, condition, self._config.fine_steps)
        generated = self._config.representation.decode(batch.clean, self.model.decode(sample))
        draw_samples(batch, generated, path)

    def _pipeline(self) -> RealD2iffPipeline:
        return RealD2iffPipeline(
            self._coarse,
            self.model,
            self._scheduler,
            representation=asdict(self._config.representation),
            discrepancy=asdict(self._config.discrepancy),
            sampling={"coarse_steps": self._config.coarse_steps, "fine_steps": self._config.fine_steps},
        )


def train_fine(config: FineConfig) -> int:
    """`reald2iff train fine`."""
    Trainer(config, FineStage(config)).run()
    return 0
