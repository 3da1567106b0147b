"""`reald2iff apply` end to end, and the words it refuses bad input with."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from reald2iff.cli import main
from reald2iff.cli.apply import file_generator
from reald2iff.io.depth_files import read_depth

SHAPE = (48, 64)
CAMERA = ["--intrinsics", "60,60,31.5,23.5"]
GAUSSIAN = [*CAMERA, "--model", "gaussian"]


def plane() -> np.ndarray:
    return np.broadcast_to(np.linspace(0.8, 2, SHAPE[1], dtype=np.float32), SHAPE).copy()


def write_png(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array)
    return path


@pytest.fixture
def png(tmp_path) -> Path:
    return write_png(tmp_path / "clean.png", (plane() * 1000).astype(np.uint16))


@pytest.fixture
def folder(tmp_path) -> Path:
    source = tmp_path / "clean"
    for name in ("a.png", "b.png", "sub/c.png"):
        write_png(source / name, (plane() * 1000).astype(np.uint16))
    np.save(source / "d.npy", plane())
    return source


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(arguments: list[str], capsys) -> str:
    assert main(["apply", *arguments]) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return shown.err


def test_a_png_becomes_a_noisy_16_bit_png_and_a_preview(png, tmp_path):
    out = tmp_path / "out" / "real.png"
    assert main(["apply", str(png), "--out", str(out), *GAUSSIAN]) == 0
    noisy = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert noisy.dtype == np.uint16 and noisy.shape == SHAPE
    difference = noisy / 1000 - plane()
    assert 0 < np.abs(difference).mean() < 0.3
    assert (out.parent / "real_preview.png").exists()


@pytest.mark.parametrize("name", ["d.npy", "d.npz"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
def test_the_format_out_is_the_format_in(tmp_path, name, dtype):
    source, out = tmp_path / name, tmp_path / f"out{name[-4:]}"
    depth = (plane() * 1000).astype(dtype) if dtype == np.uint16 else plane().astype(dtype)
    np.save(source, depth) if name.endswith("npy") else np.savez(source, depth=depth, stamp=3)
    assert main(["apply", str(source), "--out", str(out), *GAUSSIAN, "--no-preview"]) == 0
    loaded = np.load(out)
    array = loaded if name.endswith("npy") else loaded["depth"]
    assert array.dtype == dtype and array.shape == SHAPE


def test_another_format_can_be_asked_for(png, tmp_path):
    assert main(["apply", str(png), "--out", str(tmp_path / "out"), *GAUSSIAN, "--format", "npz"]) == 0
    assert np.load(tmp_path / "out" / "clean.npz")["depth"].dtype == np.float32


def test_a_folder_keeps_its_layout_and_gets_one_preview(folder, tmp_path):
    assert main(["apply", str(folder), "--out", str(tmp_path / "out"), *GAUSSIAN]) == 0
    assert set(contents(tmp_path / "out")) == {"a.png", "b.png", "sub/c.png", "d.npy"}
    assert (tmp_path / "out_preview.png").exists()


def test_every_file_gets_noise_of_its_own_whatever_else_is_in_the_folder(folder, tmp_path):
    assert main(["apply", str(folder), "--out", str(tmp_path / "all"), *GAUSSIAN, "--no-preview"]) == 0
    assert main(["apply", str(folder / "b.png"), "--out", str(tmp_path / "one"), *GAUSSIAN]) == 0
    made = contents(tmp_path / "all")
    assert made["b.png"] == (tmp_path / "one" / "b.png").read_bytes()
    assert made["a.png"] != made["b.png"]


def test_the_seed_decides_the_noise(png, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main(["apply", str(png), "--out", str(tmp_path / name), *GAUSSIAN, "--seed", seed]) == 0
    first, again, other = ((tmp_path / name / "clean.png").read_bytes() for name in "abc")
    assert first == again != other


def test_a_files_generator_depends_on_seed_and_name():
    draws = {file_generator(seed, name).integers(2**62) for seed in (0, 1) for name in ("a", "b")}
    assert len(draws) == 4


def test_resume_does_what_is_missing_only(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["apply", str(folder), "--out", str(out), *GAUSSIAN]) == 0
    before = contents(out)
    (out / "b.png").unlink()
    (out / "a.png").write_bytes(b"kept")
    assert main(["apply", str(folder), "--out", str(out), *GAUSSIAN, "--resume"]) == 0
    after = contents(out)
    assert after["b.png"] == before["b.png"]
    assert after["a.png"] == b"kept"
    assert "3 of 4 images are done already" in capsys.readouterr().out


def test_results_are_replaced_only_when_asked_to(png, tmp_path, capsys):
    out = tmp_path / "out.png"
    out.write_bytes(b"precious")
    assert "is there already" in refused([str(png), "--out", str(out), *GAUSSIAN], capsys)
    assert out.read_bytes() == b"precious"
    assert main(["apply", str(png), "--out", str(out), *GAUSSIAN, "--overwrite"]) == 0
    assert read_depth(out).depth.shape == SHAPE


def test_inputs_are_never_replaced(png, folder, capsys):
    before = png.read_bytes(), contents(folder)
    for source, out in ((png, png), (folder, folder)):
        arguments = [str(source), "--out", str(out), *GAUSSIAN, "--overwrite"]
        assert "would replace an input" in refused(arguments, capsys)
    assert before == (png.read_bytes(), contents(folder))


def test_results_inside_the_input_folder_are_not_taken_for_inputs(folder, capsys):
    out = folder / "realistic"
    assert main(["apply", str(folder), "--out", str(out), *GAUSSIAN, "--no-preview"]) == 0
    assert main(["apply", str(folder), "--out", str(out), *GAUSSIAN, "--no-preview", "--overwrite"]) == 0
    assert "4 images" in capsys.readouterr().out
    assert not (out / "realistic").exists()


def test_a_preview_never_replaces_a_depth_image(tmp_path, capsys):
    for name in ("in/x.png", "x_preview.png"):
        write_png(tmp_path / name, (plane() * 1000).astype(np.uint16))
    arguments = [str(tmp_path / "x_preview.png"), "--out", str(tmp_path / "x.png"), *GAUSSIAN]
    assert "the preview would replace a depth image" in refused(arguments, capsys)


def test_two_files_that_would_become_one_are_refused(tmp_path, capsys):
    source = tmp_path / "in"
    write_png(source / "a.png", (plane() * 1000).astype(np.uint16))
    np.save(source / "a.npy", plane())
    arguments = [str(source), "--out", str(tmp_path / "out"), *GAUSSIAN, "--format", "npz"]
    assert "would both become" in refused(arguments, capsys)


def test_an_image_without_any_depth_stays_empty(tmp_path):
    np.save(tmp_path / "empty.npy", np.zeros(SHAPE, np.float32))
    assert main(["apply", str(tmp_path / "empty.npy"), "--out", str(tmp_path / "out"), *GAUSSIAN]) == 0
    assert not np.load(tmp_path / "out" / "empty.npy").any()


ROS_CAMERA_INFO = """\
header: {frame_id: camera_depth_optical_frame}
height: 48
width: 64
k: [60.0, 0.0, 31.5, 0.0, 60.0, 23.5, 0.0, 0.0, 1.0]
---
"""
CALIBRATION = """\
image_width: 64
image_height: 48
camera_matrix: {rows: 3, cols: 3, data: [60.0, 0.0, 31.5, 0.0, 60.0, 23.5, 0.0, 0.0, 1.0]}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("info.yaml", ROS_CAMERA_INFO),
        ("ost.yaml", CALIBRATION),
        ("info.json", json.dumps({"width": 64, "height": 48, "K": [60, 0, 31.5, 0, 60, 23.5, 0, 0, 1]})),
    ],
)
def test_camera_files_stand_for_the_same_numbers(png, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    by_file = ["--camera-info", str(tmp_path / name), "--model", "gaussian"]
    assert main(["apply", str(png), "--out", str(tmp_path / "file"), *by_file]) == 0
    assert main(["apply", str(png), "--out", str(tmp_path / "numbers"), *GAUSSIAN]) == 0
    assert (tmp_path / "file/clean.png").read_bytes() == (tmp_path / "numbers/clean.png").read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("width: 64", "expected a ROS camera_info"),
        ("just words", "holds no camera"),
        ("{unclosed", "not readable as YAML or JSON"),
        ("{width: 64, height: 48, k: [1, 2]}", "K has 2 values: expected 9"),
        ("{width: 64, height: 48, k: [a, b]}", "could not convert"),
        ("{width: 320, height: 240, k: [60, 0, 160, 0, 60, 120, 0, 0, 1]}", "of 320x240 px: give those of"),
        ("{width: 64, height: 48, k: [0, 0, 0, 0, 0, 0, 0, 0, 0]}", "positive focal lengths"),
    ],
)
def test_bad_camera_files_are_refused(png, tmp_path, capsys, text, message):
    (tmp_path / "info.yaml").write_text(text)
    camera = ["--camera-info", str(tmp_path / "info.yaml"), "--model", "gaussian"]
    assert message in refused([str(png), "--out", str(tmp_path / "out"), *camera], capsys)


