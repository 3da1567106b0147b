"""`reald2iff fingerprint`: what a person sees, and the words bad input is refused with."""

import json

import cv2
import numpy as np
import pytest

from reald2iff.cli import main
from reald2iff.io.depth_files import DepthFormat, write_depth
from reald2iff.metrics.fingerprint import Fingerprint

FX = 200.0
Y, X = np.mgrid[:120, :160]


def record(folder, frames=6, *, source="camera", registered=False, sigma=0.05, burst=0):
    """Appends frames of a noisy wall to a folder's index."""
    index = folder / "index.json"
    rows = json.loads(index.read_text()) if index.exists() else []
    rng = np.random.default_rng(len(rows))
    for number in range(frames):
        disparity = 10 + 0.01 * X + sigma * rng.standard_normal(X.shape)
        disparity[rng.random(X.shape) < 0.002] = 0
        depth = np.divide(FX * 0.05, disparity, out=np.zeros(X.shape), where=disparity > 0)
        name = f"{source}{number}.npy"
        write_depth(folder / name, depth.astype(np.float32), DepthFormat("npy", "float32"))
        rows.append({"depth": name, "source": source, "fx": FX, "fy": FX, "cx": 79.5, "cy": 59.5,
                     "registered": registered, "static_burst": number >= frames - burst})  # fmt: skip
    index.write_text(json.dumps(rows))
    return folder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "frames").mkdir()
    return record(tmp_path / "frames", burst=2)


def write_profile(path, fingerprint=None):
    """A sensor profile, with or without a fingerprint."""
    from reald2iff.sensors.d435 import D435Twin
    from reald2iff.sensors.profile import Profile

    Profile(path.stem, D435Twin(), fingerprint=fingerprint).save(path)
    return path


def refused(capsys, *arguments):
    """The message of a call that must fail as a user's error."""
    assert main(["fingerprint", *map(str, arguments)]) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


