"""The disparity residual ``n = noisy - clean``, px, where both are valid: its spread, shape and spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COMPAND_SCALE = 0.15
"""Residual in px where companding turns from linear to logarithmic."""

_MAD_TO_SIGMA = 1.4826
_QUANTILES = np.linspace(0, 1, 401)
_SAMPLES = 200_000
_WINDOW = 64


def residual(noisy: NDArray[np.floating], clean: NDArray[np.floating]) -> NDArray[np.float32]:
    """``noisy - clean`` of two disparity arrays of one shape; NaN where either is invalid (0)."""
    both = (np.asarray(noisy) > 0) & (np.asarray(clean) > 0)
    return np.where(both, noisy - clean, np.nan).astype(np.float32)


def compand(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """``asinh(values / COMPAND_SCALE)``: keeps the heavy tails from deciding everything."""
    return np.arcsinh(values / COMPAND_SCALE)


def _finite(values: NDArray[np.floating]) -> NDArray[np.floating]:
    flat = np.asarray(values).ravel()
    return flat[np.isfinite(flat)]


def robust_spread(values: NDArray[np.floating]) -> float:
    """1.4826 times the median absolute deviation from the median: sigma of a Gaussian, blind to tails.

    NaN is left out; nothing left gives NaN.
    """
    flat = _finite(values)
    if flat.size == 0:
        return float("nan")
    return float(_MAD_TO_SIGMA * np.median(np.abs(flat - np.median(flat))))


def wasserstein_companded(values: NDArray[np.floating], sensor: NDArray[np.floating]) -> float:
    """Wasserstein-1 distance between the distributions of two companded residuals (401 quantiles).

    Args:
        values: Residual, px, any shape; NaN is left out.
        sensor: Residual of the sensor, px, any shape.

    Returns:
        In units of the companded residual; NaN if either side is empty.
    """
    quantiles = []
    for side in (values, sensor):
        flat = _finite(side)
        if flat.size == 0:
            return float("nan")
        # Evenly spaced values are as good as all of them and cost a sort of 0.2 million, not 20.
        quantiles.append(np.quantile(compand(flat[:: max(1, flat.size // _SAMPLES)]), _QUANTILES))
    return float(np.abs(quantiles[0] - quantiles[1]).mean())


def radial_spectrum(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Power of the companded residual over spatial frequency, dB.

    Args:
        values: ``(N, H, W)`` residual, px; NaN (holes) counts as 0, so that the holes' shape is part of it.

    Returns:
        ``(31,)`` at 1/64 .. 31/64 cycles/px, averaged over Hann-windowed 64x64 tiles and directions.
    """
    frames = np.nan_to_num(compand(np.asarray(values, dtype=np.float32)), nan=0.0)
    rows, columns = frames.shape[1] // _WINDOW, frames.shape[2] // _WINDOW
    hann = np.hanning(_WINDOW + 1)[:-1]
    window = np.outer(hann, hann).astype(np.float32)
    power = np.zeros((_WINDOW, _WINDOW // 2 + 1))
    for frame in frames:
        tiles = frame[: rows * _WINDOW, : columns * _WINDOW].reshape(rows, _WINDOW, columns, _WINDOW)
        transformed = np.fft.rfft2(tiles.swapaxes(1, 2) * window)
        power += (np.abs(transformed) ** 2).mean(axis=(0, 1))
    fy = np.fft.fftfreq(_WINDOW)[:, None] * _WINDOW
    fx = np.fft.rfftfreq(_WINDOW)[None, :] * _WINDOW
    ring = np.rint(np.hypot(fx, fy)).astype(int).ravel()
    mean = np.bincount(ring, power.ravel()) / np.bincount(ring)
    return 10 * np.log10(np.maximum(mean[1 : _WINDOW // 2] / len(frames), 1e-12))


def spectrum_distance(values: NDArray[np.floating], sensor: NDArray[np.floating]) -> float:
    """Root mean square difference of two `radial_spectrum`, dB. Arguments ``(N, H, W)`` residuals, px."""
    return float(np.sqrt(np.mean((radial_spectrum(values) - radial_spectrum(sensor)) ** 2)))
