"""Noise on planes: its spread, tails, correlation lengths, spectrum, and sub-pixel locking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from reald2iff.metrics.fingerprint.dropout import DISPARITY_CLASS_NAMES
from reald2iff.metrics.fingerprint.features import Statistic, pooled, spread
from reald2iff.metrics.fingerprint.patches import PHASE_CLASSES, Patches
from reald2iff.metrics.fingerprint.view import DISPARITY_CLASSES

BLUR_SIGMA = 3.0
"""Parts low and high frequencies, native px."""

SPECTRUM_LIMITS = np.geomspace(0.035, 0.25, 8)
"""Limits between the bands of the spectrum, cycles per native px."""

_HALF = 0.5
_MIN_PATCHES_OF_FRAME = 3
_MIN_PATCHES = 8
_MIN_PHASE_PIXELS = 100

_COLUMNS = (
    "sigma", "sigma_low", "sigma_high", "kurtosis", "correlation_x", "correlation_y", "spectrum_slope"
)  # fmt: skip


@dataclass(frozen=True)
class PlaneNoise:
    """Statistics of the patches of one frame.

    Attributes:
        disparity: ``(N,)`` px.
        values: ``(N, 7)``: standard deviation of the residual, of its low and of its high frequencies (px),
            excess kurtosis, half-widths of the autocorrelation along x and y (native px), slope of the
            spectrum in log-log.
        spectrum: ``(N, 7)`` power in the bands of `SPECTRUM_LIMITS`, px^2.
        phase_counts: As in `Patches`.
        phase_sums: As in `Patches`.
        hole_share: As in `Patches`.
    """

    disparity: NDArray[np.float64]
    values: NDArray[np.float64]
    spectrum: NDArray[np.float64]
    phase_counts: NDArray[np.int64]
    phase_sums: NDArray[np.float64]
    hole_share: float


def measure_noise(patches: Patches, scale: float = 1.0) -> PlaneNoise:
    """Statistics of every patch of a frame whose lengths are magnified by ``scale``."""
    residual, valid = patches.residual, patches.valid
    blurred = blur(residual, scale)
    sigma = _masked_std(residual, valid)
    low = blurred.std(axis=(1, 2), dtype=np.float64)
    high = _masked_std(residual - blurred, valid)
    spectrum = radial_power(residual, scale)
    values = np.stack(
        [sigma, low, high, _kurtosis(residual, valid), *_half_widths(residual) / scale, _slopes(spectrum)],
        axis=1,
    )
    return PlaneNoise(
        patches.disparity, values, spectrum, patches.phase_counts, patches.phase_sums, patches.hole_share
    )


def summarise_noise(frames: Sequence[PlaneNoise]) -> dict[str, Statistic | None]:
    """Features of all frames: medians of the frames' medians; by disparity, over all patches."""
    features: dict[str, Statistic | None] = {"holes_on_planes": spread([f.hole_share for f in frames])}
    enough = [frame for frame in frames if len(frame.disparity) >= _MIN_PATCHES_OF_FRAME]
    for index, name in enumerate(_COLUMNS):
        features[f"plane_{name}"] = spread([np.median(frame.values[:, index]) for frame in enough])
    for band in range(len(SPECTRUM_LIMITS) - 1):
        features[f"spectrum_{band + 1}"] = spread([np.median(frame.spectrum[:, band]) for frame in enough])
    disparity = np.concatenate([frame.disparity for frame in frames])
    sigma = np.concatenate([frame.values[:, 0] for frame in frames])
    group = np.digitize(disparity, DISPARITY_CLASSES)
    for index, name in enumerate(DISPARITY_CLASS_NAMES):
        features[f"plane_sigma_disparity_{name}"] = spread(sigma[group == index + 1], _MIN_PATCHES)
    counts = sum((frame.phase_counts for frame in frames), np.zeros(PHASE_CLASSES, np.int64))
    sums = sum((frame.phase_sums for frame in frames), np.zeros(PHASE_CLASSES))
    if counts.min() >= _MIN_PHASE_PIXELS:
        harmonics = np.abs(np.fft.rfft(sums / counts)) * 2 / PHASE_CLASSES
        features["locking_1"] = pooled(harmonics[1], int(counts.sum()))
        features["locking_2"] = pooled(harmonics[2], int(counts.sum()))
    return features


