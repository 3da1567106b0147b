"""Validity thresholds chosen on validation views."""

import numpy as np
import pytest
import torch

from reald2iff.diffusion.calibrate import calibrate, threshold_for
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.view_samples import sample_views
from reald2iff.pairs import PairArrays


def test_the_threshold_cuts_off_the_wanted_share() -> None:
    validity = np.random.default_rng(0).normal(size=10_000)
    assert (validity < threshold_for(validity, 0.13)).mean() == pytest.approx(0.13, abs=1e-3)


def test_calibrated_weights_make_as_many_holes_as_the_sensor(pipeline, box_disparity, tmp_path) -> None:
    clean = np.rint(box_disparity[0].numpy() * 512).astype(np.uint16).repeat(2, axis=0)
    sensor = np.rint(box_disparity[0].numpy() * 32).astype(np.uint16).repeat(2, axis=0)
    sensor[:, :, :14] = 0  # a quarter of the columns
    pairs = PairArrays(
        clean,
        sensor,
        None,
        np.arange(2),
        np.ones(2, np.float32),
        np.full(2, "room"),
        np.ones(2, np.float32),
        np.zeros(2, np.float32),
    )
    pipeline.set_sampling(calibrate(pipeline, pairs, sample_views(pipeline, pairs, 0)), shift=4.0)
    generator = torch.Generator().manual_seed(0)
    output = pipeline(box_disparity, generator=generator)
    assert float((output.disparity == 0).float().mean()) == pytest.approx(0.25, abs=0.1)
    pipeline.save_pretrained(tmp_path)
    loaded = RealD2iffPipeline.from_pretrained(tmp_path)
    assert loaded.sampling == pipeline.sampling
    assert loaded.scheduler.config.shift == 4.0
