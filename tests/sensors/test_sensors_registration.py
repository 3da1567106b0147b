"""Depth moved into another camera, and noise made in the native one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_scenes import PLAIN, seen_from

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff.sensors import GaussianNoise
from reald2iff.sensors.registration import RegisteredNoise, Registration, register_depth, surrounding_view

NATIVE = D435_DEPTH.resized(320, 240)
COLOR = PinholeIntrinsics(320, 240, 308.5, 308.5, 161.0, 118.0)
TO_COLOR = (0.015, 0.0, 0.0)

focals = st.floats(150, 450)


@given(st.integers(0, 2**32 - 1), focals, focals)
@settings(max_examples=25, deadline=None)
def test_the_same_camera_gives_the_same_image(seed, fx, fy) -> None:
    rng = np.random.default_rng(seed)
    camera = PinholeIntrinsics(40, 30, fx, fy, *rng.uniform((5, 5), (35, 25)))
    depth = rng.uniform(0.2, 6, (30, 40)).astype(np.float32) * (rng.random((30, 40)) > 0.2)
    np.testing.assert_allclose(register_depth(depth, camera, camera, footprint="exact"), depth, rtol=1e-6)


def plane(camera: PinholeIntrinsics, a: float, b: float, c: float, shift=(0.0, 0.0, 0.0)) -> np.ndarray:
    """Depth of the plane ``z = c + a x + b y`` of the native frame, seen from where ``shift`` moves to."""
    u = (np.arange(camera.width) - camera.cx) / camera.fx
    v = (np.arange(camera.height) - camera.cy) / camera.fy
    start = c + shift[2] - a * shift[0] - b * shift[1]
    return (start / (1 - a * u[None, :] - b * v[:, None])).astype(np.float32)


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.5, 4), st.sampled_from(["exact", "driver"]))
@settings(max_examples=25, deadline=None)
def test_a_plane_stays_a_plane(a, b, c, footprint) -> None:
    shift = (0.015, -0.004, 0.003)
    native = NATIVE.resized(80, 60)
    color = COLOR.resized(80, 60)
    registered = register_depth(plane(native, a, b, c), native, color, shift, footprint)
    expected = plane(color, a, b, c, shift)
    inside = (slice(4, -4), slice(4, -4))
    valid = registered[inside] > 0
    assert valid.mean() > (0.9 if footprint == "exact" else 0.9999)
    # A footprint is flat: it is off by what the plane rises over a native pixel.
    rise = np.abs(np.gradient(plane(native, a, b, c))).sum(axis=0).max() + 1e-4
    assert np.abs(registered - expected)[inside][valid].max() < 1.6 * rise


@pytest.mark.parametrize("footprint", ["exact", "driver"])
def test_the_nearest_wins(footprint) -> None:
    depth = np.full((240, 320), 3.0, np.float32)
    depth[:, 160:200] = 1.0
    camera = NATIVE
    registered = register_depth(depth, camera, camera, (-0.2, 0, 0), footprint)
    columns = 160 - 0.2 * camera.fx, 160 - 0.2 * camera.fx + 40
    assert (registered[120, round(columns[0]) + 1 : round(columns[1]) - 1] == 1).all()
    assert set(np.unique(registered)) == {0.0, 1.0, 3.0}


def test_a_shift_leaves_a_hole_where_nothing_was_seen() -> None:
    depth = np.full((240, 320), 3.0, np.float32)
    depth[:, 160:200] = 1.0
    row = register_depth(depth, NATIVE, NATIVE, (0.1, 0, 0), "exact")[120]
    jump = 0.1 * NATIVE.fx * (1 / 1.0 - 1 / 3.0)
    assert (row[100:300] == 0).sum() == pytest.approx(jump, abs=1.5)


def test_the_driver_narrows_holes_by_a_pixel() -> None:
    depth = np.full((60, 80), 2.0, np.float32)
    depth[20:30, 30:40] = 0
    camera = NATIVE.resized(80, 60)
    exact, driver = (register_depth(depth, camera, camera, footprint=f) for f in ("exact", "driver"))
    assert (exact == 0).sum() == 100
    assert (driver[10:50, 10:70] == 0).sum() == 81


def test_the_sensors_border_stays_outside_the_registered_image() -> None:
    depth = seen_from(0.0, COLOR, wall=1.0)
    noisy = RegisteredNoise(PLAIN, Registration(NATIVE, TO_COLOR)).apply(
        depth, COLOR, np.random.default_rng(0)
    )
    assert noisy.shape == depth.shape
    assert (noisy[:, :12] > 0).mean() > 0.97 and (noisy[:, -12:] > 0).mean() > 0.97
    assert np.median(np.abs(noisy - depth)[noisy > 0]) < 0.01


def test_the_native_view_continues_backgrounds_and_borders() -> None:
    depth = seen_from(0.0, COLOR, wall=2.0, box=0.8)
    view = surrounding_view(depth, COLOR, Registration(NATIVE, TO_COLOR))
    assert view.shape == (240, 320) and (view > 0).all()
    # Seen from 15 mm to the side, nothing but the wall and the box.
    assert set(np.unique(view.round(3))) == {np.float32(0.8), np.float32(2.0)}
    assert (view[0] == 2).all() and (view[:, 0] == 2).all()


def test_what_is_nowhere_stays_nowhere() -> None:
    depth = seen_from(0.0, COLOR, wall=2.0)
    depth[:100] = 0
    model = RegisteredNoise(GaussianNoise(), Registration(NATIVE, TO_COLOR))
    noisy = model.apply(depth, COLOR, np.random.default_rng(0))
    assert not noisy[:98].any() and (noisy[103:-2, 2:-2] > 0).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    depth = seen_from(0.0, COLOR, wall=2.0, box=0.8)
    model = RegisteredNoise(GaussianNoise(), Registration(NATIVE, TO_COLOR))
    first, again = (model.apply(depth, COLOR, np.random.default_rng(3)) for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_registrations_are_equal_by_value_whatever_holds_them() -> None:
    assert Registration(NATIVE, np.array(TO_COLOR)) == Registration(NATIVE, TO_COLOR)


@pytest.mark.parametrize("translation", [(0, 0), (0, 0, float("nan")), (15, 0, 0)])
def test_a_translation_that_is_none_is_refused(translation) -> None:
    with pytest.raises(InvalidParameterError, match="translation"):
        Registration(NATIVE, translation)


def test_an_unknown_footprint_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="footprint 'soft'"):
        register_depth(np.ones((240, 320), np.float32), NATIVE, COLOR, footprint="soft")


def test_a_camera_that_looks_elsewhere_is_refused() -> None:
    aside = PinholeIntrinsics(320, 240, 382.6, 382.6, 5000.0, 120.0)
    with pytest.raises(InvalidDepthError, match="nothing that"):
        surrounding_view(np.ones((240, 320), np.float32), COLOR, Registration(aside, (0, 0, 0)))
