"""Strengths, presets and other units of the twin."""

from dataclasses import replace

import numpy as np
import pytest
from sensor_scenes import PLAIN, stereo_views, true_disparity

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435 import InfraredParameters, randomised_twin

CAMERA = D435_DEPTH.cropped(150, 160, 320, 160)
SCENE = {"wall": 2.2, "box": 1.0, "slope": 0.1}


def deviation_holes_outliers(twin: D435Twin) -> np.ndarray:
    disparity = twin.sense(stereo_views(CAMERA, **SCENE), CAMERA, np.random.default_rng(3))[:, 60:]
    truth = true_disparity(CAMERA, **SCENE)[:, 60:]
    valid = disparity > 0
    error = np.abs(disparity - truth)[valid]
    return np.array([np.median(error), 1 - valid.mean(), (error > 1).mean()])


def test_the_default_setting_is_the_fitted_camera() -> None:
    assert D435Twin().conditioned(1.0, "default") == D435Twin()


def test_a_higher_strength_is_noisier_and_loses_more() -> None:
    clean, fitted, bad = (deviation_holes_outliers(PLAIN.conditioned(s, "default")) for s in (0.5, 1.0, 2.0))
    assert clean[0] < 0.75 * fitted[0] and fitted[0] < 0.75 * bad[0]
    assert clean[1] < fitted[1] < bad[1]


def test_presets_trade_holes_for_outliers() -> None:
    # A low light makes matches doubtful, so that the presets have something to decide.
    dim = replace(PLAIN, infrared=InfraredParameters(mean_grey=25.0, dot_gain=1.0))
    strict, default, loose = (
        deviation_holes_outliers(dim.conditioned(1.0, p))
        for p in ("high_accuracy", "default", "high_density")
    )
    assert strict[1] > default[1] > loose[1]
    assert strict[2] <= default[2] <= loose[2]


@pytest.mark.parametrize(("strength", "preset"), [(3.0, "default"), (1.0, "medium")])
def test_settings_that_nobody_trained_are_refused(strength, preset) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        D435Twin().conditioned(strength, preset)


def test_another_unit_is_drawn_from_the_seed() -> None:
    first, again, other = (randomised_twin(D435Twin(), np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == again != other


def test_units_without_spread_are_all_the_base() -> None:
    base = D435Twin(static_seed=4)
    assert randomised_twin(base, np.random.default_rng(0), 0.0) == base


def test_units_spread_around_the_base_and_keep_what_is_not_theirs() -> None:
    base = D435Twin(static_seed=4)
    units = [randomised_twin(base, np.random.default_rng(s)) for s in range(200)]
    levels = np.array([unit.statistics.noise_std for unit in units])
    assert np.median(levels) == pytest.approx(base.statistics.noise_std, rel=0.08)
    assert levels.max() / levels.min() == pytest.approx(2**0.8, rel=0.1)
    assert all(u.static_seed == 4 and u.materials == base.materials and u.post == base.post for u in units)


@pytest.mark.parametrize("spread", [-0.1, 2.5, float("nan")])
def test_a_spread_out_of_range_is_refused(spread) -> None:
    with pytest.raises(InvalidParameterError, match="spread"):
        randomised_twin(D435Twin(), np.random.default_rng(0), spread)
