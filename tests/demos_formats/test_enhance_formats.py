"""Realistic depth in LeRobot data sets, replay buffers and folders of images."""

import json
import shutil

import cv2
import numpy as np
import pytest
from planar_demos import HEIGHT, INTRINSICS, WIDTH, planar_depth, write_robomimic

from reald2iff.demos.convert.command import ConvertConfig, convert
from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats import open_depth_data
from reald2iff.errors import DatasetError


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


def test_depth_in_videos_is_refused_with_a_reason(hdf5, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    convert(ConvertConfig(hdf5, tmp_path / "clean", "lerobot"))
    path = tmp_path / "clean/meta/info.json"
    info = json.loads(path.read_text())
    info["features"]["observation.images.agentview_depth"]["dtype"] = "video"
    path.write_text(json.dumps(info))
    with pytest.raises(DatasetError, match="no code for invalid depth"):
        enhance(EnhanceConfig(tmp_path / "clean", tmp_path / "noisy", model="gaussian"))


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
