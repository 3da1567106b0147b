import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.setting import PRESETS, SensorSetting


def test_the_default_setting_is_the_fitted_sensor():
    setting = SensorSetting()
    assert (setting.strength, setting.density) == (1.0, 0.0)


@pytest.mark.parametrize("strength", [0.0, 0.49, 2.1, float("nan")])
def test_a_strength_outside_the_trained_range_is_refused_by_name(strength):
    with pytest.raises(InvalidParameterError, match=r"strength = .*: expected 0.5 to 2"):
        SensorSetting(strength)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(InvalidParameterError, match="preset 'hand': expected one of high_accuracy, default"):
        SensorSetting(preset="hand")


def test_presets_are_ordered_from_accuracy_to_density():
    assert PRESETS["high_accuracy"] < PRESETS["default"] < PRESETS["high_density"]
