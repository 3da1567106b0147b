"""Sample pictures of a training run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from reald2iff.diffusion.training.data import Batch
from reald2iff.pictures import Panel, depth_panels


def draw_samples(batch: Batch, generated: torch.Tensor, path: Path) -> None:
    """Clean disparity, the sensor's and the generated one, with their residuals, a row a window."""
    rows = []
    for clean, sensor, sample in zip(
        *(t[:, 0].float().cpu().numpy() for t in (batch.clean, batch.sensor, generated)), strict=True
    ):
        bounds = tuple(np.percentile(clean[clean > 0], (1, 99))) if (clean > 0).any() else (0.0, 1.0)
        row = [
            Panel("clean disparity", clean, "depth", "px", bounds),
            Panel("sensor", sensor, "depth", "px", bounds),
            Panel("generated", sample, "depth", "px", bounds),
        ]
        for name, noisy in (("sensor", sensor), ("generated", sample)):
            residual = np.where((noisy > 0) & (clean > 0), noisy - clean, np.nan)
            row.append(Panel(f"{name} residual", residual, "difference", "px", (-0.3, 0.3)))
        rows.append(row)
    depth_panels(rows, path)