def test_figures_are_printed_with_quartiles_and_the_noise_floor(folder, capsys):
    assert main(["fingerprint", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "camera: native depth, 5 frames" in printed
    assert "sigma, px" in printed and "median [quartiles]" in printed
    assert "correlation of consecutive residuals" in printed
    assert "noise floor 0." in printed and "first half of camera against its second" in printed


def test_sources_are_reported_apart(folder, tmp_path, capsys):
    record(folder, source="other", registered=True)
    assert main(["fingerprint", str(folder), "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    assert "camera: native depth" in printed and "other: registered to colour" in printed
    rows = json.loads((tmp_path / "out.json").read_text())["sources"]
    assert [(row["source"], row["registered"]) for row in rows] == [("camera", False), ("other", True)]
    assert rows[0]["floor"] > 0 and "against" not in rows[0]


def test_frames_stand_at_no_distance_from_their_own_saved_fingerprint(folder, tmp_path, capsys):
    saved = tmp_path / "camera.yaml"
    assert main(["fingerprint", str(folder), "--save", str(saved)]) == 0
    assert Fingerprint.load(saved).frames == 5
    out = tmp_path / "out.json"
    assert main(["fingerprint", str(folder), "--against", str(saved), "--json", str(out)]) == 0
    assert json.loads(out.read_text())["sources"][0]["against"]["distance"] == pytest.approx(0, abs=1e-4)
    assert "distance of camera to camera: 0.00" in capsys.readouterr().out


def test_louder_noise_is_where_most_of_the_distance_comes_from(folder, tmp_path):
    (tmp_path / "loud").mkdir()
    record(tmp_path / "loud", source="loud", sigma=0.2)
    out = tmp_path / "out.json"
    assert main(["fingerprint", str(folder), "--against", str(tmp_path / "loud"), "--json", str(out)]) == 0
    row = json.loads(out.read_text())["sources"][0]
    against = row["against"]
    assert against["name"] == "loud" and against["distance"] > 2 * row["floor"]
    assert sum(against["shares"].values()) == pytest.approx(against["distance"])
    assert max(against["shares"], key=against["shares"].get).startswith("plane_sigma")


def test_a_sensor_profile_with_a_fingerprint_can_be_compared_with(folder, tmp_path, capsys):
    saved = tmp_path / "camera.yaml"
    assert main(["fingerprint", str(folder), "--save", str(saved)]) == 0
    profile = write_profile(tmp_path / "mine.yaml", Fingerprint.load(saved))
    assert main(["fingerprint", str(folder), "--against", str(profile)]) == 0
    assert "distance of camera to mine: 0.00" in capsys.readouterr().out


def test_the_picture_is_a_picture(folder, tmp_path):
    path = tmp_path / "deep" / "picture.png"
    assert main(["fingerprint", str(folder), "--against", str(folder), "--picture", str(path)]) == 0
    image = cv2.imread(str(path))
    assert image is not None and image.shape[1] > 1000 and image.std() > 10


def test_few_frames_have_no_noise_floor(tmp_path, capsys):
    assert main(["fingerprint", str(record(tmp_path, 3))]) == 0
    assert "no noise floor: too few frames to halve" in capsys.readouterr().out


def test_a_missing_folder_a_wrong_index_and_no_frames_are_told_apart(tmp_path, capsys):
    assert "no such folder" in refused(capsys, tmp_path / "gone")
    assert "has no index.json" in refused(capsys, tmp_path)
    (tmp_path / "index.json").write_text('{"frames": []}')
    assert "holds a dict: expected a list" in refused(capsys, tmp_path)
    (tmp_path / "index.json").write_text("[]")
    assert "lists no frames" in refused(capsys, tmp_path)
    (tmp_path / "index.json").write_text('[{"depth": "a.png", "fx": 1, "fy": 1, "cx": 0, "cy": 0}]')
    assert "no such file" in refused(capsys, tmp_path)


def test_a_colour_picture_in_place_of_depth_is_refused(folder, capsys):
    cv2.imwrite(str(folder / "camera0.png"), np.zeros((120, 160, 3), np.uint8))
    rows = json.loads((folder / "index.json").read_text())
    rows[0]["depth"] = "camera0.png"
    (folder / "index.json").write_text(json.dumps(rows))
    assert "camera0.png: has 3 channels" in refused(capsys, folder)


def test_a_burst_in_which_things_move_is_refused(folder, capsys):
    rows = json.loads((folder / "index.json").read_text())
    depth = np.load(folder / rows[-1]["depth"])
    np.save(folder / rows[-1]["depth"], depth * 0.7)
    assert "camera: its static burst of 2 frames changes by" in refused(capsys, folder)


def test_native_and_registered_frames_are_not_compared(folder, tmp_path, capsys):
    (tmp_path / "registered").mkdir()
    record(tmp_path / "registered", registered=True)
    message = refused(capsys, folder, "--against", tmp_path / "registered")
    assert "has only registered to colour, the frames are native depth" in message


def test_one_fingerprint_is_not_saved_of_two_sources(folder, tmp_path, capsys):
    record(folder, source="other")
    save = ["--save", tmp_path / "out.yaml"]
    assert "holds camera, other; --save writes one" in refused(capsys, folder, *save)
    assert "has no source 'third': expected one of camera, other" in refused(
        capsys, folder, "--source", "third"
    )
    assert main(["fingerprint", str(folder), "--source", "other", *map(str, save)]) == 0


def test_what_is_no_profile_is_refused(folder, tmp_path, capsys):
    assert "expected one of" in refused(capsys, folder, "--against", "no_such_camera")
    assert "gone.yaml" in refused(capsys, folder, "--against", tmp_path / "gone.yaml")
    (tmp_path / "other.yaml").write_text("a: 1\n")
    assert "other.yaml" in refused(capsys, folder, "--against", tmp_path / "other.yaml")
    bare = write_profile(tmp_path / "bare.yaml")
    assert "carries no fingerprint" in refused(capsys, folder, "--against", bare)


def test_too_few_frames_are_refused(folder, capsys):
    assert "frames = 1: expected at least 2" in refused(capsys, folder, "--frames", "1")
