"""Refinement: the fine stage learns how much spread its own samples lack.

In few steps, a network that predicts x0 gives samples that are too smooth. The spread that is missing after
the last step is learned by itself, with everything else frozen: samples whose waves are made that much higher
(`reald2iff.diffusion.texture`) shall be as rough as the sensor's residual, block by block. Roughness is a
mean of square roots, compared by its logarithm, so that the few places beside edges, whose residuals are
structure rather than texture, do not outweigh the surfaces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.sampling import sample_stage
from reald2iff.diffusion.texture import roots_of_texture
from reald2iff.diffusion.training.config import MixtureConfig
from reald2iff.diffusion.training.data import Batch
from reald2iff.diffusion.training.loop import NoiseStage, Trainer, choose_device
from reald2iff.diffusion.training.pictures import draw_samples
from reald2iff.errors import InvalidParameterError, WeightsError

_BLOCK = 24
"""Blocks of this many px are compared, a few waves long: shorter ones scatter too much."""

_MIN_SEEN = 0.5
"""Blocks with fewer measurements than this share are left out."""


@dataclass(frozen=True)
class RefineConfig(MixtureConfig):
    """Options of the refinement.

    Attributes:
        weights: Pipeline to refine (``RUN/pipeline`` of `reald2iff train fine`).
        coarse_steps: Network calls of the coarse stage, here and at use; None = the pipeline's.
        fine_steps: Network calls of the fine stage, here and at use; None = the pipeline's.
    """

    weights: Path = Path("runs/fine/pipeline")
    coarse_steps: int | None = None
    fine_steps: int | None = None
    steps: int = 2000
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    warmup: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("coarse_steps", "fine_steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidParameterError(f"{name} = {value}: expected 1 or more")


class RefineStage(NoiseStage):
    """Trains the spread head of a pipeline's fine stage."""

    def __init__(self, config: RefineConfig) -> None:
        super().__init__(config)
        torch.manual_seed(config.seed)
        self._pipeline = RealD2iffPipeline.from_pretrained(config.weights)
        fine = self._pipeline.fine
        if not isinstance(fine, PixelBackbone):
            raise WeightsError(f"{config.weights}: only pixel backbones have a spread head")
        sampling = self._pipeline.sampling
        self._sampling = replace(
            sampling,
            coarse_steps=config.coarse_steps or sampling.coarse_steps,
            fine_steps=config.fine_steps or sampling.fine_steps,
            fine_temperature=1.0,
        )
        self.model = fine if fine.predicts_spread else _with_spread_head(fine)
        self.model.requires_grad_(False)
        head = self.model.spread
        assert head is not None
        self._head = head.requires_grad_(True)
        self._pipeline.register_modules(fine=self.model)
        self._pipeline.set_sampling(self._sampling)
        self._coarse = self._pipeline.coarse.to(choose_device(config.device)).requires_grad_(False)

    def trained_parameters(self) -> list[torch.nn.Parameter]:
        return list(self._head.parameters())

    def losses(self, batch: Batch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        target = self._pipeline.representation.encode(batch.clean, batch.sensor)
        sample, spread = self._sample(batch, generator)
        # Inside holes the residual is never seen.
        seen = (target[:, 1:] > 0).to(target)
        theirs, ours = (self._pipeline.representation.residual(image) for image in (target, sample))
        ours = ours + self._pipeline.missing_in(sample, spread)
        return {"roughness": roughness_loss(theirs, ours, seen)}

    def _sample(self, batch: Batch, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """``(B, 2, S, S)`` sample before texture, and the spread it lacks."""
        shape = (len(batch.clean), *batch.clean.shape[-2:])
        scheduler, device = self._pipeline.scheduler, batch.clean.device
        noise = (
            torch.randn(network.sample_shape(*shape), generator=generator).to(device)
            for network in (self._coarse, self.model)
        )
        with torch.no_grad():
            coarse, deviation = sample_stage(
                self._coarse, scheduler, next(noise), batch.features, self._sampling.coarse_steps
            )
            assert deviation is not None
            discrepancy = self._pipeline.guidance.normalised_map(deviation)
            condition = torch.cat([batch.features, self._coarse.decode(coarse), discrepancy], dim=1)
        sample, spread = sample_stage(
            self._denoise, scheduler, next(noise), condition, self._sampling.fine_steps
        )
        assert spread is not None
        return sample, spread

    def _denoise(
        self, sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The network, without a way back to the x0 it predicted: only the spread is learned."""
        x0, spread = self.model(sample, sigma, condition)
        return x0.detach(), spread

    def export(self, folder: Path) -> Path:
        path = folder / "pipeline"
        self._pipeline.save_pretrained(path)
        return path

    def draw(self, batch: Batch, path: Path) -> None:
        generator = torch.Generator().manual_seed(0)
        sample, spread = self._sample(batch, generator)
        sample = self.model.decode(sample)
        missing = self._pipeline.missing_in(sample, spread)
        generated = self._pipeline.decode_fine(batch.clean.cpu(), sample.cpu(), missing.cpu())
        draw_samples(batch, generated, path)


def _with_spread_head(backbone: PixelBackbone) -> PixelBackbone:
    options = {name: value for name, value in backbone.config.items() if not name.startswith("_")}
    headed = PixelBackbone(**{**options, "spread_head": True})
    headed.start_from(backbone)
    return headed


def roughness_loss(target: torch.Tensor, sample: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Squared log ratio of the roughness of the sensor's residual to that of a sample's.

    Args:
        target: ``(B, 1, S, S)`` the sensor's residual.
        sample: ``(B, 1, S, S)`` a sample's, texture included.
        seen: ``(B, 1, S, S)`` 1 where the sensor's residual is known, else 0.

    Returns:
        Mean over blocks.
    """
    share = F.avg_pool2d(seen, _BLOCK)

    def roughness(images: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(roots_of_texture(images, seen), _BLOCK) / share.clamp(min=1e-6)

    counted = (share >= _MIN_SEEN).to(target)
    # Twice, because of the roots.
    ratio = 2 * torch.log(roughness(target).clamp(min=1e-6) / roughness(sample).clamp(min=1e-6))
    return (ratio.square() * counted).sum() / counted.sum().clamp(min=1)


def train_refine(config: RefineConfig) -> int:
    """`reald2iff train refine`."""
    Trainer(config, RefineStage(config)).run()
    return 0