@pytest.mark.parametrize(
    ("camera", "message"),
    [
        ([], "expected one of --intrinsics fx,fy,cx,cy, --camera-info FILE or --d435, but none was given"),
        (["--d435", *CAMERA], "but 2 were given"),
        (["--d435"], "has 64x48 px, but the intrinsics (--d435) are of 640x480 px"),
        (["--intrinsics", "60,60"], "intrinsics '60,60': expected fx,fy,cx,cy"),
        (["--intrinsics", "60,60,x,1"], "expected fx,fy,cx,cy"),
        (["--intrinsics", "60,60,320,240"], "lies outside the image of 64x48 px"),
        (["--intrinsics=-60,60,31,23"], "positive focal lengths"),
        (["--camera-info", "/nowhere.yaml"], "/nowhere.yaml: cannot be read"),
    ],
)
def test_missing_or_unfit_intrinsics_are_refused(png, tmp_path, capsys, camera, message):
    arguments = [str(png), "--out", str(tmp_path / "out"), "--model", "gaussian", *camera]
    assert message in refused(arguments, capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a.png", np.zeros(SHAPE, np.uint8), "an 8-bit PNG holds 256 depths at most"),
        ("a.png", np.zeros((*SHAPE, 3), np.uint8), "has 3 channels, a colour picture"),
        ("a.png", np.full(SHAPE, 3, np.uint16), "the largest is 3: this looks like metres cut to integers"),
        ("a.npy", np.full(SHAPE, 1500.0), "the median is 1500: this looks like millimetres"),
        ("a.npy", np.ones(SHAPE, np.int64), "has type int64: expected uint16 (millimetres) or floating"),
        ("a.npy", np.ones((2, *SHAPE), np.float32), "has shape (2, 48, 64): expected one depth image"),
        ("a.npy", np.ones((*SHAPE, 3), np.float32), "(a colour image?)"),
        ("a.npy", np.ones((0, 4), np.float32), "expected one depth image"),
        ("a.npy", np.array(["x"], dtype=object), "not a readable .npy file"),
    ],
)
def test_images_of_the_wrong_kind_are_refused(tmp_path, capsys, name, array, message):
    path = tmp_path / name
    write_png(path, array) if name.endswith("png") else np.save(path, array, allow_pickle=True)
    assert message in refused([str(path), "--out", str(tmp_path / "out"), *GAUSSIAN], capsys)


