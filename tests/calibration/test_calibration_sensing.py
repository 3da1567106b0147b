"""What a changing twin makes of the views, with stages kept: the same as without."""

from dataclasses import replace

import numpy as np
import pytest
from stub_scenes import SMALL, CardScenes

from reald2iff.calibration.sensing import Output, SensingPool, Task, ViewSensor
from reald2iff.calibration.views import render_pool
from reald2iff.geometry import PinholeIntrinsics, depth_to_disparity, disparity_to_depth
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import with_values
from reald2iff.sensors.registration import Registration, register_depth

COLOUR = PinholeIntrinsics(160, 120, 150.0, 150.0, 79.0, 60.0)


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    return tuple(view.path for view in render_pool(CardScenes(1), folder, 3, 0.05, lambda ready: None))


def sensor(task):
    view = next(iter(CardScenes(1).views(0x5EED_0000)))
    return ViewSensor(view, 0, task)


@pytest.mark.parametrize(
    "path",
    [
        "infrared.dot_gain",
        "materials.dark_share",
        "stereo.second_peak_margin",
        "post.lowpass_sigma",
        "statistics.noise_std",
        "projector_offset",
    ],
)
def test_a_kept_stage_never_hides_a_changed_parameter(views, path):
    task = Task(views, 0, Output(SMALL), seed=3)
    base = D435Twin()
    value = {"materials.dark_share": 0.9, "projector_offset": 0.02}.get(path, 3.0)
    changed = with_values(base, {path: value})
    kept = sensor(task)
    before = kept.sense(base, 0)
    after = kept.sense(changed, 0)
    np.testing.assert_array_equal(after, sensor(task).sense(changed, 0))
    assert (before != after).any()
    np.testing.assert_array_equal(kept.sense(base, 0), before)


def test_frames_of_a_burst_share_what_a_static_scene_keeps(views):
    still = replace(D435Twin(), infrared=replace(D435Twin().infrared, read_noise=0.0, shot_noise=0.0))
    fixed = with_values(
        still,
        {
            "statistics.noise_fixed_share": 1.0,
            "statistics.speckle_fixed_share": 1.0,
            "statistics.border_frame_std": 0.0,
        },
    )
    kept = sensor(Task(views, 2, Output(SMALL), seed=3))
    np.testing.assert_array_equal(kept.sense(fixed, 0), kept.sense(fixed, 1))
    assert (kept.sense(still, 0) != kept.sense(still, 1)).any()


def test_registered_output_is_the_native_one_registered(views):
    native = sensor(Task(views, 0, Output(SMALL), seed=3)).sense(D435Twin(), 0)
    shift = Registration(SMALL, (0.015, 0.0, 0.0))
    registered = sensor(Task(views, 0, Output(COLOUR, shift), seed=3)).sense(D435Twin(), 0)
    depth = register_depth(disparity_to_depth(native, SMALL.fx, 0.05), SMALL, COLOUR, shift.translation)
    np.testing.assert_allclose(registered, depth_to_disparity(depth, COLOUR.fx, 0.05), rtol=1e-5)


def test_processes_give_what_one_gives_and_in_the_same_order(views):
    task = Task(views, 2, Output(SMALL), seed=1)
    with SensingPool(task, 1) as alone, SensingPool(task, 2) as together:
        one, two = alone.sense(D435Twin()), together.sense(D435Twin())
    assert len(one.frames) == 3 and len(one.burst) == 2
    np.testing.assert_array_equal(one.frames, two.frames)
    np.testing.assert_array_equal(one.burst, two.burst)


def test_without_a_burst_each_view_is_sensed_once(views):
    with SensingPool(Task(views, 0, Output(SMALL), seed=1), 1) as pool:
        assert len(pool.sense(D435Twin()).burst) == 0
