"""Compiled networks for fast inference on a CPU."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import torch

from reald2iff.diffusion.backbone import Backbone
from reald2iff.diffusion.openvino_cache import cached_model, converted_key
from reald2iff.diffusion.sampling import Denoiser

if TYPE_CHECKING:
    import openvino as ov


class _Traceable(torch.nn.Module):
    """Fixes the number of outputs, which tracing needs."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor) -> object:
        x0, second = self.backbone(sample, sigma, condition)
        return x0 if second is None else (x0, second)


def convert(backbone: Backbone, shapes: list[tuple[int, ...]]) -> ov.Model:
    """A backbone, in evaluation mode, as OpenVINO's model for inputs of fixed shapes."""
    import openvino as ov

    example = (torch.zeros(shapes[0]), torch.ones(shapes[1]), torch.zeros(shapes[2]))
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing fixes the shapes, as intended; diffusers' shape checks warn about it.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        return ov.convert_model(_Traceable(backbone), example_input=example, input=shapes)


def compile_denoiser(
    backbone: Backbone, condition_channels: int, height: int, width: int, threads: int = 0
) -> Denoiser:
    """A backbone compiled by OpenVINO for one image size and batch 1.

    Its conversion, most of the time this takes, is kept in the user's cache folder.

    Args:
        backbone: In evaluation mode.
        condition_channels: Of its condition.
        height: Rows, a multiple of the backbone's.
        width: Columns, likewise.
        threads: CPU threads; 0 = what ``OMP_NUM_THREADS`` says, as for torch, else OpenVINO's choice.
    """
    import openvino as ov

    shapes = [backbone.sample_shape(1, height, width), (1,), (1, condition_channels, height, width)]
    model = cached_model(converted_key(backbone, shapes), lambda: convert(backbone, shapes))
    options: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY"}
    threads = threads or int(os.environ.get("OMP_NUM_THREADS", "0"))
    if threads:
        options["INFERENCE_NUM_THREADS"] = threads
    compiled = ov.Core().compile_model(model, "CPU", options)
    request = compiled.create_infer_request()
    two_outputs = backbone.predicts_deviation or backbone.predicts_spread

    def denoise(
        sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        request.infer([t.contiguous().numpy() for t in (sample, sigma, condition)])
        # The output buffers are reused by the next call.
        outputs = [torch.from_numpy(request.get_output_tensor(i).data.copy()) for i in range(1 + two_outputs)]
        return outputs[0], outputs[1] if two_outputs else None

    return denoise
