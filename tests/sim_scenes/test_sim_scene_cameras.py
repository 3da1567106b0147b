"""Cameras stand and look where robots' cameras do."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("mujoco")
from reald2iff_sim.scenes.cameras import around, draw_corridor_pose, draw_floor_pose, look_at
from reald2iff_sim.scenes.layouts import KINDS, NEAREST, NEAREST_CLOSE, draw_layout
from reald2iff_sim.scenes.room import Room

HALL = Room((-3.5, -2.5, 0.0), (3.5, 2.5, 2.6))
CORRIDOR = Room((-4.0, -0.8, 0.0), (4.0, 0.8, 2.5))
coordinate = st.floats(-3, 3)


@given(st.tuples(*[coordinate] * 3), st.tuples(*[coordinate] * 3), st.floats(-3.2, 3.2))
@settings(max_examples=60, deadline=None)
def test_a_camera_looks_at_its_target_with_a_right_handed_frame(eye, target, roll):
    eye, target = np.array(eye), np.array(target)
    assume(np.linalg.norm(target - eye) > 0.1)
    pose = look_at(eye, target, roll)
    np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-9)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
    seen = pose[:3, :3].T @ (target - pose[:3, 3])
    np.testing.assert_allclose(seen[:2], 0, atol=1e-9)
    assert seen[2] > 0


@given(st.floats(0.2, 2), st.floats(-1.4, 1.4), st.floats(-3.1, 3.1))
@settings(max_examples=40, deadline=None)
def test_a_camera_around_a_target_keeps_its_distance_and_elevation(distance, elevation, azimuth):
    target = np.array([0.2, -0.1, 0.05])
    pose = around(target, distance, elevation, azimuth, 0.0)
    np.testing.assert_allclose(pose[:3, 3] + distance * pose[:3, 2], target, atol=1e-9)
    assert np.arcsin(-pose[2, 2]) == pytest.approx(elevation, abs=1e-6)


@given(st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_floor_cameras_are_low_and_look_over_the_floor(seed):
    pose = draw_floor_pose(HALL, np.random.default_rng(seed))
    assert 0.1 <= pose[2, 3] <= 0.9
    pitch = np.arcsin(-pose[2, 2])
    assert -0.06 < pitch < 0.51
    assert np.all(np.abs(pose[:2, 3]) < [3.5, 2.5])


def test_floor_cameras_come_low_and_level_and_high_and_tilted():
    poses = np.array([draw_floor_pose(HALL, np.random.default_rng(seed)) for seed in range(200)])
    high, pitch = poses[:, 2, 3], np.arcsin(-poses[:, 2, 2])
    assert 0.2 < np.mean((high < 0.5) & (pitch < 0.21)) < 0.7
    assert np.mean((high > 0.55) & (pitch > 0.25)) > 0.2
    roll = np.arctan2(poses[:, 2, 0], -poses[:, 2, 1])
    assert 0.05 < np.mean(np.abs(roll) > 0.12) < 0.4


@given(st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_corridor_cameras_look_towards_the_far_end(seed):
    pose = draw_corridor_pose(CORRIDOR, np.random.default_rng(seed))
    assert 0.12 <= pose[2, 3] <= 1.5
    assert -np.sign(pose[0, 3]) * pose[0, 2] > 0.2


@pytest.fixture(scope="module")
def layouts():
    found = {}
    for seed in range(200):
        layout = draw_layout(np.random.default_rng(seed))
        found.setdefault(layout.kind, layout)
        if len(found) == len(KINDS):
            break
    return found


def test_every_kind_of_scene_comes_up(layouts):
    assert set(layouts) == set(KINDS)
    assert sum(KINDS.values()) == pytest.approx(1)


def test_wrist_cameras_are_nearer_than_others(layouts):
    rng = np.random.default_rng(3)
    # The table's top is at z = 0.
    reach = {}
    for kind in ("wrist", "tabletop"):
        poses = [layouts[kind].draw_camera(rng) for _ in range(100)]
        reach[kind] = np.array([pose[2, 3] / max(-pose[2, 2], 0.05) for pose in poses])
    assert np.quantile(reach["wrist"], 0.9) < 0.6
    assert np.median(reach["wrist"]) < 0.5 * np.median(reach["tabletop"])
    assert layouts["wrist"].nearest == NEAREST_CLOSE < layouts["tabletop"].nearest == NEAREST
