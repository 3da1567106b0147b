"""The unpaired benchmark as a whole, on recordings of a camera whose clean side is known."""

from dataclasses import replace

import numpy as np
import pytest
from real_recordings import CAMERA, Oracle, clean_frame, recording

from reald2iff.bench import unpaired, unpaired_judge, unpaired_noise
from reald2iff.bench.unpaired import measure_unpaired, unpaired_steps
from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff.sensors.profile import Profile
from reald2iff.sensors.registration import Registration

NAMES = ("identity", "gaussian", "twin_redrawn")


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Classifiers and a camera profile of the size of these frames."""
    chosen = {
        name: replace(config, steps=20, batch=8, width=6, test_patches=20)
        for name, config in unpaired_judge.CLASSIFIERS.items()
    }
    patch.setattr(unpaired_judge, "CLASSIFIERS", chosen)
    # A few steps on four scenes decide nothing: what the check does is tested with the judge.
    lenient = replace(unpaired_judge.SELF_CHECK, chance_limit=1.0, found_limit=0.0)
    patch.setattr(unpaired, "SELF_CHECK", lenient)
    patch.setattr(unpaired, "load_profile", profile)
    patch.setattr(unpaired_noise, "program_key", lambda: "this version")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    shrink(monkeypatch)


def profile(name: str) -> Profile:
    if name == "d435":
        return Profile(name, D435Twin(matcher="sgbm"))
    return Profile(name, D435Twin(matcher="sgbm"), Registration(CAMERA, (0.015, 0.0, 0.0)))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Result, slides, steps and the folder with what an earlier run has finished."""
    slides, steps = [], []
    work = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        found = measure_unpaired(
            [recording(16)],
            NAMES,
            seed=3,
            step=lambda text, share: steps.append(share),
            cleaner=Oracle(refuses=(1,)),
            show=slides.append,
            work=work,
        )
    return found, slides, steps, work


def test_methods_of_real_frames_have_rows_and_stored_draws_have_none(measured):
    (source,) = measured[0]["sources"]
    assert source["problems"] == []
    assert [row["method"] for row in source["rows"]] == ["identity", "gaussian"]
    for row in source["rows"]:
        for size in (16, 64):
            figures = row[f"two_sample_{size}"]
            assert figures["ci95"][0] <= figures["accuracy"] <= figures["ci95"][1]
        assert row["ms_per_frame"] >= 0
    assert source["rows"][0]["hole_ratio"] == 0
    assert source["rows"][1]["hole_ratio"] > 0.01


def test_frames_are_accounted_for(measured):
    (source,) = measured[0]["sources"]
    assert source["frames"] == 16
    assert source["tested"] == 8
    assert source["refused"] == [{"frame": "000001", "reason": "frame 1 shows nothing"}]
    assert source["unknown_share"] == pytest.approx(10 / CAMERA.width)


def test_held_out_frames_are_shown_with_the_sensor_and_every_method(measured):
    slides = measured[1]
    assert len(slides) == 3
    assert list(slides[0].methods) == ["sensor", "identity", "gaussian"]
    first = int(slides[0].title.split()[-1])
    assert first >= 8
    known = slides[0].clean > 0
    assert np.array_equal(slides[0].clean[known], clean_frame(first)[known])


def test_progress_comes_to_what_was_announced(measured):
    assert sum(measured[2]) <= unpaired_steps([recording(16)], NAMES)


def test_a_second_run_takes_what_is_finished(measured, monkeypatch):
    monkeypatch.setattr(unpaired, "judge", None)
    monkeypatch.setattr(unpaired, "judge_shifted", None)
    again = measure_unpaired([recording(16)], NAMES, seed=3, cleaner=Oracle(refuses=(1,)), work=measured[3])
    assert again["rows"] == measured[0]["rows"]


def test_the_top_rows_are_those_of_the_source_that_is_found_out_most():
    def row(method: str, accuracy: float) -> dict:
        figures = {"accuracy": accuracy}
        return {"method": method, "two_sample_16": figures, "two_sample_64": figures}

    sources = [
        {"name": "a", "rows": [row("twin", 0.7), row("perlin", 0.9)]},
        {"name": "b", "rows": [row("twin", 0.8)]},
        {"name": "c", "rows": []},
    ]
    assert [(found["method"], found["source"]) for found in unpaired._worst_rows(sources)] == [
        ("twin", "b"),
        ("perlin", "a"),
    ]


def test_a_source_without_enough_frames_says_so():
    found = measure_unpaired([recording(3, "short")], ["identity"], cleaner=Oracle())
    (source,) = found["sources"]
    assert source["rows"] == found["rows"] == []
    assert "3 usable frames are one segment" in source["problems"][0]


def test_registered_depth_is_noised_in_the_sensors_own_camera():
    wide = replace(CAMERA, fx=CAMERA.fx * 1.6, fy=CAMERA.fy * 1.6)
    source = recording(8, registered=True)
    source = replace(source, frames=tuple(replace(frame, intrinsics=wide) for frame in source.frames))
    (found,) = measure_unpaired([source], ["gaussian"], cleaner=Oracle())["sources"]
    assert found["profile"] == "d435_registered"
    (row,) = found["rows"]
    assert row["hole_ratio"] > 0.01


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidParameterError, match="'nonsense'"):
        measure_unpaired([recording(16)], ["nonsense"], cleaner=Oracle())
