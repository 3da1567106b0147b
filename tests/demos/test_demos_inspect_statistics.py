import dataclasses
import io

import h5py
import numpy as np
import pytest
from make_episodes import make_episode
from make_two_cameras import save, two_cameras, view_of
from rich.console import Console

from reald2iff.demos.inspect import CameraView, file_statistics
from reald2iff.demos.inspect.tables import print_statistics
from reald2iff.demos.verify import check_file


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("inspect") / "demos.hdf5"
    return save(path, two_cameras(0), two_cameras(1, length=9, success=False))


@pytest.fixture(scope="module")
def figures(path):
    return file_statistics(path, check_file(path))


def test_every_camera_is_found_with_what_its_keys_show(path):
    with_both, alone = view_of(path).cameras
    assert with_both == CameraView("front", "front_image", "front_depth_clean", "front_depth")
    assert alone == CameraView("wrist", realistic="wrist_depth")


def test_a_single_depth_of_no_noise_model_is_clean(tmp_path):
    view = view_of(save(tmp_path / "a.hdf5", two_cameras(noise_model=None)))
    assert view.cameras[1] == CameraView("wrist", clean="wrist_depth")


def test_lengths_rate_success_and_seed_are_those_recorded(figures):
    first, second = figures.episodes
    assert (first.steps, second.steps) == (5, 9)
    assert first.seconds == pytest.approx(0.2) and second.seconds == pytest.approx(0.4)
    assert first.frame_rate == pytest.approx(20)
    assert (first.success, second.success) == (True, False)
    assert (first.seed, second.seed) == (0, 1)
    assert figures.env_name == "pick_cube" and figures.splits == {"train": 1, "valid": 1}


def test_action_ranges_are_by_dimension(figures):
    actions = two_cameras(1, length=9).actions
    assert np.array_equal(figures.episodes[1].action_min, actions.min(0))
    assert np.array_equal(figures.episodes[1].action_max, actions.max(0))


def test_holes_are_counted_in_every_depth_stream(figures):
    holes = figures.episodes[1].holes
    assert set(holes) == {"front_depth", "front_depth_clean", "wrist_depth"}
    assert holes["front_depth"].tolist() == [0.25] * 9
    assert holes["front_depth_clean"].tolist() == [0.0] * 9


def test_sizes_are_those_on_disk(path, figures):
    assert figures.file_bytes == path.stat().st_size
    low_dim = [data.nbytes for data in two_cameras().obs.values() if data.ndim == 2]
    assert sum(low_dim) < figures.episodes[0].stored_bytes < figures.file_bytes / 2


def test_a_file_without_stamps_calibration_and_images_has_figures_of_the_rest(tmp_path):
    path = tmp_path / "robomimic.hdf5"
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_3")
        demo["actions"] = np.zeros((4, 6))
        demo.create_dataset("obs/robot0_eef_pos", data=np.ones((4, 3)))
        demo.attrs["num_samples"] = 4
    (episode,) = file_statistics(path, check_file(path)).episodes
    assert (episode.name, episode.steps, episode.seconds, episode.success) == ("demo_3", 4, None, None)
    assert len(episode.action_max) == 6 and episode.holes == {}
    assert view_of(path, "demo_3").eef_path.tolist() == [[1, 1, 1]] * 4


def test_depth_in_millimetres_is_read_as_metres(tmp_path):
    path = tmp_path / "millimetres.hdf5"
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo.create_dataset("obs/front_depth", data=np.full((2, 3, 4), 1500, np.uint16))
        demo.attrs["num_samples"] = 2
    view = view_of(path)
    assert np.allclose(view.depth("front_depth", 1), np.full((3, 4), 1.5))


def test_single_episodes_can_be_chosen(path):
    figures = file_statistics(path, check_file(path, ["demo_1"]))
    assert [episode.name for episode in figures.episodes] == ["demo_1"]


def test_the_tables_show_the_figures(figures):
    console = Console(width=140, record=True, file=io.StringIO())
    print_statistics(console, figures, rows=1)
    text = console.export_text()
    for expected in ("pick_cube", "1 of 2 successful", "14 steps", "7 (5 to 9)", "20 Hz", "holes 25.00 %"):
        assert expected in text
    assert "demo_0" in text and "demo_1" not in text and "1 more" in text


def test_actions_of_different_sizes_are_said(tmp_path, figures):
    other = dataclasses.replace(
        figures, episodes=(figures.episodes[0], dataclasses.replace(
            figures.episodes[1], action_min=np.zeros(3), action_max=np.ones(3)))
    )  # fmt: skip
    console = Console(width=140, record=True, file=io.StringIO())
    print_statistics(console, other, rows=5)
    assert "differ in size: [3, 7]" in console.export_text()


def test_gripper_width_of_two_fingers_is_their_distance(tmp_path):
    path = tmp_path / "fingers.hdf5"
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo.create_dataset("obs/robot0_gripper_qpos", data=np.array([[0.02, -0.02], [0.01, -0.01]]))
        demo.attrs["num_samples"] = 2
    assert view_of(path).gripper_width.tolist() == [0.04, 0.02]


def test_subtasks_end_where_their_signal_first_rises(tmp_path):
    path = save(tmp_path / "a.hdf5", make_episode(length=6, images=False))
    assert view_of(path).subtask_ends == {"grasp": 4}


def test_isaac_labs_layout_is_read(tmp_path):
    path = tmp_path / "isaac.hdf5"
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo.attrs["num_samples"] = 3
        demo["actions"] = np.zeros((3, 7))
        demo["obs/table_cam_distance_to_image_plane"] = np.full((3, 24, 32), 1.25, np.float32)
        demo["obs/gripper_pos"] = np.full((3, 2), 0.03)
        poses = np.tile(np.eye(4), (3, 1, 1))
        poses[:, 0, 3] = (1, 2, 3)
        info = demo.create_group("obs/datagen_info")
        info["eef_pose"] = info["target_eef_pose"] = info["object_pose/cube"] = poses
        info["subtask_term_signals/grasp"] = np.array([[False], [True], [True]])
    view = view_of(path)
    assert view.eef_path[:, 0].tolist() == [1, 2, 3] and view.subtask_ends == {"grasp": 1}
    assert view.cameras == (CameraView("table_cam", clean="table_cam_distance_to_image_plane"),)
    assert view.depth("table_cam_distance_to_image_plane", 2).max() == 1.25
