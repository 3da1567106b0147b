"""What both stages generate for the views of a pair data set, each at its own setting."""

from __future__ import annotations

import numpy as np
import torch
from rich.progress import track

from reald2iff.diffusion.condition import setting_values
from reald2iff.diffusion.pipeline import RealD2iffPipeline, StageSamples
from reald2iff.pairs import PairArrays
from reald2iff.pairs.format import CLEAN_STEPS


def sample_views(pipeline: RealD2iffPipeline, pairs: PairArrays, seed: int) -> list[StageSamples]:
    """Samples of every view at its setting, from noise of ``seed`` and the view's place."""
    samples = []
    for index in track(range(len(pairs.clean_disparity)), description="sampling validation views"):
        one = slice(index, index + 1)
        setting = setting_values(torch.from_numpy(pairs.strength[one]), torch.from_numpy(pairs.density[one]))
        generator = torch.Generator().manual_seed(seed + index)
        samples.append(pipeline.sample(clean_disparity(pairs, index), generator=generator, setting=setting))
    return samples


def clean_disparity(pairs: PairArrays, index: int) -> torch.Tensor:
    """Clean disparity ``(1, 1, H, W)`` of a view, px."""
    return torch.from_numpy(pairs.clean_disparity[index].astype(np.float32) / CLEAN_STEPS)[None, None]
