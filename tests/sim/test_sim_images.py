import itertools
from dataclasses import replace

import numpy as np
import pytest

from reald2iff.geometry import D435_BASELINE, back_project, project, transform_points
from reald2iff_sim.camera import COLOR_OFFSET, WorkspaceCamera, look_at
from reald2iff_sim.tasks.pick_cube import PickCube


def cube_corners(task, pose):
    corners = np.array(list(itertools.product((-0.5, 0.5), repeat=3))) * task.cube_size
    return transform_points(pose, corners)


def test_depth_of_the_table_is_that_of_its_plane(simulator):
    simulator.reset(0)
    camera = simulator.depth_camera
    depth = simulator.render_depth()
    points = transform_points(camera.pose, back_project(depth, camera.intrinsics))
    front = (points[..., 0] > 0.75) & (points[..., 0] < 0.95) & (np.abs(points[..., 1]) < 0.3)
    bare = front & (points[..., 2] < 0.02)
    assert bare.sum() > 2000
    assert np.abs(points[bare][:, 2]).max() < 5e-4


def test_depth_at_the_projected_cube_is_that_of_its_top_face(simulator):
    for seed in range(4):
        pose = simulator.reset(seed).object_poses["cube"]
        camera = simulator.depth_camera
        top = transform_points(pose, np.array([[0.0, 0.0, simulator.task.cube_size / 2]]))
        pixel, z = project(transform_points(np.linalg.inv(camera.pose), top), camera.intrinsics)
        column, row = np.rint(pixel[0]).astype(int)
        # Half a pixel on the tilted face is 1 mm of depth.
        assert simulator.render_depth()[row, column] == pytest.approx(z[0], abs=2e-3)


def test_the_cube_shows_in_colour_where_it_projects(simulator):
    pose = simulator.reset(0).object_poses["cube"]
    camera = simulator.color_camera
    top = transform_points(pose, np.array([[0.0, 0.0, simulator.task.cube_size / 2]]))
    pixel, _ = project(transform_points(np.linalg.inv(camera.pose), top), camera.intrinsics)
    column, row = np.rint(pixel[0]).astype(int)
    red, green, blue = simulator.render().color[row, column].astype(int)
    assert red > 2 * green and red > 2 * blue


def test_images_have_the_cameras_sizes_and_types(simulator):
    simulator.reset(0)
    images = simulator.render()
    assert images.depth.shape == (480, 640) and images.depth.dtype == np.float32
    assert images.color.shape == (480, 640, 3) and images.color.dtype == np.uint8
    assert images.depth.min() > 0.3  # nothing cut off by the near plane: the hand is that near in no pose


def test_the_hand_close_to_the_lens_is_not_clipped(simulator):
    simulator.reset(0)
    camera = simulator.depth_camera
    near = camera.pose.copy()
    near[:3, 3] = simulator.observe().eef_pose[:3, 3] - 0.25 * near[:3, 2]
    simulator.depth_camera = replace(camera, pose=near)
    depth = simulator.render_depth()
    assert 0.05 < depth[depth > 0].min() < 0.25


def test_the_cube_is_in_both_images_wherever_it_starts():
    task, camera = PickCube(), WorkspaceCamera()
    rng = np.random.default_rng(0)
    places = itertools.product(*zip(task.region.low, task.region.high, strict=True))
    for x, y in places:
        pose = np.eye(4)
        pose[:3, 3] = (x, y, task.cube_size / 2)
        for _ in range(50):
            for calibration in camera.draw(rng):
                points = transform_points(np.linalg.inv(calibration.pose), cube_corners(task, pose))
                pixels, _ = project(points, calibration.intrinsics)
                assert (pixels > 10).all() and (pixels < (630, 470)).all(), (x, y, calibration.frame_id)


def test_the_colour_camera_stands_beside_the_depth_camera():
    depth, color = WorkspaceCamera().draw(np.random.default_rng(0))
    offset = np.linalg.inv(depth.pose) @ color.pose
    np.testing.assert_allclose(offset[:3, 3], (COLOR_OFFSET, 0, 0), atol=1e-12)
    np.testing.assert_allclose(offset[:3, :3], np.eye(3), atol=1e-12)
    assert COLOR_OFFSET < D435_BASELINE


def test_a_camera_looks_at_its_target_upright():
    pose = look_at(np.array([1.0, 0.2, 0.8]), np.array([0.4, 0.0, 0.1]))
    in_camera = np.linalg.inv(pose) @ (0.4, 0.0, 0.1, 1.0)
    np.testing.assert_allclose(in_camera[:2], 0, atol=1e-12)
    assert in_camera[2] > 0
    assert pose[2, 0] == pytest.approx(0) and pose[2, 1] < 0  # x level, y down
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
