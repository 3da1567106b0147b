"""`--profile` of other commands: the camera of a profile, where the command has a use for it."""

import numpy as np
import pytest

import reald2iff.pairs.generate as pairs_generate
from reald2iff.cli.apply import ApplyConfig, apply
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.depth_files import read_depth
from reald2iff.noise_models import load_noise_model
from reald2iff.pairs.format import read_index
from reald2iff.pairs.generate import GenerateConfig, generate
from reald2iff.sensors.profile import load_profile
from reald2iff.sensors.registration import RegisteredNoise
from reald2iff.sensors.setting import SensorSetting


def test_the_twin_of_a_profile_is_loaded_and_follows_the_setting():
    fitted = load_profile("d435").twin
    assert load_noise_model("d435_twin", profile="d435") == fitted
    noisier = load_noise_model("d435_twin", profile="d435", setting=SensorSetting(2.0, "high_density"))
    assert noisier == fitted.conditioned(2.0, "high_density")


def test_the_twin_is_the_fitted_camera_unless_another_is_named():
    assert load_noise_model("d435_twin") == load_profile("d435").twin


def test_a_registered_profile_makes_registered_noise_of_the_setting():
    model = load_noise_model("d435_twin", profile="d435_registered", setting=SensorSetting(2.0))
    profile = load_profile("d435_registered")
    assert model == RegisteredNoise(profile.twin.conditioned(2.0, "default"), profile.registration)


def test_a_model_without_profiles_refuses_one():
    with pytest.raises(InvalidParameterError, match="of the model d435_twin: gaussian has none"):
        load_noise_model("gaussian", profile="d435")
    with pytest.raises(InvalidParameterError, match="--profile is for the model d435_twin: perlin"):
        ApplyConfig("in.npy", "out.npy", d435=True, model="perlin", profile="d435")


def test_apply_makes_depth_of_the_profiles_camera(tmp_path):
    clean = np.full((480, 640), 1.0, np.float32)
    np.save(tmp_path / "clean.npy", clean)
    result = tmp_path / "noisy.npy"
    options = {"d435": True, "model": "d435_twin", "profile": "d435", "preview": False}
    assert apply(ApplyConfig(tmp_path / "clean.npy", result, **options)) == 0
    noisy = read_depth(result).depth
    assert 0.005 < np.mean(noisy == 0) < 0.4 and noisy.max() > 0
    assert D435_DEPTH.width == noisy.shape[1]


def test_pairs_are_sensed_by_the_profiles_camera(tmp_path, monkeypatch):
    monkeypatch.setattr(pairs_generate, "_run", lambda job, plans, workers: iter(()))
    options = {"count": 1, "views_per_scene": 1, "workers": 1, "source": "stub_scenes:CardScenes"}
    assert generate(GenerateConfig(tmp_path / "pairs", profile="d435", **options)) == 0
    sensor = read_index(tmp_path / "pairs")["sensor"]
    assert sensor["statistics"]["noise_std"] == load_profile("d435").twin.statistics.noise_std


def test_pairs_take_no_registered_profile(tmp_path):
    with pytest.raises(InvalidParameterError, match="'d435_registered' is of depth registered to colour"):
        generate(GenerateConfig(tmp_path / "pairs", profile="d435_registered"))
    with pytest.raises(DatasetError, match="no such profile"):
        generate(GenerateConfig(tmp_path / "pairs", profile=str(tmp_path / "none.yaml")))
