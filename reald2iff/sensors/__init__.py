"""Depth sensor noise models behind one interface, `NoiseModel.apply`."""

from reald2iff.sensors.active_randomisation import ActiveRandomisation
from reald2iff.sensors.base import NoiseModel, StereoViews
from reald2iff.sensors.d435 import D435Twin
from reald2iff.sensors.gaussian import GaussianNoise
from reald2iff.sensors.isaac import IsaacNoise
from reald2iff.sensors.kinect import KinectNoise
from reald2iff.sensors.perlin import PerlinNoise

NOISE_MODELS: dict[str, type[NoiseModel]] = {
    model.name: model
    for model in (GaussianNoise, PerlinNoise, KinectNoise, IsaacNoise, ActiveRandomisation, D435Twin)
}
"""Every model by the name that commands, parameters and data sets know it by."""

__all__ = [
    "NOISE_MODELS",
    "ActiveRandomisation",
    "D435Twin",
    "GaussianNoise",
    "IsaacNoise",
    "KinectNoise",
    "NoiseModel",
    "PerlinNoise",
    "StereoViews",
]
