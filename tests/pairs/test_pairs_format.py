"""Shards: lossless where they say so, whole or an error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.errors import DatasetError
from reald2iff.pairs.format import (
    CLEAN_STEPS,
    SENSOR_STEPS,
    Shard,
    decode_disparity,
    encode_disparity,
    read_index,
    read_shard,
    write_index,
    write_shard,
)


def make_shard(redrawn=True) -> Shard:
    rng = np.random.default_rng(0)
    clean, sensor = rng.integers(0, 2**16, (2, 3, 8, 6), dtype=np.uint16)
    return Shard(
        clean,
        sensor,
        sensor + np.uint16(1) if redrawn else None,
        np.arange(3),
        np.full(3, 19.13, np.float32),
        np.array(["arm", "room", "room"], "<U16"),
        np.array([1, 0.5, 2], np.float32),
        np.array([0, -1, 1], np.float32),
    )


@given(st.integers(1, 2**16 - 1))
def test_sensor_disparity_survives_exactly(code):
    disparity = np.array([[code / SENSOR_STEPS]], np.float32)
    assert decode_disparity(encode_disparity(disparity, SENSOR_STEPS), SENSOR_STEPS) == disparity


@given(st.floats(1.0, 127.9))
def test_clean_disparity_is_kept_to_half_a_step(disparity):
    image = np.array([[disparity]], np.float32)
    decoded = decode_disparity(encode_disparity(image, CLEAN_STEPS), CLEAN_STEPS)
    assert abs(decoded - image) <= 0.5 / CLEAN_STEPS + 1e-5


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan, np.inf, 1e6])
def test_what_does_not_fit_is_invalid(value):
    assert encode_disparity(np.array([[value]], np.float32), CLEAN_STEPS) == 0


@pytest.mark.parametrize("redrawn", [True, False])
def test_a_shard_reads_back_as_written(tmp_path, redrawn):
    shard = make_shard(redrawn)
    write_shard(tmp_path / "a.npz", shard)
    back = read_shard(tmp_path / "a.npz")
    for name, value in vars(shard).items():
        np.testing.assert_array_equal(getattr(back, name), value)


def test_equal_shards_are_equal_bytes_and_leave_nothing_beside_them(tmp_path):
    write_shard(tmp_path / "a.npz", make_shard())
    write_shard(tmp_path / "b.npz", make_shard())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize("keep", [0, 10, 500, -1])
def test_a_truncated_shard_is_an_error(tmp_path, keep):
    write_shard(tmp_path / "a.npz", make_shard())
    path = tmp_path / "a.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DatasetError, match=r"a\.npz: damaged"):
        read_shard(path)


def test_arrays_of_another_shape_type_or_name_are_an_error(tmp_path):
    path = tmp_path / "a.npz"
    arrays = vars(make_shard())
    np.savez(path, **(arrays | {"scene": np.arange(4)}))
    with pytest.raises(DatasetError, match=r"scene has shape \(4,\)"):
        read_shard(path)
    np.savez(path, **(arrays | {"clean_disparity": arrays["clean_disparity"].astype(np.float32)}))
    with pytest.raises(DatasetError, match="clean_disparity has type float32"):
        read_shard(path)
    np.savez(path, depth=arrays["scene"])
    with pytest.raises(DatasetError, match="depth"):
        read_shard(path)


def test_an_index_of_another_version_or_none_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="reald2iff pairs generate"):
        read_index(tmp_path)
    write_index(tmp_path, {"format_version": 99})
    with pytest.raises(DatasetError, match="version 99: expected 2"):
        read_index(tmp_path)
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_index(tmp_path)
