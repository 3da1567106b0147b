"""HDF5 to LeRobot and back gives what was there; LeRobot data sets of others become HDF5."""

import json
import shutil

import h5py
import numpy as np
import pytest
from planar_demos import INTRINSICS, write_robomimic

from reald2iff.demos.convert.command import ConvertConfig, convert
from reald2iff.demos.formats import lerobot_layout as layout
from reald2iff.demos.formats.json_files import write_json
from reald2iff.demos.formats.lerobot_columns import column_array, decode_image
from reald2iff.errors import DatasetError

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow.parquet as pq


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = write_robomimic(tmp_path_factory.mktemp("convert") / "source.hdf5", next_obs=False)
    with h5py.File(path, "r+") as file:
        for demo in file["data"].values():
            demo["obs/agentview_depth"][1, :4, :5] = 0  # holes
            demo["obs/gripper"] = np.linspace(0, 1, 6)[:, None]
            demo["obs/mask"] = np.zeros((6, 8, 9, 1), np.uint8)
            demo["initial_state/cube"] = np.eye(4)
            demo.attrs["seed"] = 7
            demo["datagen_info/subtask_term_signals/grasp"] = np.arange(6) // 3
            demo["datagen_info"].attrs["env_interface_name"] = "MG_Lift"
    return path


@pytest.fixture(scope="module")
def lerobot(source):
    out = source.with_name("lerobot")
    assert convert(ConvertConfig(source, out, "lerobot", task="lift the cube")) == 0
    return out


def everything(path):
    found = {}
    with h5py.File(path) as file:

        def visit(name, node):
            found.update({f"{name}@{key}": value for key, value in node.attrs.items()})
            if isinstance(node, h5py.Dataset):
                found[name] = node[()]

        visit("", file)
        file.visititems(visit)
    return found


def test_a_round_trip_through_lerobot_returns_every_value_and_attribute(source, lerobot, tmp_path):
    convert(ConvertConfig(lerobot, tmp_path / "back.hdf5", "hdf5"))
    before, after = everything(source), everything(tmp_path / "back.hdf5")
    assert before.keys() == after.keys()
    for key, value in before.items():
        if key.endswith("@fixed"):  # fixed-length bytes come back as text
            assert value.decode() == after[key]
            continue
        assert np.asarray(value).dtype == np.asarray(after[key]).dtype, key
        assert np.array_equal(value, after[key]), key


def test_depth_is_lossless_with_a_mask_that_says_where_it_is_valid(source, lerobot):
    table = pq.read_table(lerobot / "data/chunk-000/file-000.parquet")
    frame, kind = decode_image(table.column("observation.images.agentview_depth")[7].as_py()["bytes"])
    with h5py.File(source) as file:
        expected = file["data/demo_1/obs/agentview_depth"][1, ..., 0]
    assert kind == "TIFF" and frame.dtype == np.float32 and np.array_equal(frame, expected)
    valid = column_array(table.column("validity.agentview_depth"), expected.shape)[7]
    assert np.array_equal(valid, expected > 0) and not valid.all()


def test_intrinsics_are_in_the_data_set_and_named_by_the_depth_feature(lerobot):
    about = json.loads((lerobot / layout.INFO).read_text())["features"]["observation.images.agentview_depth"]
    key = about["info"]["intrinsics_feature"]
    table = pq.read_table(lerobot / "data/chunk-000/file-000.parquet", columns=[key])
    assert np.array_equal(column_array(table.column(key), (3, 3))[0], INTRINSICS)
    assert about["info"]["is_depth_map"] and about["info"]["depth_unit"] == "m"


def test_the_tables_count_episodes_and_frames(lerobot):
    info = layout.read_info(lerobot)
    assert (info["total_episodes"], info["total_frames"], info["fps"]) == (3, 18, 20)
    episodes = pq.read_table(lerobot / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["dataset_from_index"] for row in episodes] == [0, 6, 12]
    assert episodes[0]["tasks"] == ["lift the cube"] == layout.read_tasks(lerobot)


def test_a_data_set_of_others_becomes_robomimics_layout(lerobot, source, tmp_path):
    foreign = tmp_path / "foreign"
    shutil.copytree(lerobot, foreign)
    (foreign / layout.EXTRA).unlink()
    info = layout.read_info(foreign)
    info["features"] = {k: v for k, v in info["features"].items() if not k.startswith("source.")}
    write_json(foreign / layout.INFO, info)
    convert(ConvertConfig(foreign, tmp_path / "out.hdf5", "hdf5"))
    with h5py.File(tmp_path / "out.hdf5") as file, h5py.File(source) as original:
        demo, expected = file["data/demo_2"], original["data/demo_2"]
        assert set(demo["obs"]) == {"agentview_depth", "agentview_image", "state"}
        assert np.array_equal(demo["obs/agentview_image"], expected["obs/agentview_image"])
        assert np.array_equal(demo["actions"], expected["actions"][()].astype(np.float32))
        assert demo["dones"][-1] and json.loads(file["data"].attrs["env_args"])["type"] == 2
        camera = json.loads(demo.attrs["camera_info"])["agentview"]
        assert camera["intrinsics"] == INTRINSICS


def test_a_result_that_is_there_is_kept(source, lerobot):
    with pytest.raises(DatasetError, match="--overwrite"):
        convert(ConvertConfig(source, lerobot, "lerobot"))


def test_an_input_of_another_format_is_named(source, tmp_path):
    with pytest.raises(DatasetError, match="no LeRobot data set"):
        convert(ConvertConfig(source, tmp_path / "out.hdf5", "hdf5"))
    assert list(tmp_path.iterdir()) == []


def test_zarr_is_the_replay_buffer_that_diffusion_policy_reads(source, tmp_path):
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    convert(ConvertConfig(source, tmp_path / "replay.zarr", "zarr"))
    root = zarr.open(str(tmp_path / "replay.zarr"), mode="r")
    assert root["meta/episode_ends"][:].tolist() == [6, 12, 18]
    assert all(array.shape[0] == 18 for array in root["data"].values())
    with h5py.File(source) as file:
        demo = file["data/demo_1"]
        assert np.array_equal(root["data/agentview_depth"][6:12], demo["obs/agentview_depth"])
        assert np.array_equal(root["data/agentview_image"][6:12], demo["obs/agentview_image"])
        assert np.array_equal(root["data/action"][6:12], demo["actions"][()].astype(np.float32))
    assert np.array_equal(root["meta/agentview_intrinsics"][0], INTRINSICS)
