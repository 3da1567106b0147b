"""Ways to segments, and how long their steps are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.generation.path import VelocityConfig, Waypoint, modulate, stitch


def at(*position):
    pose = np.eye(4)
    pose[:3, 3] = position
    return pose


def positions(waypoints):
    return np.array([waypoint.target[:3, 3] for waypoint in waypoints])


def test_the_way_is_straight_then_the_segment_follows_to_the_last_bit():
    targets = np.array([at(0.4, 0, 0.1), at(0.4, 0, 0.05)])
    way = stitch(at(0, 0, 0.1), targets, np.array([[1.0], [-1.0]]), steps=4, fixed=2, noisy_way=False)
    assert np.allclose(positions(way)[:4, 0], [0.1, 0.2, 0.3, 0.4])
    assert np.array_equal(positions(way)[4:6], np.tile([0.4, 0, 0.1], (2, 1)))
    assert [w.gripper for w in way] == [1.0] * 7 + [-1.0]
    assert [w.noisy for w in way] == [False] * 6 + [True] * 2
    assert np.array_equal(np.array([w.target for w in way[-2:]]), targets)


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=6), st.integers(0, 6))
def test_no_step_is_longer_than_its_limit_and_every_waypoint_is_passed(heights, closing):
    config = VelocityConfig(far=0.02, near=0.005)
    asked = [Waypoint(at(0, 0, z), 1.0 if i < closing else -1.0, True) for i, z in enumerate(heights)]
    got = modulate(at(0, 0, 0.3), asked, config)
    steps = np.linalg.norm(np.diff(positions(got), axis=0, prepend=[[0, 0, 0.3]]), axis=1)
    assert steps.max() <= config.far + 1e-12
    if 0 < closing < len(heights):
        contact = heights[closing]
        for waypoint, before in zip(asked, [0.3, *heights], strict=False):
            limit = config.limit(abs(waypoint.target[2, 3] - contact))
            pieces = [s for w, s in zip(got, steps, strict=True) if w.target[2, 3] == waypoint.target[2, 3]]
            assert min(pieces) <= max(limit, 0) + 1e-12 or before == waypoint.target[2, 3]
    passed = {float(z) for z in positions(got)[:, 2]}
    assert {float(z) for z in heights} <= passed


def test_steps_are_short_at_a_contact_and_long_away_from_it():
    config = VelocityConfig(far=0.02, near=0.005, inner=0.03, outer=0.1)
    asked = [Waypoint(at(0, 0, 0.0), 1.0, True), Waypoint(at(0, 0, 0.0), -1.0, True)]
    near = modulate(at(0, 0, 0.02), asked, config)
    assert len(near) == 4 + 1
    alone = modulate(at(0, 0, 0.02), asked[:1], config)
    assert len(alone) == 1


def test_limits_that_cannot_be_are_refused():
    with pytest.raises(InvalidParameterError, match="near"):
        VelocityConfig(far=0.01, near=0.02)
    with pytest.raises(InvalidParameterError, match="inner"):
        VelocityConfig(inner=0.2, outer=0.1)
