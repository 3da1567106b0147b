"""Small networks and scenes that every diffusion test can afford."""

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.condition import CONDITION_CHANNELS
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.representation import CHANNELS


@pytest.fixture
def pipeline() -> RealD2iffPipeline:
    torch.manual_seed(0)
    return RealD2iffPipeline(
        PixelBackbone(CONDITION_CHANNELS, 4, (8, 16), 1, deviation_head=True).eval(),
        PixelBackbone(CONDITION_CHANNELS + CHANNELS + 1, 4, (8, 16), 1).eval(),
        FlowMatchEulerDiscreteScheduler(shift=3.0),
        sampling={"coarse_steps": 2, "fine_steps": 2},
    )


@pytest.fixture
def box_disparity() -> torch.Tensor:
    """``(1, 1, 40, 56)``: a near box before a far wall."""
    disparity = np.full((40, 56), 10.0, np.float32)
    disparity[10:30, 24:40] = 22.0
    return torch.from_numpy(disparity)[None, None]
