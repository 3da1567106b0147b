"""`reald2iff calibrate` from frames to a profile, on small scenes drawn by arithmetic."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from stub_scenes import SMALL, CardScenes

from reald2iff.calibration import command, fit
from reald2iff.calibration.command import CalibrateConfig, calibrate_camera
from reald2iff.calibration.parameters import FINISHING
from reald2iff.calibration.search import Phase
from reald2iff.cli import main
from reald2iff.errors import DatasetError, InvalidDepthError, InvalidParameterError
from reald2iff.geometry import disparity_to_depth
from reald2iff.io.depth_files import DepthFormat, write_depth
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values
from reald2iff.sensors.profile import load_profile

SPECKLED = with_values(D435Twin(), {"statistics.speckle_rate": 20000.0})
SPECKLE = tuple(p for p in FINISHING if p.path == "statistics.speckle_rate")


def write_frames(folder, count=8, source="mine", twin=SPECKLED):
    """Frames of the card scenes as a camera with many small holes sees them."""
    entries = []
    for index in range(count):
        view = next(iter(CardScenes(1).views(100 + index)))
        disparity = twin.sense(view.stereo, SMALL, np.random.default_rng(index))
        name = f"{source}_{index}.png"
        depth = disparity_to_depth(disparity, SMALL.fx, 0.05)
        write_depth(folder / name, depth, DepthFormat("png", "uint16"))
        camera = {"fx": SMALL.fx, "fy": SMALL.fy, "cx": SMALL.cx, "cy": SMALL.cy}
        entries.append({"depth": name, "source": source, **camera})
    index = folder / "index.json"
    before = json.loads(index.read_text()) if index.exists() else []
    index.write_text(json.dumps(before + entries))
    return folder


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return write_frames(tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory):
    """One parameter to fit, and views kept for these tests alone."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "cache_folder", lambda: cache)
        patch.setattr(fit, "PHASES", (Phase("noise", SPECKLE, 1.0, 0.1, "slope"),))
        yield


def config(frames, folder, **options):
    defaults = {"budget": 10, "views": 2, "jobs": 1, "scenes": "stub_scenes:CardScenes", "start": "defaults"}
    return CalibrateConfig(frames, folder / "mine.yaml", **(defaults | options))


@pytest.fixture(scope="module")
def fitted(frames, tmp_path_factory):
    """Folder of a finished fit, and what it printed on either stream."""
    folder, out, err = tmp_path_factory.mktemp("fitted"), io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert calibrate_camera(config(frames, folder)) == 0
    return folder, out.getvalue(), err.getvalue()


def test_a_fit_finds_the_small_holes_of_the_camera(fitted):
    profile = load_profile(fitted[0] / "mine.yaml")
    assert profile.fit.after < profile.fit.before
    assert profile.twin.statistics.speckle_rate > 2 * D435Twin().statistics.speckle_rate
    assert profile.fingerprint.frames == 4 and profile.fit.frames == 4


def test_a_fit_shows_its_figures_its_picture_and_what_the_frames_lack(fitted):
    folder, out, err = fitted
    assert f"{load_profile(folder / 'mine.yaml').fit.after:.3f} after" in out and "floor" in out
    assert "short: 4 frames" in err.replace("\n", " ")
    assert (folder / "mine.png").stat().st_size > 20_000


def test_a_finished_fit_run_again_reads_its_log_and_writes_the_same(fitted, frames, tmp_path, monkeypatch):
    for name in ("mine.yaml", "mine.search.jsonl"):
        (tmp_path / name).write_bytes((fitted[0] / name).read_bytes())
    monkeypatch.setattr(command, "draw_fit", lambda result, sample, path: path)
    calibrate_camera(config(frames, tmp_path, overwrite=True))
    for name in ("mine.yaml", "mine.search.jsonl"):
        assert (tmp_path / name).read_bytes() == (fitted[0] / name).read_bytes()


def test_a_log_of_other_options_is_not_continued(fitted, frames, tmp_path):
    (tmp_path / "mine.search.jsonl").write_bytes((fitted[0] / "mine.search.jsonl").read_bytes())
    with pytest.raises(DatasetError, match="delete it to begin anew"):
        calibrate_camera(config(frames, tmp_path, seed=1))


def test_several_sources_are_never_pooled(tmp_path):
    folder = tmp_path / "two"
    folder.mkdir()
    write_frames(write_frames(folder), source="other")
    with pytest.raises(InvalidParameterError, match="choose one with --source: mine, other"):
        calibrate_camera(config(folder, tmp_path))
    with pytest.raises(InvalidParameterError, match="holds no source 'third'"):
        calibrate_camera(config(folder, tmp_path, source="third"))


def test_frames_without_depth_are_refused(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    write_frames(folder)
    for path in folder.glob("*.png"):
        write_depth(path, np.zeros((120, 160), np.float32), DepthFormat("png", "uint16"))
    with pytest.raises(InvalidDepthError, match="have depth"):
        calibrate_camera(config(folder, tmp_path))


def test_a_recording_of_one_place_is_refused(tmp_path):
    folder = tmp_path / "short"
    folder.mkdir()
    with pytest.raises(DatasetError, match="cannot be halved"):
        calibrate_camera(config(write_frames(folder, count=3), tmp_path))


def test_a_profile_that_is_there_is_kept(frames, tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    with pytest.raises(DatasetError, match="--overwrite replaces it"):
        calibrate_camera(config(frames, tmp_path))
    assert (tmp_path / "mine.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"budget": 0}, "budget = 0"), ({"views": 1}, "views = 1"), ({"jobs": 0}, "jobs = 0")],
)
def test_options_out_of_range_are_named(frames, tmp_path, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        config(frames, tmp_path, **options)


def test_the_command_line_says_what_is_wrong_without_a_traceback(tmp_path, capsys):
    assert main(["calibrate", "--frames", str(tmp_path / "none"), "--out", str(tmp_path / "a.yaml")]) == 2
    assert "none" in capsys.readouterr().err
