"""Images of the before/after slider."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from reald2iff.bench.slider import Slide, slide_data
from reald2iff.errors import InvalidDepthError


def decoded(uri: str) -> np.ndarray:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


@pytest.fixture
def slide() -> Slide:
    clean = np.linspace(5, 20, 40 * 60, dtype=np.float32).reshape(40, 60)
    noisy = clean.copy()
    noisy[5:9, 10:30] = 0
    return Slide("frame", clean, {"same": clean.copy(), "holes": noisy})


def test_holes_are_black_and_nothing_else_is(slide):
    image = decoded(slide_data(slide)["images"]["holes"]["depth"])
    assert ((image.sum(axis=2) == 0) == (slide.methods["holes"] == 0)).all()


def test_every_image_has_the_colours_of_the_same_scale(slide):
    images = slide_data(slide)["images"]
    assert images["same"]["depth"] == images["clean"]["depth"]
    shifted = Slide("frame", slide.clean, {"shifted": slide.clean + 3})
    assert slide_data(shifted)["images"]["shifted"]["depth"] != images["clean"]["depth"]


def test_relief_shows_a_tenth_of_a_pixel_and_marks_holes(slide):
    step = np.full_like(slide.clean, 10)
    step[:, 30:] += 0.1
    step[20:22, 40:45] = 0
    image = decoded(slide_data(Slide("frame", slide.clean, {"step": step}))["images"]["step"]["relief"])
    assert image[10, 30, 0] - image[10, 20, 0] > 10
    assert (image[20, 40] == (18, 22, 60)).all()


def test_a_frame_without_any_depth_is_drawn(slide):
    nothing = np.zeros_like(slide.clean)
    image = decoded(slide_data(Slide("frame", nothing, {"nothing": nothing}))["images"]["nothing"]["depth"])
    assert not image.any()


@pytest.mark.parametrize("methods", [{}, {"other": np.ones((4, 5), np.float32)}])
def test_images_that_do_not_fit_together_are_refused(slide, methods):
    with pytest.raises(InvalidDepthError, match="'frame'"):
        Slide("frame", slide.clean, methods)
