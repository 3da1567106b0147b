import json

import numpy as np
import pytest
from make_episodes import make_episode
from make_two_cameras import save, two_cameras, view_of
from PIL import Image

from reald2iff.cli import main
from reald2iff.demos.inspect.command import InspectConfig, spread
from reald2iff.demos.inspect.contact_sheet import draw_contact_sheet, keyframes, paint_depth, sheet_row
from reald2iff.errors import InvalidParameterError


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return save(tmp_path_factory.mktemp("command") / "demos.hdf5", two_cameras(0), two_cameras(1))


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_without_a_folder_it_prints_and_writes_nothing(path, capsys):
    before = names(path.parent)
    assert main(["demos", "inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "pick_cube" in out and "demo_1" in out and "sound: 2 episodes" in out
    assert names(path.parent) == before


def test_check_says_only_what_is_wrong_and_a_broken_file_is_status_1(tmp_path, capsys):
    path = save(tmp_path / "demos.hdf5", two_cameras())
    path.write_bytes(path.read_bytes()[:-1000])
    assert main(["demos", "inspect", str(path), "--check"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN: no episode can be read" in out and "copy it again" in out and "pick_cube" not in out


def test_findings_of_one_kind_stand_together(tmp_path, capsys):
    path = save(tmp_path / "demos.hdf5", *(two_cameras(seed, success=False) for seed in range(6)))
    assert main(["demos", "inspect", str(path), "--check", "--out", str(tmp_path / "none")]) == 0
    out = capsys.readouterr().out
    assert out.count("did not succeed") == 4 and "2 more like it" in out
    assert not (tmp_path / "none").exists()


def test_the_json_file_holds_statistics_and_findings_of_every_episode(tmp_path):
    path = save(tmp_path / "demos.hdf5", two_cameras(0), two_cameras(1, success=False))
    assert main(["demos", "inspect", str(path), "--check", "--json", str(tmp_path / "out" / "a.json")]) == 0
    content = json.loads((tmp_path / "out" / "a.json").read_text())
    assert content["broken"] is False
    assert [finding["where"] for finding in content["findings"] if "succeed" in finding["what"]] == ["demo_1"]
    assert content["statistics"]["episodes"][1]["holes"]["front_depth"] == [0.25] * 5


def test_only_what_is_asked_for_is_made_of_the_episodes_asked_for(path, tmp_path):
    command = ["demos", "inspect", str(path), "--out", str(tmp_path), "--episodes", "demo_1"]
    assert main([*command, "--make", "contact_sheet"]) == 0
    assert names(tmp_path) == ["contact_sheet.png"]


def test_all_is_made_by_default(path, tmp_path):
    pytest.importorskip("rerun", reason="Rerun is not installed (extra rerun)")
    assert main(["demos", "inspect", str(path), "--out", str(tmp_path), "--draw", "1"]) == 0
    assert names(tmp_path) == ["contact_sheet.png", "demo_0.png", "demo_0.rrd"]


def test_an_episode_without_images_stamps_and_calibration_is_drawn(tmp_path):
    path = save(tmp_path / "demos.hdf5", make_episode(images=False))
    assert (
        main(
            [
                "demos",
                "inspect",
                str(path),
                "--out",
                str(tmp_path / "out"),
                "--make",
                "plots",
                "contact_sheet",
            ]
        )
        == 0
    )
    assert names(tmp_path / "out") == ["demo_0.png"]


def test_the_viewer_needs_recordings_to_open():
    with pytest.raises(InvalidParameterError, match="expected --out"):
        InspectConfig(file="a", open=True)
    with pytest.raises(InvalidParameterError, match="keyframes = 1"):
        InspectConfig(file="a", keyframes=1)


def test_episodes_are_spread_over_the_file():
    listed = [f"demo_{k}" for k in range(10)]
    assert spread(listed, 4) == ("demo_0", "demo_3", "demo_6", "demo_9")
    assert spread(listed[:2], 4) == ("demo_0", "demo_1")
    assert spread(listed, 1) == ("demo_0",)


def test_keyframes_are_the_ends_of_subtasks_and_steps_spread_between(path):
    view = view_of(path)  # grasp ends at step 3 of 5
    assert keyframes(view, 3) == {0: "start", 3: "grasp", 4: "end"}
    assert list(keyframes(view, 4)) == [0, 1, 3, 4]
    assert list(keyframes(view, 9)) == [0, 1, 2, 3, 4]


def test_the_sheet_shows_every_stream_of_every_camera(path, tmp_path):
    row = sheet_row(view_of(path), 4, width=32)
    assert list(row.strips) == ["front_image", "front_depth_clean", "front_depth", "wrist_depth"]
    assert {len(strip) for strip in row.strips.values()} == {4}
    draw_contact_sheet([row, row], "two", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    # The colours of the third keyframe, step 3, are on the sheet as they are in the file, once a row.
    assert (pixels == (120, 120, 0)).all(-1).sum() == 2 * 24 * 32


def test_holes_are_black_and_equal_depths_have_equal_colours():
    painted = paint_depth(np.array([[0, 1.0, 2.0, 1.0, 9.0]], np.float32), 1.0, 2.0)
    assert painted[0, 0].tolist() == [0, 0, 0]
    assert (
        painted[0, 1].tolist() == painted[0, 3].tolist() != painted[0, 2].tolist() == painted[0, 4].tolist()
    )
