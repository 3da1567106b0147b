"""Noise models by name, the diffusion model among them."""

from __future__ import annotations

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import NOISE_MODELS, NoiseModel

DIFFUSION = "reald2iff"
"""Name of the diffusion model."""


def load_noise_model(
    name: str = DIFFUSION,
    weights: str = "default",
    device: str = "auto",
    coarse_steps: int | None = None,
    fine_steps: int | None = None,
) -> NoiseModel:
    """The noise model called ``name``, with its default parameters.

    Args:
        name: `DIFFUSION` or a name in `reald2iff.sensors.NOISE_MODELS`, which take none of the rest.
        weights: ``"default"`` or a folder of trained weights.
        device: ``auto``, ``cpu``, ``cuda`` or ``openvino``.
        coarse_steps: Network calls of the coarse stage; None = the weights' default.
        fine_steps: Of the fine stage; 0 = coarse stage only.

    Raises:
        InvalidParameterError: for an unknown name or device.
        WeightsError: if the weights are missing or do not fit.
    """
    if name == DIFFUSION:
        from reald2iff.diffusion import load_realism

        return load_realism(weights, device, coarse_steps, fine_steps)
    if name not in NOISE_MODELS:
        raise InvalidParameterError(
            f"model {name!r}: expected one of {', '.join((DIFFUSION, *NOISE_MODELS))}"
        )
    return NOISE_MODELS[name]()
