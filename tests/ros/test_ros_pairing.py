"""Images and camera_info find each other by stamp; nothing waits for a camera_info that does not come."""

import pytest
from ros_harness import depth_frame, info_for, slope

from reald2iff_ros.depth_realism_pairing import FramePairing


def image(stamp):
    return depth_frame(slope(2, 3), stamp)


def info(stamp):
    return info_for(image(stamp))


@pytest.fixture
def pairing():
    return FramePairing(timeout=0.1)


def test_camera_info_first(pairing):
    assert pairing.add_info(info(1)) is None
    frame, given_up = pairing.add_image(image(1), 5.0)
    assert (frame.info, frame.image, frame.arrived, given_up) == (info(1), image(1), 5.0, 0)


def test_image_first(pairing):
    assert pairing.add_image(image(1), 5.0) == (None, 0)
    frame = pairing.add_info(info(1))
    assert (frame.info, frame.image, frame.arrived) == (info(1), image(1), 5.0)
    assert pairing.expire(99.0) == (None, 0)


def test_a_camera_info_of_another_stamp_does_not_complete_an_image(pairing):
    pairing.add_image(image(2), 5.0)
    assert pairing.add_info(info(1)) is None


def test_after_the_timeout_the_last_camera_info_is_taken_with_the_header_of_the_image(pairing):
    pairing.add_info(info(1))
    pairing.add_image(image(2), 5.0)
    assert pairing.expire(5.05) == (None, 0)
    frame, given_up = pairing.expire(5.2)
    assert (frame.info, given_up) == (info(2), 0)


def test_without_any_camera_info_the_image_is_given_up(pairing):
    pairing.add_image(image(1), 5.0)
    assert pairing.expire(5.2) == (None, 1)
    pairing.add_image(image(2), 6.0)
    assert pairing.add_image(image(3), 6.01) == (None, 1)


def test_images_faster_than_a_rare_camera_info_wait_only_once(pairing):
    pairing.add_info(info(0))
    pairing.add_image(image(1), 5.00)
    frame, given_up = pairing.add_image(image(2), 5.03)
    assert (frame.image, given_up) == (image(2), 1)
    assert pairing.add_image(image(3), 5.06)[0].image == image(3)


def test_it_waits_again_once_stamps_agree_again(pairing):
    pairing.add_info(info(0))
    pairing.add_image(image(1), 5.0)
    pairing.expire(6.0)
    pairing.add_info(info(2))
    assert pairing.add_image(image(2), 7.0)[0].info == info(2)
    assert pairing.add_image(image(3), 8.0) == (None, 0)
