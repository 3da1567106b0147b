"""RealD2iff: clean depth to sensor depth by two-stage, coarse-to-fine diffusion (arXiv 2511.22505).

`load_realism` gives the model as the rest of the project uses it; `RealD2iffPipeline` is the diffusers
pipeline underneath. Names are resolved on first use, so that importing this package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "DepthRealism": "reald2iff.diffusion.realism",
    "RealismOutput": "reald2iff.diffusion.realism",
    "load_realism": "reald2iff.diffusion.realism",
    "RealD2iffPipeline": "reald2iff.diffusion.pipeline",
}

__all__ = ["DepthRealism", "RealD2iffPipeline", "RealismOutput", "load_realism"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
