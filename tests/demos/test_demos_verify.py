import dataclasses
import json
import shutil

import h5py
import numpy as np
import pytest
from make_two_cameras import save, two_cameras

from reald2iff.demos.verify import check_file


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "demos.hdf5"
    return save(path, two_cameras(0), two_cameras(1))


@pytest.fixture
def path(sound, tmp_path):
    return shutil.copy(sound, tmp_path / "demos.hdf5")


def findings(path):
    """(severity, sentence, advice) of everything found."""
    return [(f.severity, str(f), f.advice) for f in check_file(path).findings]


def replace(group, key, values):
    del group[key]
    group[key] = values


def broken(path, break_it):
    with h5py.File(path, "r+") as file:
        break_it(file["data/demo_1"])
    return [f for f in check_file(path).findings if f.severity != "remark"]


def test_a_sound_file_has_no_fault_and_its_images_have_been_read(sound):
    check = check_file(sound)
    assert not check.is_broken
    assert set(check.episodes) == {"demo_0", "demo_1"}
    assert check.episodes["demo_1"].scans["front_depth"].holes.tolist() == [0.25] * 5


def scale_depth(demo):
    frames = demo["obs/front_depth_clean"]
    frames[...] = frames[()] * 1000


def negative_depth(demo):
    frames = demo["obs/front_depth"][()]
    frames[3, 10, 10] = -1
    demo["obs/front_depth"][...] = frames


def camera_info(demo, change):
    info = json.loads(demo.attrs["camera_info"])
    change(info)
    demo.attrs["camera_info"] = json.dumps(info)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda d: d.__delitem__("obs"), "demo_1: has no obs"),
        (lambda d: d.__delitem__("stamps"), "demo_1: has no stamps"),
        (lambda d: d.attrs.__delitem__("num_samples"), "num_samples is None"),
        (lambda d: replace(d, "obs/eef_pos", np.zeros((4, 3))), "obs/eef_pos holds 4 rows for 5 steps"),
        (lambda d: d["obs/front_image"].resize(3, axis=0), "obs/front_image holds 3 frames for 5 steps"),
        (
            lambda d: d["actions"].write_direct(np.full((5, 7), np.nan)),
            "actions is not finite at row 0 (nan)",
        ),
        (lambda d: d["actions"].write_direct(np.full((5, 7), -1.5)), "actions reach -1.5 at step 0"),
        (lambda d: replace(d, "stamps", np.array([0, 2, 1, 3, 4])), "stamps do not rise at step 2"),
        (lambda d: replace(d, "stamps", np.arange(5.0)), "stamps are float64 (5,): expected (N,) int64"),
        (lambda d: replace(d, "obs/eef_quat", np.ones((5, 4))), "obs/eef_quat: norms are off 1 by 1"),
        (
            lambda d: replace(d, "datagen_info/subtask_term_signals/grasp", np.arange(5)),
            "subtask_term_signals/grasp: expected only 0 and 1",
        ),
        (
            lambda d: d["datagen_info/eef_pose"].write_direct(np.ones((5, 4, 4))),
            "datagen_info/eef_pose is no rigid pose at step 0",
        ),
        (scale_depth, "obs/front_depth_clean has a median of"),
        (negative_depth, "obs/front_depth: frame 3 is negative in 0.1% of its pixels"),
        (
            lambda d: d["obs/wrist_depth"].write_direct(np.zeros((5, 24, 32, 1), np.float32)),
            "has no depth in any",
        ),
        (
            lambda d: d["obs/front_image"].id.write_direct_chunk((2, 0, 0, 0), b"rubbish"),
            "obs/front_image: frame 2 cannot be read",
        ),
        (lambda d: replace(d, "obs/front_image", np.zeros((5, 24, 32, 3))), "has frames of float64"),
        (lambda d: d.attrs.__setitem__("camera_info", "{"), "attribute camera_info is not JSON"),
        (lambda d: camera_info(d, lambda i: i["front"].update(width=64)), "camera_info is of 64x24 px"),
        (
            lambda d: camera_info(d, lambda i: i["front"].update(extrinsics=np.ones((4, 4)).tolist())),
            "extrinsics of camera front are no rigid pose",
        ),
        (lambda d: d.__delitem__("obs/wrist_depth"), "obs/wrist_depth has shape nothing a step, in demo_0"),
        (lambda d: replace(d, "actions", np.zeros((5, 6))), "actions has shape (6,) a step, in demo_0 (7,)"),
    ],
)
def test_a_fault_is_found_named_and_comes_with_advice(path, break_it, message):
    found = broken(path, break_it)
    assert any(message in str(finding) for finding in found), [str(finding) for finding in found]
    assert {finding.where for finding in found} <= {"demo_1", ""}
    assert all(finding.advice for finding in found)


