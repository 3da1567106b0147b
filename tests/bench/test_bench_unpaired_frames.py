"""Cleaning a recording for the unpaired benchmark, and its judge on a camera whose noise is known."""

from dataclasses import replace

import numpy as np
import pytest
from real_recordings import BASELINE, CAMERA, Oracle, clean_frame, recording, sense

from reald2iff.bench import unpaired_judge
from reald2iff.bench.frames import as_published
from reald2iff.bench.unpaired_frames import clean_recording
from reald2iff.bench.unpaired_judge import SELF_CHECK, judge, judge_shifted
from reald2iff.bench.unpaired_split import split_segments
from reald2iff.errors import DatasetError
from reald2iff.geometry import disparity_to_depth

SMALL = {
    "two_sample_16": replace(
        unpaired_judge.CLASSIFIERS["two_sample_16"], steps=50, batch=16, width=12, test_patches=50
    )
}


@pytest.fixture(scope="module")
def frames():
    return clean_recording(recording(32), Oracle(), 64)


@pytest.fixture(autouse=True)
def small_classifier(monkeypatch):
    monkeypatch.setattr(unpaired_judge, "CLASSIFIERS", SMALL)


def again(noise) -> np.ndarray:
    """The frames of `recording` noised anew by a function of clean disparity and a generator."""
    images = [noise(clean_frame(n), np.random.default_rng([11, n])) for n in range(32)]
    return np.stack(
        [as_published(disparity_to_depth(i, CAMERA.fx, BASELINE), CAMERA.fx, BASELINE) for i in images]
    )


def test_the_camera_sensed_again_is_at_chance(frames):
    result = judge(frames, again(sense), split_segments(frames.segment))["two_sample_16"]
    assert abs(result["accuracy"] - 0.5) < 0.06


def test_white_noise_of_the_right_size_is_told_from_smooth(frames):
    white = again(lambda clean, rng: (clean + rng.normal(0, 0.06, clean.shape)).astype(np.float32))
    assert judge(frames, white, split_segments(frames.segment))["two_sample_16"]["accuracy"] > 0.9


def test_the_check_of_the_measurement_passes_on_raw_frames(frames):
    split = split_segments(frames.segment)
    assert (
        SELF_CHECK.problems(judge_shifted(frames, split), judge(frames, frames.published_clean(), split))
        == []
    )


def test_what_lies_where_the_clean_side_is_unknown_says_nothing(frames):
    split = split_segments(frames.segment)
    marked = again(sense)
    expected = judge(frames, marked, split)
    marked[:, :, -10:] = 99
    assert judge(frames, marked, split) == expected


def result(accuracy: float, low: float) -> dict:
    return {"two_sample_16": {"accuracy": accuracy, "ci95": [low, 1.0]}}


def test_a_judge_that_tells_real_from_real_is_not_trusted():
    assert "real frames are told from real frames" in SELF_CHECK.problems(result(0.7, 0.65), result(1, 1))[0]
    assert SELF_CHECK.problems(result(0.7, 0.48), result(1, 1)) == []


def test_a_judge_that_does_not_find_cleaned_frames_is_not_trusted():
    assert "accuracy 0.800 only" in SELF_CHECK.problems(result(0.5, 0.45), result(0.8, 0.75))[0]


def test_refused_frames_are_left_out_and_named():
    found = clean_recording(recording(9), Oracle(refuses=(2, 8)), 64)
    assert len(found) == 7
    assert found.segment.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert found.refused == (
        {"frame": "000002", "reason": "frame 2 shows nothing"},
        {"frame": "000008", "reason": "frame 8 shows nothing"},
    )


def test_a_recording_of_refused_frames_is_no_data():
    with pytest.raises(DatasetError, match="none of 2 frames could be cleaned: 000000: frame 0"):
        clean_recording(recording(2), Oracle(refuses=(0, 1)), 64)


def test_of_a_long_recording_whole_segments_are_taken_all_over_it():
    found = clean_recording(recording(80), Oracle(), 12)
    assert found.segment.tolist() == [0] * 4 + [10] * 4 + [19] * 4
    assert found.left_out == 68


def test_registered_depth_is_cleaned_at_its_scale():
    oracle = Oracle()
    registered = recording(1, registered=True)
    wide = replace(CAMERA, fx=CAMERA.fx * 1.6, fy=CAMERA.fy * 1.6)
    frame = replace(registered.frames[0], intrinsics=wide)
    clean_recording(replace(registered, frames=(frame,)), oracle, 64)
    assert oracle.scales == [pytest.approx(1.6)]


def test_analytic_models_are_fitted_to_noise_on_planes_and_holes(frames):
    fitted = frames.statistics(np.arange(16))
    assert fitted.spread == pytest.approx(0.06, abs=0.02)
    real, clean = frames.real[:16], frames.clean[:16]
    assert fitted.hole_ratio == pytest.approx((real[clean > 0] == 0).mean())
