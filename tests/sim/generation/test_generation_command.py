"""`reald2iff demos generate`, from end to end."""

import json

import h5py
import numpy as np
import pytest

from reald2iff.errors import DatasetError
from reald2iff.jobs import JobsConfig
from reald2iff_sim.generation.command import GenerateConfig, generate
from reald2iff_sim.generation.work import read_report

pytestmark = pytest.mark.timeout(300)  # workers are new processes: they load slowly on a busy machine

DEMOS = 3


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, simulator, sources_file):
    """Made in this process, one trial after another."""
    patch = pytest.MonkeyPatch()

    def run(function, items, *_, **__):
        for item in items:
            yield item, function(item)

    patch.setattr("reald2iff_sim.generation.command.run_jobs", run)
    patch.setattr("reald2iff_sim.generation.work.make_simulator", lambda backend, task: simulator)
    path = tmp_path_factory.mktemp("undisturbed") / "demos.hdf5"
    assert generate(GenerateConfig("pick_cube", path, demos=DEMOS, source=sources_file)) == 0
    patch.undo()
    return path


def test_a_run_that_was_stopped_goes_on_in_two_workers_to_the_same_bytes(
    tmp_path, simulator, sources_file, undisturbed
):
    config = GenerateConfig(
        "pick_cube", tmp_path / "demos.hdf5", demos=DEMOS, source=sources_file, jobs=JobsConfig(workers=2)
    )

    class StoppedError(Exception):
        pass

    def stop(function, items, *_, **__):
        """Two workers: trials 1, 2 and 3 are done when it is killed, 0 is not."""
        assert next(items) == 0
        for _ in range(DEMOS):
            trial = next(items)
            yield trial, function(trial)
        raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reald2iff_sim.generation.command.run_jobs", stop)
        patch.setattr("reald2iff_sim.generation.work.make_simulator", lambda backend, task: simulator)
        with pytest.raises(StoppedError):
            generate(config)
    part = tmp_path / "demos.hdf5.parts" / "trial_000001.hdf5"
    assert part.exists() and not config.out.exists()
    assert generate(config) == 0
    assert config.out.read_bytes() == undisturbed.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demos.hdf5", "demos.hdf5.report.json"]


def test_a_part_that_is_none_is_named(tmp_path):
    path = tmp_path / "trial_000000.hdf5"
    path.write_bytes(b"rubbish")
    with pytest.raises(DatasetError, match="is not a part"):
        read_report(path)


def test_the_file_says_how_it_was_made(undisturbed):
    with h5py.File(undisturbed) as file:
        data = file["data"]
        assert list(data) == ["demo_0", "demo_1", "demo_2"]
        assert data.attrs["total"] == sum(data[name].attrs["num_samples"] for name in data)
        env = json.loads(data.attrs["env_args"])
        assert env["env_name"] == "pick_cube" and env["env_kwargs"]["simulator"] == "mujoco"
        assert json.loads(data.attrs["generation"])["seed"] == 0
        seeds = [int(data[name].attrs["seed"]) for name in data]
        assert len(set(seeds)) == DEMOS
        for demo in data.values():
            length = demo.attrs["num_samples"]
            assert demo["src_demo_labels"].shape == (length, 1)
            assert demo["src_demo_inds"].shape == (2,)
            assert np.abs(demo["actions"][()]).max() <= 1
            assert demo.attrs["success"]
            assert all(values.ndim == 2 for values in demo["obs"].values())
    report = json.loads(undisturbed.with_name("demos.hdf5.report.json").read_text())
    assert report["success"] * report["trials"] == DEMOS
    assert [row["subtask"] for row in report["subtasks"]] == ["grasp the cube", "lift the cube"]


def test_robomimic_reads_every_step(undisturbed):
    dataset = pytest.importorskip("robomimic.utils.dataset", reason="robomimic is not installed")
    import robomimic.utils.obs_utils as obs_utils

    keys = ["eef_pos", "eef_quat", "gripper_width"]
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": keys}})
    for split, names in (
        (None, ["demo_0", "demo_1", "demo_2"]),
        ("train", ["demo_0", "demo_2"]),
        ("valid", ["demo_1"]),
    ):
        read = dataset.SequenceDataset(
            hdf5_path=str(undisturbed),
            obs_keys=keys,
            dataset_keys=("actions", "rewards", "dones"),
            frame_stack=1,
            seq_length=2,
            pad_seq_length=True,
            hdf5_cache_mode=None,
            hdf5_use_swmr=True,
            load_next_obs=False,
            filter_by_attribute=split,
        )
        assert read.demos == names
        assert read[len(read) - 1]["dones"][0] == 1


def test_generated_demonstrations_are_sound_for_this_project(undisturbed):
    from reald2iff.demos import read_episode

    episode = read_episode(undisturbed, "demo_0")
    assert episode.success and episode.rewards[-1] == 1
    assert episode.datagen_info.object_poses.keys() == {"cube"}
