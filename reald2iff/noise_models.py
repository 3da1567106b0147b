"""Noise models by name, the diffusion model among them."""

from __future__ import annotations

from dataclasses import replace

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import NOISE_MODELS, D435Twin, NoiseModel
from reald2iff.sensors.profile import DEFAULT_PROFILE, load_profile
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
    profile: str | None = None,
) -> NoiseModel:
    """The noise model called ``name``, with its default parameters or those of a camera.

    Args:
        name: `DIFFUSION` or a name in `reald2iff.sensors.NOISE_MODELS`, which take none of the rest.
        weights: ``"default"`` or a folder of trained weights.
        device: ``auto``, ``cpu``, ``cuda`` or ``openvino``.
        coarse_steps: Network calls of the coarse stage; None = the weights' default.
        fine_steps: Of the fine stage; 0 = coarse stage only.
        setting: Strength and preset; the diffusion model and the D435 twin follow it.
        profile: Camera that the D435 twin is, see `reald2iff.sensors.profile.load_profile`; None =
            `reald2iff.sensors.profile.DEFAULT_PROFILE`.

    Raises:
        InvalidParameterError: for an unknown name, device or profile, or a setting or a profile given to a
            model that does not know it.
        DatasetError: for a profile that cannot be read.
        WeightsError: if the weights are missing or do not fit.
    """
    if profile is not None and name != D435Twin.name:
        raise InvalidParameterError(f"a profile is of the model {D435Twin.name}: {name} has none")
    if name == DIFFUSION:
        from reald2iff.diffusion import load_realism

        return load_realism(weights, device, coarse_steps, fine_steps, setting)
    if name not in NOISE_MODELS:
        raise InvalidParameterError(
            f"model {name!r}: expected one of {', '.join((DIFFUSION, *NOISE_MODELS))}"
        )
    setting = SensorSetting() if setting is None else setting
    if name == D435Twin.name:
        camera = load_profile(DEFAULT_PROFILE if profile is None else profile)
        twin = camera.twin.conditioned(setting.strength, setting.preset)
        return replace(camera, twin=twin).noise_model()
    if setting != SensorSetting():
        raise InvalidParameterError(
            f"model {name!r} knows neither strength nor preset: expected {DIFFUSION} or {D435Twin.name}"
        )
    return NOISE_MODELS[name]()
