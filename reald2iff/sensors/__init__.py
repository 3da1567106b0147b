"""Depth sensor noise models behind one interface, `NoiseModel.apply`."""

from reald2iff.sensors.base import NoiseModel, StereoViews
from reald2iff.sensors.d435 import D435Twin

NOISE_MODELS: dict[str, type[NoiseModel]] = {model.name: model for model in (D435Twin,)}
"""Every model by the name that commands, parameters and data sets know it by."""

__all__ = ["NOISE_MODELS", "D435Twin", "NoiseModel", "StereoViews"]
