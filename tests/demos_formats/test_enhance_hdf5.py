"""Realistic depth in HDF5 demonstrations: what changes, and what does not."""

import json

import h5py
import numpy as np
import pytest
from planar_demos import planar_depth, write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats.base import to_metres
from reald2iff.errors import DatasetError, InvalidIntrinsicsError
from reald2iff.jobs import JobsConfig

ONE, TWO = JobsConfig(workers=1), JobsConfig(workers=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("enhance")


@pytest.fixture(scope="module")
def clean(folder):
    return write_robomimic(folder / "clean.hdf5")


@pytest.fixture(scope="module")
def noisy(folder, clean):
    out = folder / "noisy.hdf5"
    assert enhance(EnhanceConfig(clean, out, model="gaussian", keep_clean=True, jobs=TWO)) == 0
    return out


def contents(path):
    """Every data set and attribute: values, types, chunks, filters and stored bytes."""
    found = {}

    def visit(name, node):
        for key in node.attrs:
            attribute = h5py.h5a.open(node.id, key.encode())
            found[f"{name}@{key}"] = (node.attrs[key], attribute.get_type().encode())
        if isinstance(node, h5py.Dataset):
            stored = [node.id.read_direct_chunk(c.chunk_offset)[1] for c in chunks(node)]
            layout = (node.dtype, node.shape, node.maxshape, node.chunks, node.compression, node.shuffle)
            found[name] = (layout, stored or node[()].tobytes())

    with h5py.File(path) as file:
        visit("", file)
        file.visititems(visit)
    return found


def chunks(dataset):
    if dataset.chunks is None:
        return []
    return [dataset.id.get_chunk_info(index) for index in range(dataset.id.get_num_chunks())]


def test_depth_is_noisy_and_nothing_else_differs(clean, noisy):
    before, after = contents(clean), contents(noisy)
    depth = {f"data/demo_{k}/{group}/agentview_depth" for k in range(3) for group in ("obs", "next_obs")}
    new = {key for key in after if key.rsplit("@", 1)[0].endswith(("depth_clean",))}
    new |= {"data@enhanced_depth", *(f"data/demo_{k}@noise_model" for k in range(3))}
    assert set(after) - set(before) == new
    assert {key for key in before if repr(before[key]) != repr(after[key])} == depth
    assert all(before[key][0] == after[key][0] for key in depth)  # type, shape, chunks, filters


def test_clean_depth_is_kept_under_its_suffix_when_asked(clean, noisy):
    with h5py.File(noisy) as file:
        assert np.array_equal(file["data/demo_1/obs/agentview_depth_clean"][..., 0], planar_depth(6, 0.05))
        error = (
            file["data/demo_1/obs/agentview_depth"][()] - file["data/demo_1/obs/agentview_depth_clean"][()]
        )
    assert 1e-4 < np.abs(error).mean() < 0.1


def test_next_obs_is_the_same_noisy_frame_as_obs_one_step_later(noisy):
    with h5py.File(noisy) as file:
        demo = file["data/demo_2"]
        now, later = demo["obs/agentview_depth"][()], demo["next_obs/agentview_depth"][()]
    assert np.array_equal(later[:-1], now[1:])
    assert not np.array_equal(later[-1], later[-2])


def test_one_worker_gives_the_same_bytes_as_two(folder, clean, noisy):
    other = folder / "other.hdf5"
    enhance(EnhanceConfig(clean, other, model="gaussian", keep_clean=True, jobs=ONE))
    assert other.read_bytes() == noisy.read_bytes()
    assert not other.with_name("other.hdf5.parts").exists()


def test_seeds_and_the_model_are_in_the_file(noisy):
    with h5py.File(noisy) as file:
        record = json.loads(file["data"].attrs["enhanced_depth"])
        seeds = [json.loads(file[f"data/demo_{k}"].attrs["noise_model"])["seed"] for k in range(3)]
    assert record["seed"] == 0 and record["model"]["name"] == "gaussian"
    assert "dropout" in record["model"]["parameters"]
    assert len(set(seeds)) == 3


def test_robomimic_reads_the_result(noisy):
    dataset = pytest.importorskip("robomimic.utils.dataset", reason="robomimic is not installed")
    import robomimic.utils.obs_utils as obs_utils

    keys = {"rgb": ["agentview_image"], "depth": ["agentview_depth"], "low_dim": ["robot0_eef_pos"]}
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": keys})
    sequences = dataset.SequenceDataset(
        hdf5_path=str(noisy),
        obs_keys=[key for names in keys.values() for key in names],
        dataset_keys=("actions", "rewards", "dones"),
        frame_stack=1,
        seq_length=2,
        pad_seq_length=True,
        hdf5_cache_mode=None,
        hdf5_use_swmr=True,
        load_next_obs=True,
        filter_by_attribute="train",
    )
    assert len(sequences) == 18
    with h5py.File(noisy) as file:
        expected = file["data/demo_1/obs/agentview_depth"][2]
    assert np.array_equal(sequences[8]["obs"]["agentview_depth"][0], expected)


def test_a_result_that_is_there_is_not_replaced_unasked(clean, noisy):
    with pytest.raises(DatasetError, match="--overwrite"):
        enhance(EnhanceConfig(clean, noisy, model="gaussian"))


def test_a_camera_that_is_not_known_must_be_given(tmp_path):
    path = write_robomimic(tmp_path / "clean.hdf5", episodes=1, camera_info=False)
    with pytest.raises(InvalidIntrinsicsError, match=r"--intrinsics agentview_depth=fx,fy,cx,cy"):
        enhance(EnhanceConfig(path, tmp_path / "out.hdf5", model="gaussian"))
    assert not (tmp_path / "out.hdf5.parts").exists()


def test_a_dry_run_says_what_would_happen_and_writes_nothing(clean, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    enhance(EnhanceConfig(clean, tmp_path / "out.hdf5", model="gaussian", dry_run=True))
    lines = capsys.readouterr().out
    assert "obs/agentview_depth" in lines and "replaced" in lines and "18 frames by gaussian" in lines
    assert list(tmp_path.iterdir()) == []


def test_stored_depth_that_is_no_distance_counts_as_invalid():
    stored = np.array([[np.nan, np.inf, -1, 0, 2.5]], np.float32)
    assert to_metres(stored).tolist() == [[0, 0, 0, 0, 2.5]]
    assert to_metres(np.array([[0, 1500]], np.uint16)) == pytest.approx(np.array([[0, 1.5]]))


def test_small_images_get_the_noise_of_the_sensors_resolution_unless_told_otherwise(clean, noisy, folder):
    out = folder / "image_resolution.hdf5"
    config = EnhanceConfig(clean, out, model="gaussian", keep_clean=True, resolution="image", jobs=ONE)
    assert enhance(config) == 0
    spread = {}
    for path in (noisy, out):
        with h5py.File(path) as file:
            obs = file["data/demo_0/obs"]
            depth, before = obs["agentview_depth"][()], obs["agentview_depth_clean"][()]
            spread[path] = np.median(np.abs(depth - before)[depth > 0])
            record = json.loads(file["data"].attrs["enhanced_depth"])
        assert ("sensor_focal" in record["model"]) == (path == noisy)
    # A focal length of 40 px against 382.6: pixels ten times as large.
    assert 5 < spread[out] / spread[noisy] < 20