def blur(residual: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.float32]:
    """``(N, P, P)`` blurred with a Gaussian of `BLUR_SIGMA` native px, mirrored at the borders."""
    number, side, _ = residual.shape
    if number == 0:
        return residual
    sigma = BLUR_SIGMA * scale
    reach = 2 * round(4 * sigma) + 1
    # All patches in one image, below each other for one direction and beside each other for the other.
    tall = cv2.GaussianBlur(residual.reshape(number * side, side), (reach, 1), sigmaX=sigma)
    wide = np.ascontiguousarray(tall.reshape(number, side, side).swapaxes(0, 1)).reshape(side, -1)
    blurred = cv2.GaussianBlur(wide, (1, reach), sigmaX=sigma, sigmaY=sigma)
    return np.ascontiguousarray(blurred.reshape(side, number, side).swapaxes(0, 1), dtype=np.float32)


def radial_power(residual: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.float64]:
    """Mean power, px^2, of Hann-windowed ``(N, P, P)`` in each band of `SPECTRUM_LIMITS`: ``(N, 7)``."""
    window, members = _spectrum_plan(residual.shape[-1], scale)
    power = np.abs(fft.rfft2(residual * window)) ** 2
    # Not a matrix product: the threads of a BLAS cost more than they save where other work runs.
    return np.einsum("nk,kb->nb", power.reshape(len(power), len(members)), members)


@cache
def _spectrum_plan(side: int, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The window, and which frequencies each band averages: ``(P * (P // 2 + 1), 7)``."""
    window = np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]) * scale
    # The half plane stands for the whole one: what has a mirror image counts twice.
    weight = np.full(radius.shape, 2.0)
    weight[:, 0] = 1
    if side % 2 == 0:
        weight[:, -1] = 1
    weight[radius >= 0.45 * scale] = 0
    group = np.digitize(radius, SPECTRUM_LIMITS)
    bands = [np.where(group == band, weight, 0).ravel() for band in range(1, len(SPECTRUM_LIMITS))]
    members = np.stack(bands, axis=1)
    return window, members / np.maximum(members.sum(axis=0), 1) / (window**2).sum()


def _slopes(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slope of log power over log frequency, ``(N,)``; NaN where a band is empty of power."""
    x = np.log(np.sqrt(SPECTRUM_LIMITS[1:] * SPECTRUM_LIMITS[:-1]))
    x = x - x.mean()
    with np.errstate(divide="ignore"):
        y = np.log(spectrum)
    slope = np.full(len(y), np.nan)
    finite = np.isfinite(y).all(axis=1)
    slope[finite] = y[finite] @ x / (x @ x)
    return slope


def _masked_std(values: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = np.maximum(valid.sum(axis=(1, 2)), 1)
    held = np.where(valid, values, np.float32(0))
    mean = held.sum(axis=(1, 2), dtype=np.float64) / count
    square = np.einsum("nij,nij->n", held, held, dtype=np.float64) / count
    return np.sqrt(np.maximum(square - mean**2, 0))


def _kurtosis(residual: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = np.maximum(valid.sum(axis=(1, 2)), 1)
    mean = residual.sum(axis=(1, 2), dtype=np.float64) / count
    centred = np.where(valid, residual - mean[:, None, None].astype(np.float32), np.float32(0))
    square = centred * centred
    second = square.sum(axis=(1, 2), dtype=np.float64) / count
    fourth = np.einsum("nij,nij->n", square, square, dtype=np.float64) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(second > 0, fourth / second**2 - 3, np.nan)


@nb.njit(cache=True)
def _half_widths(residual: NDArray) -> NDArray:
    """``(2, N)``: lag along x and along y where the autocorrelation falls to one half; NaN: no residual."""
    number, side = residual.shape[0], residual.shape[1]
    widths = np.full((2, number), np.nan)
    for n in range(number):
        patch = residual[n]
        power = 0.0
        for y in range(side):
            for x in range(side):
                power += patch[y, x] * patch[y, x]
        power /= side * side
        if power <= 0:
            continue
        for axis in range(2):
            before = 1.0
            widths[axis, n] = side // 2
            for lag in range(1, side // 2):
                total = np.float32(0)
                if axis == 0:
                    for y in range(side):
                        for x in range(side - lag):
                            total += patch[y, x] * patch[y, x + lag]
                else:
                    for y in range(side - lag):
                        for x in range(side):
                            total += patch[y, x] * patch[y + lag, x]
                now = total / (side * (side - lag)) / power
                if now < _HALF:
                    widths[axis, n] = lag - 1 + (before - _HALF) / (before - now)
                    break
                before = now
    return widths