@pytest.mark.parametrize("name", ["a.png", "a.npy", "a.npz"])
def test_damaged_files_are_refused(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b"not an image")
    assert "not a readable" in refused(
        [str(tmp_path / name), "--out", str(tmp_path / "o"), *GAUSSIAN], capsys
    )


def test_an_archive_without_one_depth_array_is_refused(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", left=plane(), right=plane())
    error = refused([str(tmp_path / "a.npz"), "--out", str(tmp_path / "o"), *GAUSSIAN], capsys)
    assert "holds left, right: expected an array called 'depth'" in error


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--model", "magic"], "model 'magic': expected one of reald2iff, gaussian"),
        (["--weights", "/nowhere", "--model", "reald2iff"], "/nowhere"),
        (["--seed=-1"], "seed = -1"),
        (["--steps", "2", "2"], "--steps is for the model reald2iff"),
        (["--resume", "--overwrite"], "expected one of them"),
        (["--out", "real.npy"], "has suffix .npy: expected .png"),
    ],
)
def test_bad_options_are_refused(png, tmp_path, capsys, change, message):
    out = [] if "--out" in change else ["--out", str(tmp_path / "out")]
    assert message in refused([str(png), *out, *GAUSSIAN, *change], capsys)


def test_what_is_not_there_is_refused(tmp_path, png, capsys):
    out = ["--out", str(tmp_path / "out"), *GAUSSIAN]
    assert "no such file or folder" in refused(["/nowhere.png", *out], capsys)
    (tmp_path / "empty").mkdir()
    assert "no .png, .npy or .npz files" in refused([str(tmp_path / "empty"), *out], capsys)
    (tmp_path / "a.txt").write_text("x")
    assert "expected a .png, .npy or .npz file" in refused([str(tmp_path / "a.txt"), *out], capsys)
    arguments = [str(tmp_path / "empty"), "--out", str(png), *GAUSSIAN]
    assert "is a file: expected a folder" in refused(arguments, capsys)


def test_the_command_prints_an_error_without_a_traceback(png, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "reald2iff.cli", "apply", str(png), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("reald2iff apply: error: expected one of --intrinsics")
    assert done.stdout == ""
