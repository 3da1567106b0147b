"""Which source is taken."""

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.generation.frames import about_z
from reald2iff_sim.generation.selection import choose
from reald2iff_sim.generation.sources import Segment
from reald2iff_sim.generation.spec import SubtaskSpec


def at(x, yaw=0.0):
    pose = about_z(yaw)
    pose[0, 3] = x
    return pose


def segment(object_pose, first):
    return Segment(object_pose, np.array([first]), np.ones((1, 1)))


SEGMENTS = [segment(at(x), at(x + reach)) for x, reach in ((0.0, 0.1), (0.2, 0.3), (0.5, 0.5))]


def chosen(spec, object_x, eef_x):
    rng = np.random.default_rng(0)
    return {choose(spec, SEGMENTS, at(object_x), at(eef_x), rng) for _ in range(40)}


def test_random_takes_each():
    assert chosen(SubtaskSpec(strategy="random"), 0.0, 0.0) == {0, 1, 2}


def test_nearest_object_goes_by_where_the_object_lies():
    assert chosen(SubtaskSpec(strategy="nearest_neighbor_object", nearest=1), 0.21, 0.0) == {1}
    assert chosen(SubtaskSpec(strategy="nearest_neighbor_object", nearest=2), 0.21, 0.0) == {0, 1}


def test_nearest_robot_distance_goes_by_where_the_segment_begins():
    spec = SubtaskSpec(strategy="nearest_neighbor_robot_distance", nearest=1)
    assert chosen(spec, 1.0, 1.29) == {1}
    assert chosen(spec, 1.0, 1.6) == {2}


def test_an_object_that_looks_alike_is_as_near_as_it_looks():
    turned = [segment(at(0.0, np.pi / 2), at(0.1)), segment(at(0.0, 0.4), at(0.1))]
    rng = np.random.default_rng(0)
    cube = SubtaskSpec(nearest=1, symmetry=np.pi / 2)
    assert choose(cube, turned, at(0.0), at(0.1, -np.pi / 2), rng) == 0
    banana = SubtaskSpec(nearest=1)
    assert choose(banana, turned, at(0.0), at(0.1), rng) == 1


def test_a_strategy_that_there_is_not_is_refused():
    with pytest.raises(InvalidParameterError, match="nearest_neighbor_object"):
        SubtaskSpec(strategy="best")  # type: ignore[arg-type]
