"""Images that start at the bottom are refused; those of cameras that see things otherwise are not."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from planar_demos import planar_depth, write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.formats.orientation import check_upright
from reald2iff.demos.verify import check_file
from reald2iff.errors import InvalidDepthError
from reald2iff.io.recordings import read_recordings

REAL = Path("../shared/data/d435_frames")


def test_frames_upside_down_are_refused_and_upright_ones_are_not():
    upright = planar_depth(4)
    check_upright(upright, "depth")
    with pytest.raises(InvalidDepthError, match=r"depth looks upside down: in 4 of 4 .*--any-orientation"):
        check_upright(upright[:, ::-1], "depth")


def test_millimetres_are_looked_at_alike():
    millimetres = np.rint(planar_depth(2) * 1000).astype(np.uint16)
    check_upright(millimetres, "depth")
    with pytest.raises(InvalidDepthError, match="upside down"):
        check_upright(millimetres[:, ::-1], "depth")


def test_a_camera_that_looks_straight_down_passes_either_way():
    depth = np.full((48, 64), 0.8, np.float32) + np.float32(0.002) * np.arange(48, dtype=np.float32)[:, None]
    depth[30:40, 20:30] = 0.7
    check_upright([depth], "depth")
    check_upright([depth[::-1]], "depth")


def test_a_gripper_at_the_top_of_a_wrist_camera_passes():
    depth = planar_depth(3).copy()
    depth[:, :16] = 0.12
    check_upright(depth, "depth")


def test_a_few_odd_frames_among_many_pass():
    depth = planar_depth(10).copy()
    depth[:3] = depth[:3, ::-1]
    check_upright(depth, "depth")


def test_frames_without_depth_pass():
    check_upright([np.zeros((48, 64), np.float32), np.full((48, 64), np.inf, np.float32)], "depth")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real frames in {REAL}")
def test_no_real_recording_is_refused_and_turned_ones_are():
    for recording in read_recordings(REAL):
        frames = [frame.depth() for frame in recording.frames if not frame.static_burst]
        check_upright(frames, recording.name)
        if recording.name == "aims_slam":
            with pytest.raises(InvalidDepthError, match="upside down"):
                check_upright([frame[::-1] for frame in frames], recording.name)


@pytest.fixture
def turned(tmp_path):
    """A data set whose last episode is upside down."""
    path = write_robomimic(tmp_path / "clean.hdf5", episodes=2, next_obs=False)
    with h5py.File(path, "r+") as file:
        depth = file["data/demo_1/obs/agentview_depth"]
        depth[...] = depth[()][:, ::-1]
    return path


def test_enhance_names_the_episode_that_is_upside_down(turned, tmp_path):
    with pytest.raises(InvalidDepthError, match="demo_1/obs/agentview_depth looks upside down"):
        enhance(EnhanceConfig(turned, tmp_path / "out.hdf5", model="gaussian"))


def test_enhance_takes_it_when_told_that_it_is_meant(turned, tmp_path):
    out = tmp_path / "out.hdf5"
    enhance(EnhanceConfig(turned, out, model="gaussian", any_orientation=True))
    with h5py.File(out) as file:
        assert (file["data/demo_1/obs/agentview_depth"][()] > 0).mean() > 0.5


def test_the_check_of_a_file_remarks_on_it(turned):
    remarks = [f for f in check_file(turned).findings if "upside down" in f.what]
    assert [(f.where, f.severity) for f in remarks] == [("demo_1", "remark")]
