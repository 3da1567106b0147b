"""Rendered views of the calibration: kept, and chosen by what the camera saw."""

from dataclasses import fields

import numpy as np
import pytest
from stub_scenes import CardScenes

from reald2iff.calibration.views import ViewFile, choose_views, disparity_histogram, read_view, render_pool


class CountedScenes(CardScenes):
    rendered = 0

    def views(self, scene_seed, redraw=0):
        self.rendered += 1
        return super().views(scene_seed, redraw)


@pytest.fixture
def source():
    return CountedScenes(1)


def render(source, folder, count=3):
    return render_pool(source, folder, count, 0.05, lambda ready: None)


def test_views_are_rendered_once(source, tmp_path):
    first = render(source, tmp_path)
    second = render(source, tmp_path)
    assert source.rendered == 3
    assert [view.path for view in first] == [view.path for view in second]


def test_a_broken_view_is_rendered_again(source, tmp_path):
    pool = render(source, tmp_path)
    pool[1].path.write_bytes(b"half a file")
    render(source, tmp_path)
    assert source.rendered == 4


def test_another_state_of_the_scenes_has_its_own_views(source, tmp_path):
    other = CountedScenes(2)
    assert {v.path for v in render(source, tmp_path)}.isdisjoint({v.path for v in render(other, tmp_path)})


def test_a_kept_view_is_the_rendered_one(source, tmp_path):
    kept = read_view(render(source, tmp_path, 1)[0].path)
    # The first scene of the pool.
    rendered = next(iter(source.views(0x5EED_0000)))
    np.testing.assert_array_equal(kept.depth, rendered.depth)
    assert kept.intrinsics == rendered.intrinsics and kept.kind == rendered.kind
    for field in fields(rendered.stereo):
        np.testing.assert_array_equal(
            np.asarray(getattr(kept.stereo, field.name), dtype=object),
            np.asarray(getattr(rendered.stereo, field.name), dtype=object),
        )


def test_views_are_chosen_by_the_disparities_that_the_camera_saw(tmp_path):
    def histogram(disparity):
        return disparity_histogram([np.full((4, 4), disparity, np.float32)])

    pool = [ViewFile(tmp_path / str(d), histogram(d)) for d in (3, 6, 12, 24, 48)]
    wanted = (histogram(6) + histogram(24)) / 2
    assert {path.name for path in choose_views(pool, wanted, 2)} == {"6", "24"}


def test_invalid_pixels_count_in_no_histogram():
    disparity = np.zeros((4, 4), np.float32)
    disparity[0] = 10.0
    np.testing.assert_allclose(disparity_histogram([disparity]).sum(), 1.0)
    assert disparity_histogram([np.zeros((4, 4), np.float32)]).sum() == 0
