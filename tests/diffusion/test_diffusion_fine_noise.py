"""Noise finer than samples hold."""

import numpy as np
import torch

from reald2iff.diffusion.fine_noise import fine_noise


def draw(white: float, lobes: float, seed: int = 0) -> np.ndarray:
    return fine_noise((256, 256), white, lobes, torch.Generator().manual_seed(seed))


def test_white_noise_is_as_wide_as_asked_for() -> None:
    assert abs(draw(0.003, 0).std() / 0.003 - 1) < 0.02


def test_along_rows_lobes_lie_between_a_tenth_and_a_quarter_of_a_cycle_per_pixel() -> None:
    power = np.mean([np.abs(np.fft.rfft2(draw(0, 1, seed))) ** 2 for seed in range(8)], axis=0)
    along_rows = power[np.abs(np.fft.fftfreq(256)) < 0.03].mean(axis=0)
    frequency = np.fft.rfftfreq(256)
    lobe = along_rows[(frequency > 0.14) & (frequency < 0.19)].mean()
    assert lobe > 3 * along_rows[frequency < 0.03].mean()
    assert lobe > 3 * along_rows[(frequency > 0.1) & (frequency < 0.12)].mean()


def test_the_same_generator_gives_the_same_noise() -> None:
    np.testing.assert_array_equal(draw(0.003, 0.01), draw(0.003, 0.01))
