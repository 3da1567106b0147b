"""Converted networks are kept on disk, and give what they give without."""

import logging

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset8 as ops

from reald2iff.diffusion import openvino_cache, openvino_runtime
from reald2iff.diffusion.condition import CONDITION_CHANNELS
from reald2iff.diffusion.openvino_cache import cached_model, converted_key
from reald2iff.diffusion.openvino_runtime import compile_denoiser


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "reald2iff" / "openvino"


@pytest.fixture
def conversions(monkeypatch):
    """Grows with every network that is converted."""
    made, convert = [], openvino_runtime.convert
    monkeypatch.setattr(openvino_runtime, "convert", lambda *a: made.append(a) or convert(*a))
    return made


def run(backbone, height=48, width=64):
    denoise = compile_denoiser(backbone, CONDITION_CHANNELS, height, width)
    generator = torch.Generator().manual_seed(1)
    sample = torch.randn(backbone.sample_shape(1, height, width), generator=generator)
    condition = torch.randn((1, CONDITION_CHANNELS, height, width), generator=generator)
    return [t.numpy() for t in denoise(sample, torch.full((1,), 0.5), condition)]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_kept_network_gives_the_same_and_is_not_converted_again(pipeline, cache, conversions):
    first, again = run(pipeline.coarse), run(pipeline.coarse)
    assert same(first, again)
    assert len(conversions) == len(list(cache.iterdir())) == 1


def test_other_weights_and_other_sizes_are_other_networks(pipeline):
    shapes = [(1, 2, 8, 8), (1,), (1, 3, 8, 8)]
    first, again = converted_key(pipeline.coarse, shapes), converted_key(pipeline.coarse, shapes)
    other_size = converted_key(pipeline.coarse, [(1, 2, 16, 8), (1,), (1, 3, 16, 8)])
    with torch.no_grad():
        next(pipeline.coarse.parameters()).mul_(1.5)
    assert first == again
    assert len({first, other_size, converted_key(pipeline.coarse, shapes)}) == 3


class Doubler:
    """A network that is made quickly, and how often it was."""

    def __init__(self):
        self.made = 0

    def __call__(self):
        self.made += 1
        value = ops.parameter([3], np.float32)
        return ov.Model([ops.multiply(value, ops.constant(np.full(3, 2, np.float32)))], [value])

    def right(self, key="key"):
        model = ov.Core().compile_model(cached_model(key, self), "CPU")
        return model([np.arange(3, dtype=np.float32)])[0].tolist() == [0, 2, 4]


@pytest.mark.parametrize("spoil", [lambda c: c[: len(c) // 2], lambda c: c[:-1] + b"\x55\xaa", lambda c: b""])
def test_a_damaged_file_is_made_anew_with_a_line_of_log(cache, caplog, spoil):
    network = Doubler()
    assert network.right()
    (kept,) = cache.iterdir()
    kept.write_bytes(spoil(kept.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert network.right()
    assert [record.getMessage().count("converted anew") for record in caplog.records] == [1]
    assert network.right()
    assert network.made == 2


def test_without_a_place_to_keep_it_the_network_still_runs(cache, caplog):
    cache.parent.write_text("no folder")
    network = Doubler()
    assert network.right()
    assert network.right()
    assert network.made == 2
    assert "not kept" in caplog.text


def test_the_oldest_networks_go(cache, monkeypatch):
    monkeypatch.setattr(openvino_cache, "_KEPT", 1)
    network = Doubler()
    assert network.right("first")
    assert network.right("second")
    assert len(list(cache.iterdir())) == 1
