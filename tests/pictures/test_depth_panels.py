"""Depth panels."""

import cv2
import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.pictures import Panel, color_range, depth_panels

DEPTH = np.linspace(0.5, 2, 48 * 64, dtype=np.float32).reshape(48, 64)


def test_rows_of_panels_of_every_kind_become_one_picture(tmp_path):
    difference = np.where(DEPTH > 1, DEPTH - 1.5, np.nan)
    rows = [
        [Panel("colour", np.zeros((48, 64, 3), np.uint8), "color"), Panel("clean", DEPTH, "depth", "m")],
        [
            Panel("difference", difference, "difference", "mm"),
            Panel("valid", DEPTH > 1, "validity"),
            Panel("map", DEPTH, "map"),
        ],
    ]
    path = depth_panels(rows, tmp_path / "new" / "panels.png", "title")
    image = cv2.imread(str(path))
    assert image.shape[1] > 3 * 300
    assert image.std() > 20


def test_holes_are_black(tmp_path):
    depth = np.where(DEPTH > 1.2, 0, DEPTH)
    with_holes = cv2.imread(str(depth_panels([Panel("", depth)], tmp_path / "a.png")))
    without = cv2.imread(str(depth_panels([Panel("", DEPTH)], tmp_path / "b.png")))
    assert (with_holes == 0).all(axis=2).sum() > (without == 0).all(axis=2).sum() + 5000


def test_the_range_of_depth_ignores_holes_and_that_of_differences_is_symmetric():
    assert color_range(Panel("", np.where(DEPTH < 1, 0, DEPTH)))[0] >= 1
    low, high = color_range(Panel("", DEPTH - 0.7, "difference"))
    assert low == -high
    assert color_range(Panel("", DEPTH, "depth", "m", (0.0, 4.0))) == (0.0, 4.0)


@pytest.mark.parametrize("kind", ["depth", "difference", "map"])
def test_an_empty_image_can_be_drawn(tmp_path, kind):
    empty = np.full((8, 8), np.nan)
    assert depth_panels([Panel("empty", empty, kind)], tmp_path / f"{kind}.png").exists()


def test_images_of_the_wrong_shape_are_refused():
    with pytest.raises(InvalidParameterError, match=r"expected \(H, W, 3\)"):
        Panel("colour", DEPTH, "color")
    with pytest.raises(InvalidParameterError, match=r"expected \(H, W\)"):
        Panel("depth", DEPTH[None])


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="no panels"):
        depth_panels([], tmp_path / "x.png")
