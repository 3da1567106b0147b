"""The diffusion model behind the interface of every noise model."""

import numpy as np
import pytest

from reald2iff.diffusion.realism import DepthRealism, load_realism
from reald2iff.errors import InvalidDepthError, InvalidParameterError, WeightsError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics

CAMERA = PinholeIntrinsics(64, 48, 38.26, 38.26, 31.5, 23.5)
DEPTH = np.full((48, 64), 0.3, np.float32)


@pytest.fixture
def model(pipeline) -> DepthRealism:
    return DepthRealism(pipeline)


def test_depth_comes_out_in_whole_millimetres_and_of_the_same_size(model) -> None:
    output = model(DEPTH, CAMERA, np.random.default_rng(0))
    assert output.depth.dtype == np.float32
    assert output.depth.shape == output.discrepancy.shape == DEPTH.shape
    np.testing.assert_allclose(output.depth * 1000, np.rint(output.depth * 1000), atol=1e-3)


def test_the_generators_state_decides_the_bytes(model) -> None:
    first, again, other = (model.apply(DEPTH, CAMERA, np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_openvino_gives_what_torch_gives_within_its_precision(pipeline, model) -> None:
    compiled = DepthRealism(pipeline, device="openvino")
    torch_depth = model.apply(DEPTH, CAMERA, np.random.default_rng(0))
    openvino_depth = compiled.apply(DEPTH, CAMERA, np.random.default_rng(0))
    # An untrained network spreads its values around the validity threshold, where rounding flips some px.
    assert ((torch_depth > 0) == (openvino_depth > 0)).mean() > 0.95


def test_an_image_of_nothing_and_one_of_one_pixel_are_survived(model) -> None:
    assert not model.apply(np.zeros((48, 64), np.float32), CAMERA, np.random.default_rng(0)).any()
    one = PinholeIntrinsics(1, 1, 300.0, 300.0, 0.0, 0.0)
    assert model.apply(np.ones((1, 1), np.float32), one, np.random.default_rng(0)).shape == (1, 1)


def test_depth_that_does_not_match_its_intrinsics_is_refused(model) -> None:
    with pytest.raises(InvalidDepthError, match="of the intrinsics"):
        model.apply(DEPTH, D435_DEPTH, np.random.default_rng(0))


def test_missing_weights_and_unknown_devices_are_refused(tmp_path) -> None:
    with pytest.raises(WeightsError, match="no such folder"):
        load_realism(tmp_path / "nowhere")
    with pytest.raises(InvalidParameterError, match="expected one of auto"):
        load_realism(device="tpu")


def test_the_shipped_weights_load_and_make_a_plausible_image() -> None:
    model = load_realism(device="cpu", coarse_steps=2, fine_steps=2)
    depth = np.full((480, 640), 1.0, np.float32)
    depth[180:300, 240:400] = 0.6
    realistic = model.apply(depth, D435_DEPTH, np.random.default_rng(0))
    valid = realistic > 0
    assert 0.6 < valid.mean() < 0.99
    # The wall is measured, to a few millimetres; beside the box it is hidden from the right imager.
    wall = realistic[20:150, 200:600]
    assert np.median(np.abs(wall[wall > 0] - 1.0)) < 0.01
    assert valid[200:280, 228:236].mean() < 0.5 < valid[200:280, 420:560].mean()
