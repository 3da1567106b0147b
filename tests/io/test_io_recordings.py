"""Recordings say what was recorded, and what is wrong with a folder that cannot be used."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from reald2iff.errors import DatasetError, InvalidDepthError
from reald2iff.io.depth_files import DepthFormat, write_depth
from reald2iff.io.recordings import number_segments, read_recordings

REAL = Path("../shared/data/d435_frames")
CAMERA = {"fx": 60.0, "fy": 60.0, "cx": 15.5, "cy": 11.5}


def make_folder(folder, entries, depth=2.0):
    """One depth image an entry; what an entry says comes over the defaults."""
    rows = []
    for number, entry in enumerate(entries):
        name = f"{number:03d}.png"
        write_depth(folder / name, np.full((24, 32), depth, np.float32), DepthFormat("png", "uint16"))
        rows.append({"depth": name, "source": "camera", **CAMERA, **entry})
    (folder / "index.json").write_text(json.dumps(rows))
    return folder


def test_disparity_is_focal_length_times_baseline_over_depth(tmp_path):
    frame = read_recordings(make_folder(tmp_path, [{"baseline_m": 0.1}]))[0].frames[0]
    np.testing.assert_allclose(frame.disparity(), 60 * 0.1 / 2.0, rtol=1e-6)


def test_depth_unit_scales_integers(tmp_path):
    frame = read_recordings(make_folder(tmp_path, [{"depth_unit_m": 0.0001}]))[0].frames[0]
    np.testing.assert_allclose(frame.depth(), 0.2, rtol=1e-6)


def test_saturated_and_far_depth_is_invalid(tmp_path):
    folder = make_folder(tmp_path, [{}])
    depth = np.full((24, 32), 65.535, np.float32)
    depth[0] = 8.001
    depth[1] = 7.999
    write_depth(folder / "000.png", depth, DepthFormat("png", "uint16"))
    read = read_recordings(folder)[0].frames[0].depth()
    assert not read[0].any() and not read[2:].any()
    np.testing.assert_allclose(read[1], 7.999, rtol=1e-6)


@pytest.mark.parametrize(
    ("stream", "registered"),
    [
        ("native depth 640x480, not registered to colour", False),
        ("native depth, not aligned to color", False),
        ("depth aligned to colour 640x480", True),
        ("Depth aligned to the color image", True),
        ("registered", True),
        ("unregistered", False),
    ],
)
def test_registration_is_read_off_the_stream(tmp_path, stream, registered):
    assert read_recordings(make_folder(tmp_path, [{"stream": stream}]))[0].registered is registered


def test_a_plain_registered_value_counts_more_than_the_stream(tmp_path):
    folder = make_folder(tmp_path, [{"stream": "depth aligned to color", "registered": False}])
    assert not read_recordings(folder)[0].registered


def test_sources_stay_apart_and_in_order(tmp_path):
    folder = make_folder(tmp_path, [{"source": "b"}, {"source": "a"}, {"source": "b"}])
    recordings = read_recordings(folder)
    assert [(r.name, [f.name for f in r.frames]) for r in recordings] == [
        ("b", ["000.png", "002.png"]),
        ("a", ["001.png"]),
    ]


def test_a_source_is_named_after_its_folder_if_not_named(tmp_path):
    folder = make_folder(tmp_path, [{}])
    entry = json.loads((folder / "index.json").read_text())
    del entry[0]["source"]
    (folder / "index.json").write_text(json.dumps(entry))
    assert read_recordings(folder)[0].name == tmp_path.name


def test_segments_are_blocks_of_four_and_whole_bursts():
    assert number_segments([False] * 6 + [True] * 5 + [False]) == [0] * 4 + [1] * 2 + [2] * 5 + [3]


def test_halves_share_no_segment_and_lose_no_frame(tmp_path):
    recording = read_recordings(make_folder(tmp_path, [{}] * 13))[0]
    first, second = recording.halves()
    assert {f.segment for f in first.frames}.isdisjoint({f.segment for f in second.frames})
    assert first.frames + second.frames == recording.frames


def test_a_single_segment_cannot_be_halved(tmp_path):
    with pytest.raises(DatasetError, match="4 frames are one segment"):
        read_recordings(make_folder(tmp_path, [{}] * 4))[0].halves()


def test_thinning_keeps_whole_segments_and_the_burst(tmp_path):
    recording = read_recordings(make_folder(tmp_path, [{}] * 16 + [{"static_burst": True}] * 3))[0]
    thin = recording.thinned(9)
    assert [f.segment for f in thin.frames] == [0] * 4 + [2] * 4 + [4] * 3


def test_frames_travel_between_processes(tmp_path):
    frame = read_recordings(make_folder(tmp_path, [{}]))[0].frames[0]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(frame)).depth(), frame.depth())


def test_an_image_that_shrank_since_is_refused(tmp_path):
    folder = make_folder(tmp_path, [{}])
    frame = read_recordings(folder)[0].frames[0]
    write_depth(folder / "000.png", np.ones((10, 10), np.float32), DepthFormat("png", "uint16"))
    with pytest.raises(InvalidDepthError, match=r"000\.png.*\(10, 10\)"):
        frame.depth()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"fx": -1}, "entry 1.*fx"),
        ({"fx": "wide"}, "fx = 'wide'"),
        ({"cx": 320}, r"\(320, 11.5\) lies outside its image of 32x24"),
        ({"baseline_m": 50}, "baseline_m = 50: expected metres"),
        ({"depth_unit_m": 0}, "depth_unit_m = 0"),
        ({"static_burst": "no"}, "static_burst = 'no': expected true or false"),
        ({"registered": 1}, "registered = 1"),
        ({"depth": "gone.png"}, r"gone\.png.*no such file"),
        ({"source": ""}, "source = ''"),
        ({"registered": True}, "'camera' has registered False in 000.png and True in 001.png"),
        ({"fy": 61.0}, "'camera' has intrinsics"),
    ],
)
def test_an_odd_value_is_named_with_its_file(tmp_path, entry, message):
    with pytest.raises(DatasetError, match=message) as caught:
        read_recordings(make_folder(tmp_path, [{}, entry]))
    assert "index.json" in str(caught.value)


def test_a_missing_key_is_named(tmp_path):
    folder = make_folder(tmp_path, [{}])
    (folder / "index.json").write_text(json.dumps([{"depth": "000.png", "fx": 1}]))
    with pytest.raises(DatasetError, match="entry 0 lacks fy, cx, cy"):
        read_recordings(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "lists no frames"),
        ("{}", "holds a dict: expected a list"),
        ("[", "cannot be read as JSON"),
        ("[3]", "entry 0 is 3: expected an object"),
    ],
)
def test_a_broken_index_is_an_error_in_words(tmp_path, content, message):
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(DatasetError, match=message):
        read_recordings(tmp_path)


def test_a_missing_folder_and_a_missing_index_are_told_apart(tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        read_recordings(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"has no index\.json"):
        read_recordings(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
def test_real_recordings_are_a_native_and_a_registered_one():
    native, registered = read_recordings(REAL)
    assert (native.name, native.registered, len(native.frames)) == ("aims_slam", False, 39)
    assert (registered.name, registered.registered, len(registered.frames)) == ("box_planes", True, 6)
    assert sum(frame.static_burst for frame in native.frames) == 8
    assert native.frames[0].disparity().max() < 100
