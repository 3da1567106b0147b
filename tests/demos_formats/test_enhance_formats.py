"""Realistic depth in LeRobot data sets, replay buffers and folders of images."""

import json
import shutil
import subprocess
from dataclasses import replace

import cv2
import h5py
import numpy as np
import pytest
from planar_demos import HEIGHT, INTRINSICS, WIDTH, planar_depth, write_robomimic

from reald2iff.demos.convert.command import ConvertConfig, convert
from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats import open_depth_data


@pytest.fixture(scope="module")
def hdf5(tmp_path_factory):
    return write_robomimic(tmp_path_factory.mktemp("formats") / "demos.hdf5", next_obs=False)


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Processes are what test_enhance_hdf5.py is about; here they would only cost time."""

    def run(function, items, *_, **__):
        return ((item, function(item)) for item in items)

    monkeypatch.setattr("reald2iff.demos.enhance.command.run_jobs", run)


def before_and_after(source, out):
    enhance(EnhanceConfig(source, out, model="kinect", keep_clean=True))
    return files_of(source), files_of(out)


def test_a_lerobot_data_set_gets_noisy_depth_masks_and_statistics(hdf5, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    from reald2iff.demos.formats.lerobot_columns import column_array, decode_image

    convert(ConvertConfig(hdf5, tmp_path / "clean", "lerobot"))
    before_and_after(tmp_path / "clean", tmp_path / "noisy")
    data = "data/chunk-000/file-000.parquet"
    before, after = pq.read_table(tmp_path / "clean" / data), pq.read_table(tmp_path / "noisy" / data)
    depth, mask = "observation.images.agentview_depth", "validity.agentview_depth"
    assert set(after.column_names) - set(before.column_names) == {f"{depth}_clean"}
    for name in set(before.column_names) - {depth, mask}:
        assert after.column(name).equals(before.column(name))
    assert after.column(f"{depth}_clean").equals(before.column(depth))
    noisy = np.stack([decode_image(row["bytes"])[0] for row in after.column(depth).to_pylist()])
    assert (noisy == 0).any() and np.array_equal(column_array(after.column(mask), (HEIGHT, WIDTH)), noisy > 0)
    stats = json.loads((tmp_path / "noisy/meta/stats.json").read_text())
    assert stats[depth]["min"] == [[[0.0]]] and stats[f"{depth}_clean"]["min"][0][0][0] > 0.5
    extra = json.loads((tmp_path / "noisy/meta/reald2iff.json").read_text())
    assert len(set(extra["enhanced_seeds"].values())) == 3


@pytest.fixture
def with_videos(hdf5, tmp_path):
    """The LeRobot data set with its pictures in videos, depth as LeRobot quantises it, holes as code 0."""
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed").get_ffmpeg_exe()
    root = tmp_path / "videos"
    convert(ConvertConfig(hdf5, root, "lerobot"))
    info = json.loads((root / "meta/info.json").read_text())
    depth = np.concatenate([planar_depth(7, 0.05 * k)[:6] for k in range(3)])
    codes = np.rint(4095 * (np.log(depth + 3.5) - np.log(3.51)) / (np.log(13.5) - np.log(3.51)))
    codes[:, :5, :6] = 0
    colour = np.full((18, HEIGHT, WIDTH, 3), 8 * np.arange(18, dtype=np.uint8)[:, None, None, None])
    pictures = {
        "observation.images.agentview_depth": (codes.astype("<u2"), "gray12le", ["-c:v", "libx265"]),
        "observation.images.agentview_image": (colour, "rgb24", ["-c:v", "libx264rgb", "-qp", "0"]),
    }
    episodes = root / "meta/episodes/chunk-000/file-000.parquet"
    table = pq.read_table(episodes)
    for key, (frames, pixels, codec) in pictures.items():
        path = root / "videos" / key / "chunk-000/file-000.mp4"
        path.parent.mkdir(parents=True)
        source = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{WIDTH}x{HEIGHT}", "-r", "20", "-i", "-"]
        lossless = ["-x265-params", "lossless=1:log-level=none"] if "depth" in key else []
        command = [ffmpeg, "-v", "error", *source, *codec, *lossless, "-threads", "1", str(path)]
        subprocess.run(command, input=frames.tobytes(), check=True)
        about = {
            "video.pix_fmt": pixels,
            "video.depth_min": 0.01,
            "video.depth_max": 10.0,
            "video.shift": 3.5,
        }
        depth_info = {"is_depth_map": True, "video.use_log": True} if "depth" in key else {}
        info["features"][key] |= {"dtype": "video", "info": about | depth_info}
        for name, values in (
            ("chunk_index", [0] * 3),
            ("file_index", [0] * 3),
            ("from_timestamp", [0, 0.3, 0.6]),
        ):
            table = table.append_column(f"videos/{key}/{name}", [values])
    pq.write_table(table, episodes)
    data = root / "data/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(data).drop_columns(list(pictures)), data)
    info["video_path"] = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    (root / "meta/info.json").write_text(json.dumps(info))
    return root, depth


def test_depth_from_videos_becomes_images_that_can_say_invalid(with_videos, tmp_path):
    root, depth = with_videos
    camera = ("agentview_depth=40,40,23.5,17.5",)
    config = EnhanceConfig(root, tmp_path / "noisy", model="gaussian", keep_clean=True, intrinsics=camera)
    enhance(config)
    (stream,) = open_depth_data(root).streams(())
    data = open_depth_data(tmp_path / "noisy")
    (again,) = data.streams(())
    assert again.source == stream.source + "_clean"
    (clean,) = data.frames(data.episodes()[1], again, [4])
    noisy_stream = replace(again, source=again.target)
    (noisy,) = data.frames(data.episodes()[1], noisy_stream, [4])
    assert (clean[:5, :6] == 0).all() and (noisy[:5, :6] == 0).all()
    seen = clean > 0
    assert np.abs(clean - depth[10])[seen].max() < 0.002
    assert 0 < np.abs(noisy - clean)[seen].mean() < 0.05
    videos = {path.parent.parent.name for path in (tmp_path / "noisy/videos").rglob("*.mp4")}
    assert videos == {"observation.images.agentview_image", "observation.images.agentview_depth_clean"}


def test_videos_are_decoded_into_hdf5(with_videos, tmp_path):
    root, depth = with_videos
    convert(ConvertConfig(root, tmp_path / "out.hdf5", "hdf5"))
    with h5py.File(tmp_path / "out.hdf5") as file:
        demo = file["data/demo_2"]
        assert demo["obs/agentview_image"][:, 0, 0, 0].tolist() == [8 * k for k in range(12, 18)]
        difference = demo["obs/agentview_depth"][..., 0] - depth[12:]
        assert np.abs(difference[:, 5:]).max() < 0.002 and (demo["obs/agentview_depth"][:, :5, :6] == 0).all()


def test_a_replay_buffer_changes_in_its_depth_alone(hdf5, tmp_path):
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    convert(ConvertConfig(hdf5, tmp_path / "clean", "zarr"))
    before, after = before_and_after(tmp_path / "clean", tmp_path / "noisy")
    depth = "data/agentview_depth/"
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if name.startswith(depth) and "/." not in name} | {".zattrs"}
    assert all(n.startswith("data/agentview_depth_clean/") for n in set(after) - set(before))
    root = zarr.open(str(tmp_path / "noisy"), mode="r")
    assert root["data/agentview_depth"].shape == (18, HEIGHT, WIDTH, 1)
    assert np.array_equal(root["data/agentview_depth_clean"][6:12, ..., 0], planar_depth(6, 0.05))
    assert root.attrs["enhanced_depth"]["model"]["name"] == "kinect"


@pytest.fixture
def frames(tmp_path):
    root = tmp_path / "clean"
    for episode, phase in (("a", 0.0), ("b", 0.1)):
        (root / episode / "depth").mkdir(parents=True)
        (root / episode / "rgb").mkdir()
        for index, depth in enumerate(planar_depth(3, phase)):
            cv2.imwrite(str(root / episode / f"depth/{index}.png"), np.rint(depth * 1000).astype(np.uint16))
            cv2.imwrite(str(root / episode / f"rgb/{index}.png"), np.zeros((4, 4, 3), np.uint8))
    camera = {"width": WIDTH, "height": HEIGHT, "k": np.ravel(INTRINSICS).tolist()}
    (root / "camera_info.json").write_text(json.dumps(camera))
    return root


def test_a_folder_of_frames_keeps_its_layout_and_its_other_files(frames, tmp_path):
    before, after = before_and_after(frames, tmp_path / "noisy")
    depth = {f"{e}/depth/{i}.png" for e in "ab" for i in range(3)}
    clean = {name.replace("/depth/", "/depth_clean/"): before[name] for name in depth}
    assert set(after) - set(before) == {*clean, "enhanced_depth.json"}
    assert {name for name in before if before[name] != after[name]} == depth
    assert {name: after[name] for name in clean} == clean
    image = cv2.imread(str(tmp_path / "noisy/a/depth/1.png"), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint16 and image.shape == (HEIGHT, WIDTH)


def test_a_clean_folder_is_what_the_other_one_is_made_from(frames):
    shutil.copytree(frames / "a/depth", frames / "a/depth_clean")
    shutil.copyfile(frames / "b/depth/0.png", frames / "a/depth/2.png")
    data = open_depth_data(frames)
    episodes = data.episodes()
    assert [(e.name, e.steps) for e in episodes] == [("a/depth", 3), ("b/depth", 3)]
    (stream,) = data.streams(())
    millimetres = np.rint(planar_depth(3)[2] * 1000).astype(np.uint16)
    assert np.array_equal(data.frames(episodes[0], stream, [2])[0], millimetres)
