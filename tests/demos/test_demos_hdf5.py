import json

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from make_episodes import ENV_ARGS, assert_equal, make_episode, names_in

from reald2iff.demos import DemoWriter, list_episodes, read_episode, verify
from reald2iff.demos.frames import append_frame, create_frames
from reald2iff.errors import DatasetError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "demos.hdf5"


def test_an_episode_comes_back_as_it_was_saved_before_and_after_consolidation(path):
    episodes = [make_episode(seed) for seed in range(3)]
    with DemoWriter(path, ENV_ARGS) as writer:
        assert [writer.save(e) for e in episodes] == ["demo_0", "demo_1", "demo_2"]
        for k, episode in enumerate(episodes):
            assert_equal(episode, read_episode(path, f"demo_{k}"))
        writer.finish()
    for k, episode in enumerate(episodes):
        assert_equal(episode, read_episode(path, f"demo_{k}"))
    assert names_in(path.parent) == ["demos.hdf5"]
    assert verify(path) == []


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([np.uint8, np.float32]).flatmap(
        lambda t: arrays(t, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.just(1)))
    )
)
def test_frames_compressed_outside_hdf5_are_read_by_its_own_filters(frames):
    with h5py.File("frames", "w", driver="core", backing_store=False) as file:
        data = create_frames(file, "x", frames[0])
        for frame in frames:
            append_frame(data, frame)
        assert data[()].tobytes() == frames.tobytes()


def test_images_may_come_step_by_step(path):
    episode = make_episode(images=True)
    images = {k: v for k, v in episode.obs.items() if v.ndim == 4}
    with DemoWriter(path, ENV_ARGS) as writer:
        running = writer.begin()
        for step in range(len(episode)):
            running.append({k: v[step] for k, v in images.items()})
        assert writer.commit(make_episode(images=False)) == "demo_0"
    assert_equal(episode, read_episode(path, "demo_0"))


def test_as_many_steps_of_images_as_of_the_rest_are_needed(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        running = writer.begin()
        running.append({"camera_image": np.zeros((4, 4, 3), np.uint8)})
        with pytest.raises(DatasetError, match="1 steps of images for 5 steps"):
            writer.commit(make_episode(images=False))
        with pytest.raises(DatasetError, match="step 1 has images"):
            running.append({"camera_depth": np.zeros((4, 4, 1), np.float32)})
        with pytest.raises(DatasetError, match="has shape"):
            running.append({"camera_image": np.zeros((4, 5, 3), np.uint8)})
        writer.discard()
        assert writer.save(make_episode()) == "demo_0"


def test_a_discarded_episode_leaves_nothing(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.begin().append({"camera_image": np.zeros((4, 4, 3), np.uint8)})
        writer.discard()
        writer.finish()
    assert names_in(path.parent) == ["demos.hdf5"]
    assert list_episodes(path) == []


def test_the_layout_is_robomimics(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        for seed in range(12):
            writer.save(make_episode(seed, images=False))
        writer.finish()
    with h5py.File(path) as file:
        assert file["data"].attrs["total"] == 60
        assert json.loads(file["data"].attrs["env_args"]) == ENV_ARGS
        demo = file["data/demo_3"]
        assert demo.attrs["num_samples"] == 5 and demo.attrs["seed"] == 3
        assert demo.attrs["quaternion_order"] == "xyzw"
        assert set(json.loads(demo.attrs["camera_info"])["camera"]) >= {"intrinsics", "extrinsics"}
        assert set(json.loads(demo.attrs["noise_model"])) == {"name", "version", "seed", "parameters"}
        assert demo["dones"][()].tolist() == [0, 0, 0, 0, 1]
        assert set(demo["datagen_info"]) == {
            "eef_pose",
            "target_pose",
            "gripper_action",
            "object_poses",
            "subtask_term_signals",
        }
        assert [n.decode() for n in file["mask/valid"]] == ["demo_1", "demo_11"]
        assert len(file["mask/train"]) == 10


def test_an_existing_file_is_continued_linked_or_consolidated(path):
    for round_ in range(3):
        with DemoWriter(path, ENV_ARGS) as writer:
            assert len(writer.names) == 2 * round_
            for k in range(2):
                assert writer.save(make_episode(2 * round_ + k)) == f"demo_{2 * round_ + k}"
            assert_equal(make_episode(0), read_episode(path, "demo_0"))
            if round_ != 1:
                writer.finish()
    assert [e.seed for e in list_episodes(path)] == list(range(6))
    assert names_in(path.parent) == ["demos.hdf5"]
    assert verify(path) == []


def test_the_folder_can_be_moved_while_it_holds_links(path, tmp_path_factory):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
    moved = path.parent.rename(tmp_path_factory.mktemp("elsewhere") / "out")
    assert_equal(make_episode(), read_episode(moved / "demos.hdf5", "demo_0"))


def test_two_writers_of_one_file_are_refused(path):
    with DemoWriter(path, ENV_ARGS), pytest.raises(DatasetError, match="being written by another"):
        DemoWriter(path, ENV_ARGS)
    DemoWriter(path, ENV_ARGS).close()


def test_a_file_of_another_environment_is_refused_and_kept(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
    with pytest.raises(DatasetError, match="holds another environment"):
        DemoWriter(path, {**ENV_ARGS, "env_name": "stack"})
    assert len(list_episodes(path)) == 1


def test_a_file_that_is_not_hdf5_is_refused(path):
    path.write_text("hello")
    with pytest.raises(DatasetError, match="not a readable HDF5 file"):
        DemoWriter(path, ENV_ARGS)
    assert names_in(path.parent) == ["demos.hdf5"]


def test_a_missing_episode_is_named_with_those_there(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
    with pytest.raises(DatasetError, match=r"no episode 'demo_7'.*it lists demo_0"):
        read_episode(path, "demo_7")


def test_images_need_not_be_read(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
    assert_equal(make_episode(images=False).obs.keys(), read_episode(path, "demo_0", images=False).obs.keys())


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: f["data/demo_0"].attrs.modify("num_samples", 4), "num_samples is 4: it holds 5 steps"),
        (lambda f: f["data/demo_0/obs/camera_depth"].resize(3, axis=0), "camera_depth holds 3 frames"),
        (lambda f: f["data/demo_0/actions"].write_direct(np.full((5, 7), 2.0)), "actions reach 2"),
        (lambda f: f["data/demo_0"].__delitem__("stamps"), "has no stamps"),
        (lambda f: f["data"].attrs.modify("total", 99), "total is 99: expected 5 steps"),
        (lambda f: f["data"].attrs.modify("env_args", "{}"), "lacks env_kwargs, env_name, type"),
        (lambda f: f["mask"].__setitem__("test", np.array([b"demo_9"])), "mask/test names demo_9"),
        (
            lambda f: f["data/demo_0/obs/camera_image"].id.write_direct_chunk((2, 0, 0, 0), b"rubbish"),
            "camera_image: frame 2 cannot be read",
        ),
    ],
)
def test_verify_says_what_is_broken(path, break_it, message):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
        writer.finish()
    with h5py.File(path, "r+") as file:
        break_it(file)
    assert any(message in problem for problem in verify(path)), verify(path)


def test_verify_names_a_link_to_a_lost_file(path):
    with DemoWriter(path, ENV_ARGS) as writer:
        writer.save(make_episode())
    (path.parent / "demos.episodes" / "demo_0.hdf5").unlink()
    assert any("demo_0 cannot be opened (linked to demos.episodes/demo_0.hdf5)" in p for p in verify(path))
    with pytest.raises(DatasetError, match="demo_0 cannot be"):
        list_episodes(path)
