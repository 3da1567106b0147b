"""Chamfer distance, F-score and IoU on planes."""

import numpy as np
import pytest

from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.metrics.pointcloud import cloud_distance, cloud_of

CAMERA = PinholeIntrinsics(80, 60, 60.0, 60.0, 39.5, 29.5)


def grid(z: float) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, z)], axis=1)


def test_equal_clouds_have_no_distance():
    distance = cloud_distance(grid(1), grid(1))
    assert (distance.chamfer_l2, distance.chamfer_l2_x1000, distance.f_score) == (0, 0, 1)


def test_a_shifted_plane_is_its_shift_away():
    distance = cloud_distance(grid(1.01), grid(1))
    assert distance.chamfer_l2 == pytest.approx(2 * 0.01**2)
    # The longest side of the reference is 2 m.
    assert distance.chamfer_l2_x1000 == pytest.approx(2 * (0.01 / 2) ** 2 * 1000)


def test_f_score_falls_where_the_shift_passes_one_percent_of_the_cloud():
    assert cloud_distance(grid(1.015), grid(1)).f_score == 1
    assert cloud_distance(grid(1.025), grid(1)).f_score == 0


def test_f_score_is_the_harmonic_mean_of_precision_and_recall():
    half = grid(1)[: 41 * 21]
    distance = cloud_distance(half, grid(1))
    recall = len(half) / 41**2
    assert distance.f_score == pytest.approx(2 * recall / (1 + recall))


def test_iou_counts_the_shared_cells_of_a_grid():
    # Cells are 2 m / 32 = 6.25 cm; points of the plane lie at the lower end of theirs.
    whole = grid(1)
    assert cloud_distance(whole, whole).iou == 1
    assert cloud_distance(grid(1.05), whole).iou == 1
    assert cloud_distance(grid(1.07), whole).iou == 0
    assert cloud_distance(whole[whole[:, 1] < -1e-9], whole).iou == pytest.approx(0.5, abs=0.04)


def test_iou_counts_points_far_outside_the_reference_as_wrong():
    stray = np.concatenate([grid(1), [[0.0, 0.0, 90.0]], [[0.0, 0.0, -90.0]]])
    cells = 32 * 32
    assert cloud_distance(stray, grid(1)).iou == pytest.approx(cells / (cells + 2), abs=0.01)


def test_cloud_leaves_out_holes_and_what_is_too_far():
    depth = np.full((60, 80), 2, dtype=np.float32)
    depth[:30] = 0
    depth[:, :40] = 20
    points = cloud_of(depth, CAMERA)
    assert points.shape == (30 * 40, 3)
    assert (points[:, 2] == 2).all()
    assert len(cloud_of(depth, CAMERA, stride=2)) == 15 * 20


def test_empty_clouds_are_refused():
    with pytest.raises(InvalidDepthError, match="expected points in both"):
        cloud_distance(np.empty((0, 3)), grid(1))
