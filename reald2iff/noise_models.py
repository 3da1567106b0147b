"""Noise models by name, the diffusion model among them."""

from __future__ import annotations

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import NOISE_MODELS, D435Twin, NoiseModel
from reald2iff.sensors.setting import SensorSetting

DIFFUSION = "reald2iff"
"""Name of the diffusion model."""


def load_noise_model(
    name: str = DIFFUSION,
    weights: str = "default",
    device: str = "auto",
    coarse_steps: int | None = None,
    fine_steps: int | None = None,
    setting: SensorSetting | None = None,
) -> NoiseModel:
    """The noise model called ``name``, with its default parameters.

    Args:
        name: `DIFFUSION` or a name in `reald2iff.sensors.NOISE_MODELS`, which take none of the rest.
        weights: ``"default"`` or a folder of trained weights.
        device: ``auto``, ``cpu``, ``cuda`` or ``openvino``.
        coarse_steps: Network calls of the coarse stage; None = the weights' default.
        fine_steps: Of the fine stage; 0 = coarse stage only.
        setting: Strength and preset; the diffusion model and the D435 twin follow it.

    Raises:
        InvalidParameterError: for an unknown name or device, or a setting that the model does not know.
        WeightsError: if the weights are missing or do not fit.
    """
    if name == DIFFUSION:
        from reald2iff.diffusion import load_realism

        return load_realism(weights, device, coarse_steps, fine_steps, setting)
    if name not in NOISE_MODELS:
        raise InvalidParameterError(
            f"model {name!r}: expected one of {', '.join((DIFFUSION, *NOISE_MODELS))}"
        )
    model = NOISE_MODELS[name]()
    if setting is None or setting == SensorSetting():
        return model
    if not isinstance(model, D435Twin):
        raise InvalidParameterError(
            f"model {name!r} knows neither strength nor preset: expected {DIFFUSION} or {D435Twin.name}"
        )
    return model.conditioned(setting.strength, setting.preset)
