"""The dot pattern and the two infrared images."""

from dataclasses import replace

import numpy as np
import pytest
from sensor_scenes import PLAIN, SMALL, STEADY, stereo_views

from reald2iff.errors import InvalidParameterError
from reald2iff.geometry import D435_BASELINE
from reald2iff.sensors.d435 import InfraredParameters, MaterialParameters, PatternParameters
from reald2iff.sensors.d435.pattern import dot_pattern


def images(twin, views, seed=0):
    return tuple(i.astype(float) for i in twin.render(views, SMALL, np.random.default_rng(seed)))


def contrast(image) -> float:
    return float(image.std() / image.mean())


def test_the_pattern_has_the_stated_density_and_peak() -> None:
    pattern = dot_pattern(PatternParameters(dot_sigma=0.3, brightness_spread=0))
    native_area = pattern.image.size / (pattern.focal / 382.6) ** 2
    local_peaks = (pattern.image[1:-1, 1:-1] > 0.5) & (
        pattern.image[1:-1, 1:-1]
        >= np.max(
            [
                pattern.image[1 + j : -1 + j or None, 1 + i : -1 + i or None]
                for j in (-1, 0, 1)
                for i in (-1, 0, 1)
            ],
            axis=0,
        )
    )
    assert local_peaks.sum() / native_area == pytest.approx(0.04, rel=0.1)
    assert np.median(pattern.image[1:-1, 1:-1][local_peaks]) == pytest.approx(1, abs=0.1)


def test_one_unit_has_one_pattern() -> None:
    assert dot_pattern(PatternParameters()) is dot_pattern(PatternParameters())
    other = dot_pattern(PatternParameters(seed=1)).image
    assert not np.array_equal(dot_pattern(PatternParameters()).image, other)


def test_the_right_image_shows_the_wall_one_disparity_to_the_left() -> None:
    left, right = images(STEADY, stereo_views(SMALL, wall=SMALL.fx * D435_BASELINE / 12))
    aligned = np.corrcoef(left[:, 12:].ravel(), right[:, :-12].ravel())[0, 1]
    astray = np.corrcoef(left[:, 16:].ravel(), right[:, :-16].ravel())[0, 1]
    assert aligned > 0.8 and astray < 0.3


def test_exposure_brings_the_mean_to_the_stated_grey_level() -> None:
    left, _ = images(STEADY, stereo_views(SMALL))
    assert left.mean() == pytest.approx(70, abs=2)


def test_dots_fade_with_distance() -> None:
    near, far = (images(STEADY, stereo_views(SMALL, wall=wall))[0] for wall in (0.6, 4.0))
    assert contrast(near) > 2 * contrast(far)


def test_the_projector_s_shadow_of_a_foreground_holds_no_dots() -> None:
    twin = replace(STEADY, infrared=replace(STEADY.infrared, texture_contrast=0))
    left, _ = images(twin, stereo_views(SMALL, wall=2.5, box=0.7, half_width=0.05))
    # From the projector, 29 mm to the right, the box hides the wall left of its left edge.
    edge = int(SMALL.cx - 0.05 / 0.7 * SMALL.fx)
    width = int(0.029 * SMALL.fx * (1 / 0.7 - 1 / 2.5))
    shadow = left[30:90, edge - width + 3 : edge - 3]
    lit = left[30:90, edge - 2 * width : edge - width - 3]
    assert shadow.std() < 0.6 * lit.std() and shadow.mean() < lit.mean()


def test_where_there_is_nothing_the_images_are_black() -> None:
    views = stereo_views(SMALL)
    for image in (views.left, views.right, views.projector):
        image[:120] = 0
    left, right = images(STEADY, views)
    assert left[:58].mean() < 2 and right[:58].mean() < 2
    assert left[62:].mean() == pytest.approx(70, abs=3)


def test_a_simulator_s_albedo_shows() -> None:
    views = stereo_views(SMALL)
    albedo = np.full(views.left.shape, 0.8, np.float32)
    albedo[:120] = 0.1
    left, _ = images(STEADY, replace(views, left_albedo=albedo, right_albedo=albedo))
    assert left[62:].mean() > 3 * left[:58].mean()


def test_glossy_surfaces_show_fewer_dots() -> None:
    matt = MaterialParameters(dark_share=0, glossy_share=0, sites=1)
    glossy = replace(matt, glossy_share=1.0, large_surface_factor=1.0, glossy_doublings=(8, 8))
    views = stereo_views(SMALL, slope=0.7)
    dots = [images(replace(PLAIN, materials=m), views)[0].std() for m in (matt, glossy)]
    assert dots[1] < dots[0]


def test_the_same_seed_gives_the_same_images() -> None:
    views = stereo_views(SMALL)
    first, again, other = (images(PLAIN, views, seed)[0] for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(
    "make", [lambda: InfraredParameters(mean_grey=0), lambda: PatternParameters(jitter=2)]
)
def test_parameters_out_of_range_are_refused(make) -> None:
    with pytest.raises(InvalidParameterError, match="expected"):
        make()
