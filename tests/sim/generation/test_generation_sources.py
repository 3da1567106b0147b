"""Sources: cut at their signals, read in either spelling."""

import dataclasses

import h5py
import numpy as np
import pytest

from reald2iff.demos import DatagenInfo
from reald2iff.demos.datagen import read_datagen_info, write_datagen_info
from reald2iff.errors import DatasetError
from reald2iff_sim.generation.sources import make_source, read_sources
from reald2iff_sim.generation.spec import SubtaskSpec, subtask_specs
from reald2iff_sim.tasks.stack_cube import StackCube

LENGTH = 40
TASK = StackCube()
SPECS = (SubtaskSpec(offset=(3, 6)), SubtaskSpec())


def make_info(signal=None, seed=0):
    rng = np.random.default_rng(seed)

    def poses():
        made = np.tile(np.eye(4), (LENGTH, 1, 1))
        made[:, :3, 3] = rng.normal(size=(LENGTH, 3))
        return made

    if signal is None:
        signal = np.arange(LENGTH) >= 20
    return DatagenInfo(
        poses(),
        poses(),
        rng.uniform(-1, 1, (LENGTH, 1)),
        {"red_cube": poses(), "green_cube": poses()},
        {"grasp": np.asarray(signal, dtype=np.int64)},
    )


def test_a_subtask_ends_with_the_first_rise_of_its_signal():
    signal = np.isin(np.arange(LENGTH), [12, 13, 25, 26])
    assert make_source("demo_0", make_info(signal), TASK, SPECS).ends == (12,)


def test_a_signal_that_is_up_from_the_start_rises_when_it_comes_back():
    signal = ~np.isin(np.arange(LENGTH), range(5, 15))
    assert make_source("demo_0", make_info(signal), TASK, SPECS).ends == (15,)


def test_segments_are_contiguous_and_cut_within_the_offsets():
    info = make_info()
    source = make_source("demo_0", info, TASK, SPECS)
    cuts = {source.boundaries(SPECS, np.random.default_rng(seed)) for seed in range(30)}
    assert {cut[1] for cut in cuts} == {23, 24, 25, 26}
    cut = (0, 24, LENGTH)
    first, second = (source.segment(cut, i, s.object_ref) for i, s in enumerate(TASK.subtasks))
    assert np.array_equal(np.concatenate([first.targets, second.targets]), info.target_pose)
    assert np.array_equal(second.object_pose, info.object_poses["green_cube"][24])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: dataclasses.replace(i, object_poses={}), "needs poses of green_cube, red_cube"),
        (lambda i: dataclasses.replace(i, subtask_term_signals={}), "has no signal 'grasp'"),
        (lambda i: make_info(np.zeros(LENGTH)), "never rises"),
        (lambda i: make_info(np.arange(LENGTH) >= 36), "leave nothing for 'stack it'"),
    ],
)
def test_what_is_missing_is_said(change, message):
    with pytest.raises(DatasetError, match=message):
        make_source("demo_0", change(make_info()), TASK, SPECS)


@pytest.mark.parametrize("spelling", ["mimicgen", "isaaclab"])
def test_both_spellings_read_back_as_they_were_written(tmp_path, spelling):
    info = make_info()
    with h5py.File(tmp_path / "demo.hdf5", "w") as file:
        demo = file.create_group("data/demo_0")
        demo["actions"] = np.hstack([np.zeros((LENGTH, 6)), info.gripper_action])
        write_datagen_info(demo, info, "stack_cube", spelling)
        back = read_datagen_info(demo)
    for name in ("eef_pose", "target_pose", "gripper_action"):
        assert np.array_equal(getattr(back, name), getattr(info, name))
    for name in ("object_poses", "subtask_term_signals"):
        assert getattr(back, name).keys() == getattr(info, name).keys()
        assert all(np.array_equal(getattr(back, name)[k], v) for k, v in getattr(info, name).items())


def test_isaac_lab_files_with_named_hands_and_column_signals_are_sources(tmp_path):
    """As Isaac Lab's recorder lays them out: a group for each hand, booleans (N, 1), failed ones marked."""
    info = make_info()
    with h5py.File(tmp_path / "isaac.hdf5", "w") as file:
        for name, success in (("demo_0", False), ("demo_1", True)):
            demo = file.create_group(f"data/{name}")
            demo.attrs["success"] = success
            demo["actions"] = np.hstack([np.zeros((LENGTH, 6)), info.gripper_action])
            group = demo.create_group("obs/datagen_info")
            group["eef_pose/franka"] = info.eef_pose
            group["target_eef_pose/franka"] = info.target_pose
            for cube, poses in info.object_poses.items():
                group[f"object_pose/{cube}"] = poses
            group["subtask_term_signals/grasp"] = info.subtask_term_signals["grasp"].astype(bool)[:, None]
    (source,) = read_sources(tmp_path / "isaac.hdf5", TASK, SPECS, 10)
    assert source.name == "demo_1" and source.ends == (20,)
    assert np.array_equal(source.info.target_pose, info.target_pose)


def test_two_hands_are_refused(tmp_path):
    with h5py.File(tmp_path / "isaac.hdf5", "w") as file:
        demo = file.create_group("data/demo_0")
        demo["actions"] = np.zeros((LENGTH, 14))
        for hand in ("left", "right"):
            demo[f"obs/datagen_info/eef_pose/{hand}"] = make_info().eef_pose
        with pytest.raises(DatasetError, match="expected one hand"):
            read_datagen_info(demo)


def test_the_expert_s_sources_are_cut_at_the_grasp(simulator, sources_file):
    task = simulator.task
    sources = read_sources(sources_file, task, subtask_specs(task), 10)
    assert len(sources) == 2
    for source in sources:
        gripper = source.info.gripper_action[:, 0]
        assert gripper[source.ends[0] - 1] < 0 < gripper[0]
