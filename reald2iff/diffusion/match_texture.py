"""Choosing how much texture samples get: noise on planes shall be the sensor's, at every disparity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reald2iff.diffusion.pipeline import RealD2iffPipeline, StageSamples
from reald2iff.diffusion.sampling_defaults import MAX_TEXTURE_GAIN
from reald2iff.diffusion.texture import GAIN_DISPARITIES
from reald2iff.diffusion.view_samples import clean_disparity
from reald2iff.pairs import PairArrays
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS

_BLOCK = 24
"""Noise is compared on blocks of this many px."""

_FLAT = 0.03
"""Blocks whose clean disparity lies farther from a plane (px) are left out."""

_MIN_BLOCKS = 20


def matching_gains(
    pipeline: RealD2iffPipeline, sources: Sequence[tuple[PairArrays, Sequence[StageSamples]]]
) -> tuple[float, ...]:
    """Factors on the texture that samples lack at which noise on planes is the sensor's.

    The noise is taken to grow linearly between a factor of 0 and one of 1. Where samples lack no texture, or
    no planes are found, 1.

    Args:
        pipeline: With the steps and the low-pass that will be used; its gains are changed.
        sources: Views to look at and `sample_views` of them; the mean of what suits each.
    """
    ones = (1.0,) * len(GAIN_DISPARITIES)
    if not pipeline.fine.predicts_spread:
        return ones
    fitting = []
    for pairs, views in sources:
        clean = pairs.clean_disparity.astype(np.float32) / CLEAN_STEPS
        noise = [block_noise(pairs.sensor_disparity.astype(np.float32) / SENSOR_STEPS)]
        for gains in ((0.0,) * len(ones), ones):
            pipeline.set_sampling(replace(pipeline.sampling, texture_gains=gains))
            generated = []
            for index, samples in enumerate(views):
                assert samples.fine is not None
                disparity = clean_disparity(pairs, index)
                decoded = pipeline.decode_fine(disparity, samples.fine, samples.missing)
                generated.append(decoded[0, 0].numpy())
            noise.append(block_noise(np.stack(generated)))
        wanted, without, whole = _median_noise(clean, np.stack(noise))
        slope = np.where(whole > without, whole - without, np.nan)
        fitting.append(np.clip((wanted - without) / slope, 0, MAX_TEXTURE_GAIN))
    count = np.sum(~np.isnan(fitting), axis=0)
    if not count.any():
        return ones
    mean = np.nansum(fitting, axis=0) / np.maximum(count, 1)
    filled = np.interp(GAIN_DISPARITIES, np.array(GAIN_DISPARITIES)[count > 0], mean[count > 0])
    return tuple(filled.tolist())


def _median_noise(clean: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Medians of noise on the same planes, by disparity: ``(K, N, h, w)`` to ``(K, classes)``."""
    flat = block_noise(clean) < _FLAT
    level = _blocks(clean).mean(axis=-1)
    limits = np.sqrt(np.multiply(GAIN_DISPARITIES[1:], GAIN_DISPARITIES[:-1]))
    usable = flat & ~np.isnan(noise).any(axis=0)
    group = np.where(usable, np.digitize(level, limits), -1)
    medians = np.full((len(noise), len(GAIN_DISPARITIES)), np.nan)
    for index in range(len(GAIN_DISPARITIES)):
        if (group == index).sum() >= _MIN_BLOCKS:
            medians[:, index] = np.median(noise[:, group == index], axis=1)
    return medians


def block_noise(disparity: np.ndarray) -> np.ndarray:
    """Standard deviation (px) off the best plane of every block: ``(N, H, W)`` to ``(N, h, w)``.

    NaN where a block has holes.
    """
    blocks = _blocks(disparity)
    ramp = np.arange(_BLOCK) - (_BLOCK - 1) / 2
    plane = np.stack([np.ones(_BLOCK**2), np.repeat(ramp, _BLOCK), np.tile(ramp, _BLOCK)], axis=1)
    plane /= np.linalg.norm(plane, axis=0)
    level = blocks.mean(axis=-1, keepdims=True)
    left = (blocks - level) - ((blocks - level) @ plane) @ plane.T
    return np.where((blocks > 0).all(axis=-1), left.std(axis=-1), np.nan)


def _blocks(images: np.ndarray) -> np.ndarray:
    """``(N, H, W)`` to ``(N, H // side, W // side, side * side)``."""
    count, height, width = images.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    cut = images[:, : rows * _BLOCK, : columns * _BLOCK].reshape(count, rows, _BLOCK, columns, _BLOCK)
    return cut.transpose(0, 1, 3, 2, 4).reshape(count, rows, columns, _BLOCK**2).astype(np.float64)
