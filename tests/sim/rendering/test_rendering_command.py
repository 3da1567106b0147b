"""`reald2iff demos render`, from states to pictures."""

import json

import h5py
import numpy as np
import pytest

from reald2iff.demos import read_episode, verify
from reald2iff.errors import DatasetError
from reald2iff.jobs import JobsConfig
from reald2iff_sim.rendering.cameras import CameraConfig
from reald2iff_sim.rendering.command import RenderConfig, render
from reald2iff_sim.rendering.work import RenderJob, render_demo, stored_depth

pytestmark = pytest.mark.timeout(300)  # workers are new processes: they load slowly on a busy machine

VIEW = CameraConfig(width=80, height=60)


@pytest.fixture(scope="session")
def rendered(simulator, states_file, tmp_path_factory):
    """Made in this process, one demonstration after another."""
    patch = pytest.MonkeyPatch()
    patch.setattr(
        "reald2iff_sim.rendering.command.run_jobs",
        lambda function, items, *_, **__: ((item, function(item)) for item in items),
    )
    patch.setattr("reald2iff_sim.rendering.work.make_simulator", lambda backend, task: simulator)
    path = tmp_path_factory.mktemp("rendered") / "demos.hdf5"
    assert render(RenderConfig(states_file, path, view=VIEW)) == 0
    patch.undo()
    return path


def test_a_run_that_was_stopped_goes_on_in_workers_to_the_same_bytes(states_file, rendered, tmp_path):
    config = RenderConfig(states_file, tmp_path / "demos.hdf5", view=VIEW, jobs=JobsConfig(workers=2))

    class StoppedError(Exception):
        pass

    def stop(function, items, *_, **__):
        yield items[1], function(items[1])
        raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reald2iff_sim.rendering.command.run_jobs", stop)
        with pytest.raises(StoppedError):
            render(config)
    assert (tmp_path / "demos.hdf5.parts" / "demo_1.hdf5").exists() and not config.out.exists()
    assert render(config) == 0
    assert config.out.read_bytes() == rendered.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["demos.hdf5"]


def test_everything_else_is_carried_over(states_file, rendered):
    with h5py.File(states_file) as before, h5py.File(rendered) as after:
        names = []
        before.visit(names.append)
        for name in names:
            if isinstance(before[name], h5py.Dataset):
                assert np.array_equal(before[name][()], after[name][()]), name
        assert after["data"].attrs["env_args"] == before["data"].attrs["env_args"]


def test_pictures_and_calibration_fit_together(rendered):
    """The robot's base, at the world's origin, is where the calibration says, and as far away."""
    episode = read_episode(rendered, "demo_1")
    camera, color = episode.cameras["camera"], episode.cameras["camera_color"]
    assert episode.obs["camera_image"].shape == (3, 60, 80, 3)
    depth, labels = episode.obs["camera_depth"], episode.obs["camera_segmentation"]
    assert depth.dtype == np.float32 and labels.max() == 2
    assert camera.observations == ("camera_depth", "camera_segmentation")
    assert color.observations == ("camera_image",)
    cube = episode.datagen_info.object_poses["cube"][0][:3, 3]
    at = np.linalg.inv(camera.extrinsics) @ [*cube, 1.0]
    x, y, _ = camera.intrinsics @ at[:3] / at[2]
    rows, columns = np.nonzero(labels[0, ..., 0] == 2)
    assert np.hypot(columns.mean() - x, rows.mean() - y) < 1.5
    seen = depth[0, ..., 0][labels[0, ..., 0] == 2]
    assert abs(np.median(seen) - at[2]) < 0.03


def test_the_file_records_the_seed_and_is_sound(rendered):
    with h5py.File(rendered) as file:
        record = json.loads(file["data"].attrs["rendering"])["camera"]
    assert (record["seed"], record["width"], record["position_sd"]) == (0, 80, VIEW.position_sd)
    assert not [finding for finding in verify(rendered) if "camera" in str(finding)]


def test_enhance_reads_it(rendered):
    from reald2iff.demos.formats import open_depth_data

    with open_depth_data(rendered, "_clean") as data:
        (stream,) = data.streams(())
        assert stream.source == "obs/camera_depth"
        camera = data.intrinsics(data.episodes()[0], stream)
        assert (camera.width, camera.height, camera.fx) == (80, 60, 382.6 / 8)


def test_millimetres_take_less_space_and_say_the_same():
    depth = np.linspace(0.3, 3.0, 1000, dtype=np.float32)[None]
    metres, millimetres = stored_depth(depth, "float32"), stored_depth(depth, "uint16")
    assert np.abs(metres - depth).max() <= 0.5 / 2**14 and metres.dtype == np.float32
    assert np.abs(millimetres * 0.001 - depth).max() <= 0.0005001 and millimetres.dtype == np.uint16
    assert stored_depth(np.zeros((1, 1), np.float32), "float32") == 0


def test_another_state_is_refused(simulator, states_file, tmp_path, monkeypatch):
    monkeypatch.setattr("reald2iff_sim.rendering.work.make_simulator", lambda backend, task: simulator)
    path = tmp_path / "other.hdf5"
    with h5py.File(path, "w") as file:
        file["data/demo_0/states"] = np.zeros((2, 5))
    job = RenderJob(path, tmp_path, "pick_cube", "mujoco", VIEW, "float32", True, 0)
    with pytest.raises(DatasetError, match="no states of pick_cube"):
        render_demo(job, "demo_0")


def test_a_file_that_was_not_generated_is_refused(tmp_path):
    path = tmp_path / "other.hdf5"
    with h5py.File(path, "w") as file:
        file.create_group("data")
    with pytest.raises(DatasetError, match="does not say what it was simulated with"):
        render(RenderConfig(path, tmp_path / "out.hdf5"))
