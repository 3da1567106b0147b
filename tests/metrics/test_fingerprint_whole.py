"""Fingerprints are saved, compared and taken of whole sources; the real D435's figures come out again."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reald2iff.errors import DatasetError, InvalidDepthError, InvalidParameterError
from reald2iff.io.recordings import read_recordings
from reald2iff.metrics.fingerprint import (
    PARTS,
    Fingerprint,
    Statistic,
    distance_shares,
    fingerprint,
    fingerprint_distance,
    fingerprint_recording,
)
from reald2iff.metrics.fingerprint.catalogue import FEATURES
from reald2iff.metrics.fingerprint.distance import MAX_DIFFERENCE

REAL = Path("../shared/data/d435_frames")
Y, X = np.mgrid[:192, :256]


def frame(seed, sigma=0.05):
    """A wall with a box before it, noise, and a few holes."""
    rng = np.random.default_rng(seed)
    disparity = 15 + 0.01 * X + sigma * rng.standard_normal(X.shape)
    disparity[60:130, 120:180] += 10
    disparity[60:130, 110:120] = 0
    disparity[rng.random(X.shape) < 0.001] = 0
    disparity[:, :20] = 0
    return disparity.astype(np.float32)


def having(**medians):
    return Fingerprint({name: Statistic(value, math.nan, math.nan, 1) for name, value in medians.items()}, 1)


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([feature.name for feature in FEATURES]),
        st.tuples(*[st.floats(-1e3, 1e3, width=16)] * 2, st.integers(1, 10**7)),
    )
)
def test_a_saved_fingerprint_comes_back(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("fingerprint") / "deep" / "camera.yaml"
    features = {name: Statistic(a, min(a, b), max(a, b), n) for name, (a, b, n) in values.items()}
    Fingerprint(features, 7, 1.5).save(path)
    loaded = Fingerprint.load(path)
    assert (loaded.frames, loaded.scale, list(loaded.features)) == (7, 1.5, list(features))
    for name, statistic in features.items():
        for key in ("median", "q25", "q75", "count"):
            assert getattr(loaded[name], key) == pytest.approx(getattr(statistic, key), rel=1e-5, abs=1e-12)


def test_a_pooled_value_keeps_that_it_has_no_quartiles(tmp_path):
    having(locking_1=0.01).save(tmp_path / "a.yaml")
    assert math.isnan(Fingerprint.load(tmp_path / "a.yaml")["locking_1"].q25)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("format: other\n", "is no fingerprint"),
        ("- 1\n", "is no fingerprint"),
        ("a: [", "cannot be read"),
        ("format: reald2iff-fingerprint\nversion: 9\n", "has version 9: this program reads 1"),
        ("format: reald2iff-fingerprint\nversion: 1\n", "lacks features, frames or scale"),
        (
            "format: reald2iff-fingerprint\nversion: 1\nframes: 1\nscale: 1.0\n"
            "features: {flicker: {median: x}}\n",
            "feature flicker",
        ),
        (
            "format: reald2iff-fingerprint\nversion: 1\nframes: 1\nscale: 1.0\n"
            "features: {flicker: {median: null, q25: null, q75: null, count: 1}}\n",
            "median None: expected a number",
        ),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path, content, message):
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(DatasetError, match=message) as caught:
        Fingerprint.load(path)
    assert "broken.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"gone\.yaml"):
        Fingerprint.load(tmp_path / "gone.yaml")


def test_a_fingerprint_is_at_no_distance_from_itself():
    made = fingerprint([frame(0), frame(1)])
    assert fingerprint_distance(made, made) == 0


def test_the_distance_is_the_weighted_mean_log_ratio_of_common_features():
    # Weights 2 and 1.5; border_excess is missing on one side.
    a = having(plane_sigma=0.049, plane_spectrum_slope=-4.0, border_excess=7.0)
    b = having(plane_sigma=0.099, plane_spectrum_slope=-4.5)
    assert fingerprint_distance(a, b) == pytest.approx((2 * math.log(2) + 1.5 * 0.5) / 3.5)
    assert fingerprint_distance(b, a) == fingerprint_distance(a, b)


def test_no_feature_counts_beyond_the_cap():
    assert fingerprint_distance(having(plane_sigma=10.0), having(plane_sigma=0.0)) == MAX_DIFFERENCE


def test_bands_are_compared_with_a_floor_of_one_pixel():
    shares = distance_shares(having(band_left_4_8=0.0), having(band_left_4_8=1.0))
    assert shares == {"band_left_4_8": pytest.approx(math.log(2))}


def test_what_the_scene_decides_has_no_weight():
    a, b = having(plane_sigma=0.05, holes_interior=0.1), having(plane_sigma=0.05, holes_interior=0.01)
    assert fingerprint_distance(a, b) == 0


def test_nothing_in_common_is_an_error():
    with pytest.raises(DatasetError, match="no feature in common"):
        fingerprint_distance(having(plane_sigma=1.0), having(flicker=1.0))


def test_louder_noise_is_further_away_than_the_same_noise_redrawn():
    base = fingerprint([frame(0), frame(1)])
    redrawn = fingerprint([frame(2), frame(3)])
    louder = fingerprint([frame(2, 0.15), frame(3, 0.15)])
    assert fingerprint_distance(base, redrawn) < 0.1
    assert fingerprint_distance(base, louder) > 2 * fingerprint_distance(base, redrawn)


def test_every_feature_is_in_the_catalogue_and_the_same_frames_give_the_same_fingerprint():
    burst = [frame(seed) for seed in range(3)]
    made = fingerprint(burst, burst=burst)
    assert made == fingerprint(burst, burst=burst)
    assert set(made.features) <= {feature.name for feature in FEATURES}
    assert "temporal_share" in made and made.frames == 3


def test_parts_can_be_left_out():
    whole, part = fingerprint([frame(0)]), fingerprint([frame(0)], parts=("holes",))
    assert set(part.features) < set(whole.features)
    assert all(name.startswith("holes_") for name in part.features)


def test_registered_frames_have_no_border_band():
    assert "border_excess" in fingerprint([frame(0)])
    registered = fingerprint([frame(0)], 1.6)
    assert "border_excess" not in registered and registered.scale == 1.6


def test_frames_without_any_depth_give_a_fingerprint_of_holes():
    empty = fingerprint([np.zeros((192, 256), np.float32)])
    assert empty["holes_everywhere"].median == 1 and "plane_sigma" not in empty


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"disparities": []}, InvalidParameterError, "no frames"),
        ({"scale": 0.0}, InvalidParameterError, r"scale = 0\.0"),
        ({"parts": ("colour",)}, InvalidParameterError, f"'colour'.*{PARTS[0]}"),
        ({"burst": [frame(0)]}, InvalidParameterError, "burst of 1"),
        ({"disparities": [np.zeros((3, 192, 256))]}, InvalidDepthError, r"\(3, 192, 256\)"),
        ({"disparities": [np.zeros((192, 256), np.uint16)]}, InvalidDepthError, "uint16"),
        ({"disparities": [np.zeros((40, 64), np.float32)]}, InvalidDepthError, "at least 96"),
    ],
)
def test_bad_frames_are_refused_in_words(arguments, error, message):
    with pytest.raises(error, match=message):
        fingerprint(**{"disparities": [frame(0)], **arguments})


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
def test_a_real_d435_has_the_figures_that_were_measured_before():
    """The table of the study that the fingerprint was designed in, made with another implementation."""
    native = next(r for r in read_recordings(REAL) if not r.registered)
    made, floor = fingerprint_recording(native.thinned(16))
    expected = {
        "border_excess": (7.0, 0.1),
        "border_slope": (1.0, 0.1),
        "holes_interior": (0.10, 0.1),
        "holes_per_megapixel": (528, 0.1),
        "holes_area_1": (0.36, 0.1),
        "holes_edge_0_2": (0.51, 0.1),
        "holes_edge_2_5": (0.32, 0.1),
        "holes_edge_5_10": (0.21, 0.1),
        "band_left_4_8": (7, 0.01),
        "band_left_8_16": (14, 0.01),
        "band_left_16_40": (25, 0.05),
        "band_right_8_16": (4, 0.01),
        "plane_sigma": (0.062, 0.1),
        "plane_sigma_high": (0.023, 0.1),
        "plane_sigma_low": (0.047, 0.1),
        "plane_correlation_x": (7.6, 0.05),
        "plane_correlation_y": (4.7, 0.05),
        "plane_spectrum_slope": (-4.76, 0.05),
        "comb_32": (0.981, 0.03),
        "temporal_std": (0.064, 0.05),
        "temporal_share": (0.85, 0.05),
        "temporal_correlation": (0.32, 0.1),
        "flicker": (0.011, 0.05),
        "hole_persistence": (0.946, 0.02),
    }
    for name, (value, tolerance) in expected.items():
        assert made[name].median == pytest.approx(value, rel=tolerance), name
    assert 0.1 < floor < 0.3