def test_a_sound_episode_beside_a_broken_one_stays_readable(path):
    broken(path, lambda d: d["obs/front_image"].id.write_direct_chunk((2, 0, 0, 0), b"rubbish"))
    check = check_file(path)
    assert check.is_readable("demo_0") and not check.is_readable("demo_1")


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "It is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"PK\x03\x04rest", "unpack it first"),
        (b"hello", "does not begin as HDF5"),
    ],
)
def test_a_file_that_is_not_hdf5_is_told_by_what_it_is(tmp_path, content, advice):
    path = tmp_path / "demos.hdf5"
    path.write_bytes(content)
    ((severity, sentence, given),) = findings(path)
    assert severity == "unreadable" and "not a readable HDF5 file" in sentence and advice in given


def test_a_missing_file_is_said(tmp_path):
    assert "does not exist" in findings(tmp_path / "none.hdf5")[0][1]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_unreadable_and_says_so(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    check = check_file(path)
    assert check.is_broken
    assert any("cut off or damaged" in finding.advice for finding in check.findings), findings(path)


@pytest.mark.parametrize("seed", range(8))
def test_damage_anywhere_never_crashes_the_check(path, seed):
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    start = int(rng.integers(0, len(content) - 400))
    content[start : start + 400] = rng.integers(0, 256, 400, dtype=np.uint8).tobytes()
    path.write_bytes(content)
    assert all(finding.advice for finding in check_file(path).findings)


def test_failed_episodes_gaps_and_missing_calibration_are_remarks(tmp_path):
    stamps = np.array([0, 1, 2, 9, 10]) * 50_000_000
    cameras = {name: camera for name, camera in two_cameras().cameras.items() if name != "wrist"}
    episode = two_cameras(success=False, cameras=cameras)
    check = check_file(save(tmp_path / "a.hdf5", dataclasses.replace(episode, stamps=stamps)))
    said = [str(finding) for finding in check.findings]
    assert not check.is_broken
    assert any("demo_0: did not succeed" in sentence for sentence in said)
    assert any("1 gaps in the stamps, up to 0.350 s at step 3" in sentence for sentence in said)
    assert any("obs/wrist_depth has no intrinsics" in sentence for sentence in said)


def test_an_episode_without_actions_is_a_remark(path):
    with h5py.File(path, "r+") as file:
        for demo in file["data"].values():
            del demo["actions"]
    findings = check_file(path).findings
    assert {(f.what, f.severity) for f in findings} == {("has no actions", "remark")}


def test_a_camera_that_hangs_is_a_remark(tmp_path):
    episode = two_cameras(length=20)
    image = episode.obs["front_image"]
    image[6:] = image[6]
    said = [str(finding) for finding in check_file(save(tmp_path / "a.hdf5", episode)).findings]
    assert any(
        "obs/front_image is the same picture from frame 6 to 19 of 20" in sentence for sentence in said
    )


def test_frames_without_depth_are_a_remark(tmp_path):
    episode = two_cameras()
    episode.obs["front_depth"][1:3] = 0
    check = check_file(save(tmp_path / "a.hdf5", episode))
    assert not check.is_broken
    assert any("no depth at all in 2 of 5 frames, first in frame 1" in str(f) for f in check.findings)


def test_episodes_of_a_killed_recorder_are_pointed_out(sound, tmp_path):
    path = shutil.copy(sound, tmp_path / "demos.hdf5")
    (tmp_path / "demos.episodes").mkdir()
    (tmp_path / "demos.episodes" / "demo_2.hdf5").touch()
    assert any("demos.episodes holds demo_2, which the file does not list" in s for _, s, _ in findings(path))


def test_a_robomimic_file_is_not_asked_for_what_robomimic_has_not(tmp_path):
    path = tmp_path / "robomimic.hdf5"
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["total"] = 4
        data.attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1, "env_kwargs": {}})
        demo = data.create_group("demo_0")
        demo.attrs["num_samples"] = 4
        for key, shape in {"actions": (4, 7), "rewards": (4,), "dones": (4,), "obs/eef_pos": (4, 3)}.items():
            demo.create_dataset(key, data=np.zeros(shape))
    assert check_file(path).findings == ()


def test_single_episodes_are_checked_and_a_missing_one_is_named(path):
    check = check_file(path, ["demo_1", "demo_9"])
    assert set(check.episodes) == {"demo_1"}
    assert any("there is no episode demo_9" in str(finding) for finding in check.findings)
