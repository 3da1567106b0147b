"""Infrared noise that stays from frame to frame."""

from dataclasses import replace

import numpy as np
import pytest
from sensor_scenes import SMALL, STEADY, stereo_views

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.d435 import InfraredParameters
from reald2iff.sensors.d435.speckle import held_noise

WALL = np.full((200, 300), 1.3, np.float32)


def noise(depth=WALL, seed=0) -> np.ndarray:
    return held_noise(depth, 19.13, np.random.default_rng(seed))


def alike(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def left_image(share: float, seed: int, wall: float = 2.0) -> np.ndarray:
    twin = replace(STEADY, static_seed=3, infrared=replace(STEADY.infrared, noise_fixed_share=share))
    return twin.render(stereo_views(SMALL, wall=wall), SMALL, np.random.default_rng(seed))[0].astype(float)


def test_it_is_white_and_normal() -> None:
    field = noise()
    assert field.mean() == pytest.approx(0, abs=0.02) and field.std() == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(field) > 2) == pytest.approx(0.0455, abs=0.005)
    for shifted in (field[:, 1:], field[:, 2:]):
        assert abs(alike(field[:, : shifted.shape[1]], shifted)) < 0.02
    assert abs(alike(field[1:], field[:-1])) < 0.02


def test_it_stays_where_nothing_moves_and_is_new_where_something_does() -> None:
    moved = WALL.copy()
    moved[:, 150:] -= 0.05
    assert np.array_equal(noise()[:, :150], noise(moved)[:, :150])
    assert abs(alike(noise()[:, 150:], noise(moved)[:, 150:])) < 0.02
    assert abs(alike(noise(), noise(seed=1))) < 0.02


def test_frames_of_a_static_scene_differ_by_the_share_that_does_not_stay() -> None:
    changes = {share: (left_image(share, 1) - left_image(share, 2)).var() for share in (0.0, 0.75, 1.0)}
    # Rounding to eight bits adds a little.
    assert changes[0.75] == pytest.approx(0.25 * changes[0.0], rel=0.15)
    assert changes[1.0] == 0


def test_one_frame_has_the_same_noise_whatever_share_stays() -> None:
    clean = replace(STEADY, static_seed=3, infrared=replace(STEADY.infrared, read_noise=0, shot_noise=0))
    still = clean.render(stereo_views(SMALL), SMALL, np.random.default_rng(1))[0].astype(float)
    free, held = (float((left_image(share, 1) - still).std()) for share in (0.0, 1.0))
    assert held == pytest.approx(free, rel=0.03)


def test_a_share_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="noise_fixed_share"):
        InfraredParameters(noise_fixed_share=1.1)
