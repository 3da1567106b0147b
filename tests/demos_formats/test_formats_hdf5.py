"""What is found in HDF5 demonstrations of different makers: depth streams and their cameras."""

import json
import math

import h5py
import numpy as np
import pytest
from planar_demos import INTRINSICS, planar_depth

from reald2iff.demos.formats import open_depth_data
from reald2iff.demos.formats.hdf5_cameras import camera_intrinsics
from reald2iff.errors import DatasetError, InvalidIntrinsicsError

LENGTH = 4


@pytest.fixture
def path(tmp_path):
    return tmp_path / "demos.hdf5"


def write(path, **obs):
    """A demonstration with these observations, and nothing else."""
    with h5py.File(path, "w") as file:
        demo = file.create_group("data/demo_0")
        demo.attrs["num_samples"] = LENGTH
        demo["actions"] = np.zeros((LENGTH, 7))
        for key, values in obs.items():
            demo[f"obs/{key}"] = values
    return path


def streams(path, *keys):
    with open_depth_data(path) as data:
        return [(stream.source, stream.target) for stream in data.streams(keys)]


def intrinsics(path, key, width=48, height=36):
    with h5py.File(path) as file:
        return camera_intrinsics(file["data/demo_0"], key, width, height)


DEPTH = planar_depth(LENGTH)[..., None]


def test_isaac_labs_depth_and_camera_matrices_are_found(path):
    write(
        path,
        front_distance_to_image_plane=DEPTH,
        front_intrinsic_matrices=np.tile(INTRINSICS, (LENGTH, 1, 1)),
        joint_pos=np.zeros((LENGTH, 9)),
    )
    with h5py.File(path, "r+") as file:
        file["data/demo_0/obs/datagen_info/object_pose/cube"] = np.tile(np.eye(4), (LENGTH, 1, 1))
    key = "obs/front_distance_to_image_plane"
    assert streams(path) == [(key, key)]
    assert np.array_equal(intrinsics(path, key).matrix, INTRINSICS)


def test_ray_lengths_are_refused_as_no_depth(path):
    write(path, front_distance_to_camera=DEPTH)
    with pytest.raises(DatasetError, match=r"distance_to_camera is the length of rays"):
        streams(path)
    with pytest.raises(DatasetError, match=r"distance_to_camera is the length of rays"):
        streams(path, "front_distance_to_camera")


def test_clean_depth_is_the_source_and_its_partner_the_target(path):
    write(path, a_depth=DEPTH, a_depth_clean=DEPTH, b_depth_clean=DEPTH, c_depth=DEPTH, a_depth_valid=DEPTH)
    assert streams(path) == [
        ("obs/a_depth_clean", "obs/a_depth"),
        ("obs/c_depth", "obs/c_depth"),
        ("obs/b_depth_clean", "obs/b_depth"),
    ]


def test_keys_choose_and_unknown_ones_are_named(path):
    write(path, a_depth=DEPTH, special=DEPTH)
    assert streams(path, "special") == [("obs/special", "obs/special")]
    with pytest.raises(DatasetError, match=r"0 keys match 'b_depth': it holds obs/a_depth, obs/special"):
        streams(path, "b_depth")


def test_robosuites_field_of_view_gives_the_intrinsics(path):
    write(path, agentview_depth=DEPTH, robot0_eye_in_hand_depth=DEPTH)
    model = (
        '<mujoco><worldbody><camera name="agentview" pos="0.5 0 1.35"/><body>'
        '<camera name="robot0_eye_in_hand" fovy="75"/></body></worldbody></mujoco>'
    )
    with h5py.File(path, "r+") as file:
        file["data/demo_0"].attrs["model_file"] = model
    found = intrinsics(path, "obs/robot0_eye_in_hand_depth")
    assert found.fx == found.fy == pytest.approx(18 / math.tan(math.radians(75) / 2))
    assert (found.cx, found.cy) == (23.5, 17.5)
    assert intrinsics(path, "obs/agentview_depth").fy == pytest.approx(18 / math.tan(math.radians(22.5)))


def test_camera_info_of_another_image_size_is_refused(path):
    write(path, front_depth=DEPTH)
    camera = {"intrinsics": INTRINSICS, "width": 640, "height": 480, "observations": ["front_depth"]}
    with h5py.File(path, "r+") as file:
        file["data/demo_0"].attrs["camera_info"] = json.dumps({"front_camera": camera})
    with pytest.raises(InvalidIntrinsicsError, match="has 48x36 px, but camera_info is of 640x480 px"):
        intrinsics(path, "obs/front_depth")
    assert intrinsics(path, "obs/front_depth", 640, 480).fx == 40


def test_a_camera_that_zooms_within_an_episode_is_refused(path):
    matrices = np.tile(INTRINSICS, (LENGTH, 1, 1))
    matrices[2, 0, 0] = 50
    write(path, front_depth=DEPTH, front_intrinsics=matrices)
    with pytest.raises(InvalidIntrinsicsError, match="front_intrinsics changes within the episode"):
        intrinsics(path, "obs/front_depth")


def test_a_file_that_does_not_say_gives_none(path):
    write(path, front_depth=DEPTH)
    assert intrinsics(path, "obs/front_depth") is None
