"""Training of the denoiser on the twin's pairs in reverse: sensor disparity in, clean disparity out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from reald2iff.denoising.data import Augmentation, DenoisingBatch, DenoisingSampler
from reald2iff.denoising.network import DenoisingNetwork, Prediction, load_network
from reald2iff.diffusion.training.config import NetworkConfig, RunConfig
from reald2iff.diffusion.training.loop import Stage, Trainer
from reald2iff.errors import InvalidParameterError
from reald2iff.pairs import load_pairs
from reald2iff.pairs.format import Split
from reald2iff.pictures import Panel, depth_panels


@dataclass(frozen=True)
class DenoiserConfig(RunConfig):
    """Options of `reald2iff train denoiser`.

    Attributes:
        start_from: Folder of a trained denoiser to begin with; its network must be of the same size.
        network: Size of the network.
        augmentation: What is added to the twin's noise.
        gradient_weight: Weight of the error's gradients at several scales: planes flat, edges sharp.
        coarse_weight: Weight of the error averaged over blocks: low-frequency noise gone.
    """

    start_from: Path | None = None
    network: NetworkConfig = field(default_factory=lambda: NetworkConfig(4, (32, 64, 96, 128), 1))
    augmentation: Augmentation = field(default_factory=Augmentation)
    gradient_weight: float = 0.5
    coarse_weight: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gradient_weight < 0 or self.coarse_weight < 0:
            raise InvalidParameterError(
                f"gradient_weight {self.gradient_weight}, coarse_weight {self.coarse_weight}: expected 0 or "
                "more"
            )


_SCALES = (1, 2, 4, 8)
_EDGE_ERROR = 2.0


def denoising_losses(
    prediction: Prediction, clean: torch.Tensor, config: DenoiserConfig
) -> dict[str, torch.Tensor]:
    """Loss terms of a prediction.

    The pixel term is a Laplace likelihood weighted with its scale (Seitzer et al. 2022), so that the
    disparity learns from the plain absolute error: by itself the likelihood gives up on every pixel that is
    hard, and weighted with the scale's root it still left holes empty and edges soft (measured).
    """
    known = (clean > 0).to(clean.dtype)
    error = prediction.error(torch.where(clean > 0, clean, 1.0)) * known
    scale = prediction.log_spread.exp()
    likelihood = scale.detach() * (error.abs() / scale + prediction.log_spread)
    total = known.sum().clamp(min=1)
    losses = {"likelihood": (likelihood * known).sum() / total}
    # An error at an edge is a matter of the pixel term: here it would drown the planes.
    bounded = error.clamp(-_EDGE_ERROR, _EDGE_ERROR)
    gradients, blocks = [], []
    for size in _SCALES:
        mean = F.avg_pool2d(bounded, size)
        gradients += [mean.diff(dim=-1).abs().mean(), mean.diff(dim=-2).abs().mean()]
        blocks.append(mean.abs().mean())
    losses["gradient"] = config.gradient_weight * torch.stack(gradients).mean()
    losses["coarse"] = config.coarse_weight * torch.stack(blocks[1:]).mean()
    return losses


class DenoiserStage(Stage):
    """Network and loss."""

    model: DenoisingNetwork

    def __init__(self, config: DenoiserConfig) -> None:
        torch.manual_seed(config.seed)
        self._config = config
        network = config.network
        self.model = DenoisingNetwork(network.factor, network.widths, network.layers)
        if config.window % self.model.multiple:
            raise InvalidParameterError(
                f"window = {config.window}: expected a multiple of {self.model.multiple} for this network"
            )
        if config.start_from is not None:
            begun = load_network(config.start_from)
            if list(begun.config.widths) != list(network.widths) or begun.config.factor != network.factor:
                raise InvalidParameterError(
                    f"start_from {config.start_from}: a network of factor {begun.config.factor} and widths "
                    f"{list(begun.config.widths)}: expected the size given by --network"
                )
            self.model.load_state_dict(begun.state_dict())

    def sampler(self, split: Split, batch_size: int, device: torch.device) -> DenoisingSampler:
        config, pairs = self._config, load_pairs(self._config.pairs, split)
        return DenoisingSampler(pairs, batch_size, config.window, config.seed, config.augmentation, device)

    def losses(self, batch: DenoisingBatch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return denoising_losses(self.model(batch.sensor), batch.clean, self._config)

    def export(self, folder: Path) -> Path:
        path = folder / "denoiser"
        self.model.save(path)
        return path

    def draw(self, batch: DenoisingBatch, path: Path) -> None:
        prediction = self.model(batch.sensor)
        images = (batch.clean, batch.sensor, prediction.disparity, prediction.spread)
        rows = []
        for clean, sensor, cleaned, spread in zip(
            *(i[:, 0].float().cpu().numpy() for i in images), strict=True
        ):
            bounds = (float(np.percentile(clean, 1)), float(np.percentile(clean, 99)) + 1e-3)
            noise = np.where(sensor > 0, sensor - clean, np.nan)
            rows.append(
                [
                    Panel("sensor", sensor, "depth", "px", bounds),
                    Panel("cleaned", cleaned, "depth", "px", bounds),
                    Panel("clean", clean, "depth", "px", bounds),
                    Panel("sensor - clean", noise, "difference", "px", (-0.3, 0.3)),
                    Panel("cleaned - clean", cleaned - clean, "difference", "px", (-0.3, 0.3)),
                    Panel("predicted spread (log10)", np.log10(spread), "map", "px", (-2.5, 1.0)),
                ]
            )
        depth_panels(rows, path)


def train_denoiser(config: DenoiserConfig) -> int:
    """`reald2iff train denoiser`."""
    Trainer(config, DenoiserStage(config)).run()
    return 0
