"""Training of the coarse stage: frequency-guided supervision, and the deviation map predicted jointly."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.condition import CONDITION_CHANNELS
from reald2iff.diffusion.discrepancy import deviation
from reald2iff.diffusion.sampling import sample_stage
from reald2iff.diffusion.training.config import CoarseConfig
from reald2iff.diffusion.training.data import Batch
from reald2iff.diffusion.training.loop import NoiseStage, Trainer
from reald2iff.diffusion.training.objective import add_noise, channel_weight, draw_sigmas, x0_loss
from reald2iff.diffusion.training.pictures import draw_samples
from reald2iff.diffusion.weights import load_pixel_backbone


class CoarseStage(NoiseStage):
    """Models the structural residual (and the structure of the holes) given the clean disparity."""

    def __init__(self, config: CoarseConfig) -> None:
        super().__init__(config)
        torch.manual_seed(config.seed)
        self._config = config
        network = config.network
        self.model = PixelBackbone(
            CONDITION_CHANNELS, network.factor, network.widths, network.layers, deviation_head=True
        )
        if config.start is not None:
            self.model.start_from(load_pixel_backbone(config.start))

    def losses(self, batch: Batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        objective = self._config.objective
        target = self._config.representation.encode(batch.clean, batch.sensor)
        x0 = self.model.encode(self._config.frequency.structural(target))
        device = x0.device
        sigma = draw_sigmas(len(x0), objective, generator).to(device)
        noise = torch.randn(x0.shape, generator=generator).to(device)
        predicted, estimate = self.model(add_noise(x0, sigma, noise), sigma, batch.features)
        weight = channel_weight(target, objective.hole_residual_weight)
        actual = deviation(self.model.decode(predicted.detach()), target)
        return {
            "x0": x0_loss(predicted, x0, sigma, weight, objective),
            "deviation": objective.deviation_weight * (estimate - actual).square().mean(),
        }

    def export(self, folder: Path) -> Path:
        path = folder / "backbone"
        self.model.save_pretrained(path)
        return path

    def draw(self, batch: Batch, path: Path) -> None:
        scheduler = FlowMatchEulerDiscreteScheduler(shift=self._config.objective.shift)
        shape = self.model.sample_shape(len(batch.clean), *batch.clean.shape[-2:])
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(batch.clean.device)
        sample, _ = sample_stage(self.model, scheduler, noise, batch.features, 4)
        generated = self._config.representation.decode(batch.clean, self.model.decode(sample))
        draw_samples(batch, generated, path)


def train_coarse(config: CoarseConfig) -> int:
    """`reald2iff train coarse`."""
    Trainer(config, CoarseStage(config)).run()
    return 0
