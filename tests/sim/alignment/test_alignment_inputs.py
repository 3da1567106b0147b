import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from reald2iff.demos import DemoWriter, Episode, EpisodeCamera
from reald2iff.errors import DatasetError, InvalidDepthError, InvalidIntrinsicsError, InvalidParameterError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff_sim.alignment import ArmView
from reald2iff_sim.alignment.demos import read_demonstration
from reald2iff_sim.alignment.folder import read_folder, write_folder
from reald2iff_sim.alignment.report import static_transform
from reald2iff_sim.control.limits import HOME_JOINTS

INTRINSICS = PinholeIntrinsics(16, 12, 9.0, 9.0, 7.5, 5.5)


def view(**changes):
    made = ArmView(np.full((12, 16), 0.75, np.float32), HOME_JOINTS, 0.04, INTRINSICS)
    return replace(made, **changes)


@pytest.mark.parametrize("count", [6, 9])
def test_another_number_of_joints_is_refused(count):
    with pytest.raises(InvalidParameterError, match="expected 7 finite values"):
        view(joint_positions=np.zeros(count))


def test_joint_positions_in_degrees_are_refused():
    with pytest.raises(InvalidParameterError, match="degrees"):
        view(joint_positions=np.degrees(HOME_JOINTS))


def test_an_image_of_another_size_than_its_intrinsics_is_refused():
    with pytest.raises(InvalidIntrinsicsError, match="image is 32x24 and the intrinsics are of 16x12"):
        view(depth=np.ones((24, 32), np.float32))


def test_an_image_without_valid_depth_is_refused():
    with pytest.raises(InvalidDepthError, match="no pixel is valid"):
        view(depth=np.zeros((12, 16), np.float32))


def test_a_folder_reads_back_what_was_written(tmp_path):
    color = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    views = [view(color=color), view(gripper_width=0.0)]
    guess = np.eye(4)
    guess[:3, 3] = (1, 2, 3)
    write_folder(tmp_path / "views", views, guess)
    read, read_guess = read_folder(tmp_path / "views")
    np.testing.assert_array_equal(read_guess, guess)
    np.testing.assert_array_equal(read[0].color, color)
    assert read[1].color is None and read[1].gripper_width == 0.0
    for one, other in zip(read, views, strict=True):
        np.testing.assert_allclose(one.depth, other.depth, atol=1e-6)  # millimetres in float32
        np.testing.assert_array_equal(one.joint_positions, other.joint_positions)
        assert one.intrinsics == other.intrinsics


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: index.pop("intrinsics"), "expected intrinsics"),
        (lambda index: index["views"][0].pop("joint_positions"), "joint_positions"),
        (lambda index: index.update(version=9), "version"),
    ],
)
def test_a_folder_with_an_incomplete_index_is_refused(tmp_path, change, message):
    write_folder(tmp_path, [view()], np.eye(4))
    index = json.loads((tmp_path / "index.json").read_text())
    change(index)
    (tmp_path / "index.json").write_text(json.dumps(index))
    with pytest.raises(DatasetError, match=message):
        read_folder(tmp_path)


def demonstration(folder, cameras):
    length = 6
    joints = HOME_JOINTS + np.array([0.0, 0.01, 0.5, 0.02, 0.9, 0.9])[:, None]
    obs = {
        "joint_positions": joints,
        "gripper_width": np.full((length, 1), 0.02),
        "camera_depth": np.linspace(0.5, 1, length).astype(np.float32).repeat(12 * 16).reshape(6, 12, 16, 1),
    }
    episode = Episode(stamps=np.arange(length, dtype=np.int64), obs=obs, cameras=cameras)
    path = folder / "demos.hdf5"
    writer = DemoWriter(path, {"env_name": "pick_cube", "type": 2})
    writer.save(episode)
    writer.finish()
    return path


def test_a_demonstration_gives_the_steps_that_differ_most(tmp_path):
    pose = np.eye(4)
    pose[:3, 3] = 0.5
    camera = EpisodeCamera(INTRINSICS.matrix, 16, 12, "camera", ("camera_depth",), pose)
    views, guess = read_demonstration(demonstration(tmp_path, {"camera": camera}), "demo_0", None, 3)
    assert [v.name for v in views] == ["step 0", "step 2", "step 4"]
    assert views[1].depth[0, 0] == pytest.approx(0.7) and views[0].gripper_width == pytest.approx(0.02)
    np.testing.assert_array_equal(guess, pose)


def test_a_demonstration_without_calibrated_depth_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no calibrated depth"):
        read_demonstration(demonstration(tmp_path, {}), "demo_0", None, 3)


def test_the_static_transform_holds_the_pose():
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec([0.3, -1.2, 0.5]).as_matrix()
    pose[:3, 3] = (1.0, -0.25, 0.5)
    words = static_transform(pose, "fr3_link0", "camera").split()
    value = {words[i]: words[i + 1] for i in range(4, len(words), 2)}
    position = [float(value[f"--{axis}"]) for axis in "xyz"]
    quaternion = [float(value[f"--q{axis}"]) for axis in "xyzw"]
    np.testing.assert_allclose(position, pose[:3, 3])
    np.testing.assert_allclose(Rotation.from_quat(quaternion).as_matrix(), pose[:3, :3], atol=1e-6)
    assert value["--frame-id"] == "fr3_link0" and value["--child-frame-id"] == "camera"
