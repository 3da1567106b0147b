"""Camera profiles: written, read, and refused with the reason."""

import numpy as np
import pytest
import yaml

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import D435_COLOR, D435_DEPTH
from reald2iff.metrics.fingerprint import Fingerprint, Statistic
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values
from reald2iff.sensors.profile import FitFigures, Profile, load_profile, shipped_profiles
from reald2iff.sensors.registration import RegisteredNoise, Registration

TWIN = with_values(
    D435Twin(),
    {"stereo.max_cost": 21.25, "materials.dark_albedo": (0.02, 0.05), "baseline": 0.0499, "static_seed": 3},
)
FULL = Profile(
    "mine",
    TWIN,
    Registration(D435_DEPTH, (0.015, 0.0, -0.001)),
    "my camera: é",
    FitFigures(0.3, 0.2, 0.25, 0.15, 200, 16),
    Fingerprint({"flicker": Statistic(0.01, float("nan"), float("nan"), 7)}, 16),
)


def edited(path, **changes):
    content = yaml.safe_load(path.read_text())
    content.update(changes)
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def saved(tmp_path):
    FULL.save(tmp_path / "folder" / "mine.yaml")
    return tmp_path / "folder" / "mine.yaml"


def test_a_saved_profile_is_read_back_whole(saved):
    loaded = load_profile(saved)
    assert (loaded.name, loaded.camera, loaded.twin) == (FULL.name, FULL.camera, FULL.twin)
    assert loaded.fit == FULL.fit and loaded.registration == FULL.registration
    assert loaded.fingerprint.as_dict() == FULL.fingerprint.as_dict()


def test_a_file_holds_only_what_differs_from_the_twin(saved):
    assert yaml.safe_load(saved.read_text())["twin"] == {
        "baseline": 0.0499,
        "static_seed": 3,
        "materials": {"dark_albedo": [0.02, 0.05]},
        "stereo": {"max_cost": 21.25},
    }


def test_a_profile_of_a_name_alone_is_the_default_twin(tmp_path):
    path = tmp_path / "plain.yaml"
    path.write_text("format: reald2iff-profile\nversion: 1\nname: plain\n")
    assert load_profile(str(path)) == Profile("plain", D435Twin())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"twins": {}}, "unknown keys twins"),
        ({"twin": {"stereo": {"max_price": 1}}}, r"stereo\.max_price"),
        ({"twin": {"stereos": {"max_cost": 1}}}, r"stereos\.max_cost"),
        ({"twin": {"stereo": {"max_cost": 1000}}}, "max_cost = 1000"),
        ({"twin": {"stereo": {"max_cost": "much"}}}, "max_cost = 'much'"),
        ({"twin": {"stereo": 3}}, "stereo = 3"),
        ({"twin": [1]}, "twin: is"),
        ({"fit": {"before": 1}}, "fit: lacks after"),
        ({"registration": {"native": {"fx": 1}, "translation": [0, 0, 0]}}, "registration.native: lacks"),
        ({"registration": {"translation": [0, 0, 0]}}, "registration: lacks native"),
        ({"version": 7}, "version 7"),
        ({"format": "other"}, "is no profile"),
        ({"fingerprint": {"format": "other"}}, "no fingerprint"),
    ],
)
def test_what_a_profile_does_not_know_is_named_with_the_file(saved, changes, message):
    path = edited(saved, **changes)
    with pytest.raises((DatasetError, InvalidParameterError), match=message) as error:
        load_profile(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("text", ["a: [", "!!python/object/apply:os.getcwd []", "\x00"])
def test_a_file_that_is_no_plain_yaml_is_refused(tmp_path, text):
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"odd\.yaml: cannot be read as a profile"):
        load_profile(path)


def test_a_missing_file_and_an_unknown_name_are_told_apart(tmp_path):
    with pytest.raises(DatasetError, match="no such profile"):
        load_profile(tmp_path / "none.yaml")
    with pytest.raises(InvalidParameterError, match=r"'d436': expected one of .*d435"):
        load_profile("d436")


def test_a_registered_profile_makes_noise_in_the_native_camera():
    model = FULL.noise_model()
    assert isinstance(model, RegisteredNoise) and model.inner == TWIN
    assert isinstance(Profile("native", TWIN).noise_model(), D435Twin)


@pytest.mark.parametrize(("name", "camera"), [("d435", D435_DEPTH), ("d435_registered", D435_COLOR)])
def test_shipped_profiles_make_depth_and_say_how_well_they_fit(name, camera):
    assert name in shipped_profiles()
    profile = load_profile(name)
    assert profile.name == name and profile.camera and profile.fingerprint is not None
    assert profile.fit.after <= profile.fit.before
    assert (profile.registration is not None) == (name == "d435_registered")
    clean = np.full((camera.height, camera.width), 1.0, np.float32)
    noisy = profile.noise_model().apply(clean, camera, np.random.default_rng(0))
    assert 0.4 < np.mean(noisy > 0) < 1 and np.median(noisy[noisy > 0]) == pytest.approx(1.0, abs=0.01)
