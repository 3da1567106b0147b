import sys

import cv2
import numpy as np
import pytest
from make_two_cameras import DISTANCE, FARTHEST, HOLE_ROWS, SIZE, save, two_cameras, view_of

from reald2iff.demos.inspect.rerun_file import write_rerun
from reald2iff.demos.inspect.statistics import episode_statistics
from reald2iff.demos.verify.episode import check_episode

chunk = pytest.importorskip("rerun.chunk", reason="Rerun is not installed (extra rerun)")
LENGTH = 5


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rerun")
    view = view_of(save(folder / "demos.hdf5", two_cameras(length=LENGTH)))
    figures = episode_statistics(view, check_episode(view.group, view.name))
    return write_rerun(view, figures, folder / "demo_0.rrd", points=SIZE[0] * SIZE[1])


@pytest.fixture(scope="module")
def rows(path):
    """By entity and component, the values in the order of the steps."""
    found = {}
    for piece in chunk.RrdReader(path).stream():
        batch = piece.to_record_batch()
        steps = batch.column("step").to_pylist() if "step" in batch.schema.names else [-1] * batch.num_rows
        for name in batch.schema.names:
            if ":" in name:
                for step, value in zip(steps, batch.column(name).to_pylist(), strict=True):
                    if value is not None:
                        found.setdefault((str(piece.entity_path), name.split(":")[-1]), {})[step] = value
    return found


def test_the_recording_is_one_with_a_blueprint_and_no_temporary_file_left(path):
    reader = chunk.RrdReader(path)
    assert len(reader.recordings()) == 1 and len(reader.blueprints()) == 1
    assert [file.name for file in path.parent.glob("*.tmp")] == []


def test_clouds_are_the_depth_in_the_robot_frame(rows):
    clean = np.array(rows["/robot/points/clean/front", "positions"][2])
    sensed = np.array(rows["/robot/points/realistic/front", "positions"][2])
    assert len(clean) == SIZE[0] * SIZE[1]
    assert len(sensed) == (SIZE[0] - HOLE_ROWS) * SIZE[1]
    # The camera is 2 m up and looks down: the left edge of its picture lies at 2 - 1.5 m.
    assert clean[:, 2].max() == pytest.approx(2 - DISTANCE)
    assert clean[:, 2].min() == pytest.approx(2 - FARTHEST, abs=1e-6)
    left_top = np.array([0.5 + 11.5 / 30 * DISTANCE, 15.5 / 30 * DISTANCE, 2 - DISTANCE])
    assert np.abs(clean - left_top).max(axis=1).min() < 1e-5


def test_clouds_have_the_colours_of_the_colour_image(rows):
    colors = np.array(rows["/robot/points/clean/front", "colors"][3], dtype=np.uint32)
    assert len(colors) == SIZE[0] * SIZE[1]
    assert set(colors >> 24) == {3 * 40} and set((colors >> 16) & 255) == {120}


def test_depth_images_are_kept_to_the_millimetre(rows):
    blobs = rows["/robot/cameras/front/front_depth", "blob"]
    assert sorted(blobs) == list(range(LENGTH))
    image = cv2.imdecode(np.array(blobs[0], np.uint8).ravel(), cv2.IMREAD_UNCHANGED)
    expected = two_cameras(length=LENGTH).obs["front_depth"][0, ..., 0]
    assert image.dtype == np.uint16
    assert np.abs(image / 1000 - expected).max() <= 0.0005 + 1e-6


def test_a_camera_without_a_pose_has_images_but_no_cloud(rows):
    assert sorted(rows["/images/wrist/wrist_depth", "blob"]) == list(range(LENGTH))
    assert ("/images/wrist/wrist_depth", "translation") not in rows
    assert not [entity for entity, _ in rows if "points" in entity and "wrist" in entity]


def test_the_camera_stands_where_the_file_says(rows):
    (translation,) = rows["/robot/cameras/front/front_depth", "translation"].values()
    assert np.ravel(translation).tolist() == pytest.approx([0.5, 0, 2])
    (matrix,) = rows["/robot/cameras/front/front_depth", "image_from_camera"].values()
    assert np.ravel(matrix)[[0, 4]].tolist() == [30, 30]


def test_end_effector_path_gripper_and_objects_are_there(rows):
    episode = two_cameras(length=LENGTH)
    ((strip,),) = rows["/robot/path", "strips"].values()
    assert np.allclose(strip, episode.obs["eef_pos"])
    positions = [np.ravel(rows["/robot/eef", "translation"][step]) for step in range(LENGTH)]
    assert np.allclose(positions, episode.datagen_info.eef_pose[:, :3, 3], atol=1e-6)
    for step, centers in rows["/robot/eef/fingers", "centers"].items():
        half_sizes = rows["/robot/eef/fingers", "half_sizes"][step]
        free = abs(centers[1][1] - centers[0][1]) - 2 * half_sizes[0][1]
        assert free == pytest.approx(episode.obs["gripper_width"][step, 0], abs=1e-6)
    assert ("/robot/objects/cube", "translation") in rows


def test_curves_hold_actions_gripper_and_holes(rows):
    episode = two_cameras(length=LENGTH)
    for index, name in enumerate(("x", "y", "z", "turn_x", "turn_y", "turn_z", "gripper")):
        curve = rows[f"/curves/actions/{name}", "scalars"]
        assert [curve[step][0] for step in range(LENGTH)] == episode.actions[:, index].tolist()
    assert rows["/curves/holes_percent/front_depth", "scalars"][0] == [25.0]


def test_the_stamps_are_a_timeline(path):
    schema = [str(column) for column in chunk.RrdReader(path).store().schema().index_columns()]
    assert any("time" in column for column in schema) and any("step" in column for column in schema)
    assert not any("log_time" in column for column in schema)


def test_without_rerun_the_message_says_how_to_install_it(monkeypatch, tmp_path):
    from reald2iff.demos.inspect.rerun_file import require_rerun
    from reald2iff.errors import DependencyError

    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(DependencyError, match=r"pip install 'reald2iff-ros\[rerun\]'"):
        require_rerun()
