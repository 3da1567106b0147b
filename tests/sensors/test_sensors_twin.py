"""The D435 twin as a whole, against what real frames show."""

from dataclasses import replace

import numpy as np
import pytest
from sensor_scenes import PLAIN, SMALL, seen_from, stereo_views, true_disparity

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import D435_BASELINE, D435_DEPTH, meters_to_millimeters, millimeters_to_meters
from reald2iff.sensors import D435Twin, StereoViews

WIDE = D435_DEPTH.cropped(100, 140, 440, 200)


def sense(views, camera=SMALL, seed=0, twin=PLAIN) -> np.ndarray:
    return twin.sense(views, camera, np.random.default_rng(seed))


def test_disparity_comes_in_steps_of_a_thirty_second() -> None:
    disparity = sense(stereo_views(SMALL, slope=0.3))
    assert disparity.dtype == np.float32 and disparity.shape == (120, 240)
    np.testing.assert_array_equal(disparity * 32, np.rint(disparity * 32))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    views = stereo_views(SMALL)
    first, again, other = (sense(views, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_planes_show_the_noise_of_a_real_d435(slope) -> None:
    # Real patches of 48 px: 0.062 px, half of all between 0.058 and 0.067.
    sigmas = []
    for seed in range(3):
        disparity = sense(stereo_views(WIDE, wall=1.4, slope=slope), WIDE, seed)
        error = (disparity - true_disparity(WIDE, wall=1.4, slope=slope))[:, 60:-10]
        valid = disparity[:, 60:-10] > 0
        assert valid.mean() > 0.97
        assert abs(np.median(error[valid])) < 0.03
        sigmas.append(error[valid].std())
    assert 0.04 < np.median(sigmas) < 0.09


def test_the_shadow_lies_left_of_a_foreground_and_is_as_wide_as_the_jump() -> None:
    scene = {"wall": 2.0, "box": 0.8, "half_width": 0.15}
    disparity = sense(stereo_views(WIDE, **scene), WIDE)
    jump = WIDE.fx * D435_BASELINE * (1 / 0.8 - 1 / 2.0)
    left = round(WIDE.cx - 0.15 / 0.8 * WIDE.fx)
    right = round(WIDE.cx + 0.15 / 0.8 * WIDE.fx)
    holes = disparity[70:130] == 0
    # Real: |J| + 1.6 px on the left, 3-4 px on the right whatever the jump.
    assert np.median(holes[:, left - 40 : left + 15].sum(axis=1)) == pytest.approx(jump + 1.6, abs=4)
    assert np.median(holes[:, right - 15 : right + 25].sum(axis=1)) < 8


def test_the_left_border_band_is_disparity_plus_seven() -> None:
    starts = []
    for seed in range(3):
        disparity = sense(stereo_views(WIDE, wall=1.0), WIDE, seed)
        starts.append((disparity > 0).argmax(axis=1))
    assert np.median(starts) == pytest.approx(WIDE.fx * D435_BASELINE + 7, abs=2.5)


def test_what_is_too_near_for_the_search_range_is_invalid() -> None:
    disparity = sense(stereo_views(SMALL, wall=1.0, box=0.17, half_width=0.02, half_height=0.02))
    too_near = seen_from(0.0, SMALL, box=0.17, half_width=0.02, half_height=0.02) < 0.18
    assert too_near.any() and not disparity[too_near].any()


def test_where_there_is_nothing_there_is_no_disparity() -> None:
    views = stereo_views(SMALL)
    for image in (views.left, views.right, views.projector):
        image[:120] = 0
    disparity = sense(views)
    assert not disparity[:60].any()
    assert (disparity[66:, 60:] > 0).mean() > 0.9


def test_a_dark_wall_behind_a_bright_box_gets_holes() -> None:
    scene = {"wall": 3.0, "box": 1.5, "half_width": 0.3, "half_height": 0.2}
    views = stereo_views(SMALL, **scene)
    wall = seen_from(0.0, SMALL, **scene) > 2
    wall[:, :40] = False
    holes = []
    for albedo in (0.5, 0.0):
        left, right = (np.where(v < 2, 1.0, albedo).astype(np.float32) for v in (views.left, views.right))
        painted = replace(views, left_albedo=left, right_albedo=right)
        holes.append((sense(painted)[wall] == 0).mean())
    assert holes[1] > 0.15 and holes[1] > 2 * holes[0]


def test_a_static_scene_flickers_less_than_one_drawn_anew() -> None:
    views = stereo_views(WIDE, wall=1.4)

    def change(twin: D435Twin) -> float:
        first, second = (sense(views, WIDE, seed, twin) for seed in (1, 2))
        both = (first > 0) & (second > 0)
        return float((first - second)[both].std())

    assert change(replace(PLAIN, static_seed=5)) < 0.9 * change(PLAIN)


def test_a_single_depth_image_is_sensed_in_whole_millimetres() -> None:
    depth = seen_from(0.0, SMALL, box=1.0)
    noisy = D435Twin().apply(depth, SMALL, np.random.default_rng(0))
    np.testing.assert_array_equal(noisy, millimeters_to_meters(meters_to_millimeters(noisy)))


def test_a_simulators_sky_is_nothing_there() -> None:
    void = seen_from(0.0, SMALL)
    sky = void.copy()
    void[:40], sky[:40] = 0, np.linspace(1e4, 1e6, SMALL.width, dtype=np.float32)
    under_sky, under_void = (PLAIN.apply(d, SMALL, np.random.default_rng(0)) for d in (sky, void))
    np.testing.assert_array_equal(under_sky, under_void)


def test_one_image_gives_the_same_shadow_as_rendered_views() -> None:
    depth = seen_from(0.0, SMALL, box=0.8)
    from_image = PLAIN.apply(depth, SMALL, np.random.default_rng(0)) == 0
    from_views = sense(stereo_views(SMALL, box=0.8)) == 0
    assert (from_image != from_views).mean() < 0.04


def test_the_fast_matcher_senses_the_same_scene() -> None:
    views = stereo_views(SMALL)
    disparity = sense(views, twin=replace(PLAIN, matcher="sgbm"))
    error = (disparity - true_disparity(SMALL))[:, 40:]
    valid = disparity[:, 40:] > 0
    assert valid.mean() > 0.8 and abs(np.median(error[valid])) < 0.3


@pytest.mark.parametrize("size", [(320, 240), (424, 240), (97, 61)])
def test_other_image_sizes_work(size) -> None:
    camera = D435_DEPTH.resized(*size)
    depth = seen_from(0.0, camera, wall=1.0)
    noisy = PLAIN.apply(depth, camera, np.random.default_rng(0))
    assert noisy.shape == depth.shape
    disparity = camera.fx * D435_BASELINE / noisy[noisy > 0]
    assert np.median(disparity) == pytest.approx(camera.fx * D435_BASELINE, abs=0.25)


@pytest.mark.parametrize("name", ["left", "right", "projector"])
def test_views_of_another_size_are_refused(name) -> None:
    views = replace(stereo_views(SMALL), **{name: np.ones((10, 10), np.float32)})
    with pytest.raises(InvalidDepthError, match=f"views.{name} has shape"):
        sense(views)


def test_albedo_from_one_imager_alone_is_refused() -> None:
    views = stereo_views(SMALL)
    with pytest.raises(InvalidDepthError, match="albedo from one imager"):
        sense(replace(views, left_albedo=np.ones_like(views.left)))


def glass_before_a_wall() -> StereoViews:
    """A pane at 1 m before a wall at 2 m."""
    behind, front = stereo_views(SMALL, wall=2.0), stereo_views(SMALL, wall=2.0, box=1.0)
    return replace(
        front,
        projector=behind.projector,
        left_behind=behind.left,
        right_behind=behind.right,
    )


def through_the_pane(**glass: object) -> tuple[float, float, float]:
    """Shares of a pane's pixels that show the wall behind it, the pane, and nothing."""
    twin = replace(PLAIN, materials=replace(PLAIN.materials, **glass))
    pane = seen_from(0.0, SMALL, wall=2.0, box=1.0) < 1.5
    found = np.stack([sense(glass_before_a_wall(), twin=twin, seed=seed)[pane] for seed in range(2)])
    wall, near = (np.abs(found - SMALL.fx * D435_BASELINE / z) < 1 for z in (2.0, 1.0))
    return float(wall.mean()), float(near.mean()), float((found == 0).mean())


def test_a_clean_pane_is_seen_through() -> None:
    assert through_the_pane(glass_albedo=(0.0, 0.0), glass_specular=0.0)[0] > 0.9


def test_the_reflections_of_a_pane_upset_the_matching() -> None:
    behind, front, holes = through_the_pane()
    assert front < 0.1
    assert behind > 0.15 and holes > 0.15


def test_a_pane_that_lets_nothing_through_is_measured_like_any_surface() -> None:
    solid = {"glass_transmission": (0.0, 0.0), "glass_albedo": (0.5, 0.5), "glass_specular": 0.0}
    assert through_the_pane(**solid)[1] > 0.7


def test_what_is_behind_must_come_from_both_imagers() -> None:
    with pytest.raises(InvalidDepthError, match="behind from one imager"):
        sense(replace(glass_before_a_wall(), right_behind=None))


@pytest.mark.parametrize("bad", [{"baseline": 0}, {"matcher": "bm"}, {"projector_offset": float("inf")}])
def test_parameters_out_of_range_are_refused(bad) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        D435Twin(**bad)
