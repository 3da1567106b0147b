"""Frechet distance between sensor and generated depth, on a fixed extractor of texture features.

``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`` of the features' means and covariances (Heusel et al., NIPS
2017). The papers take the features from a network trained on photographs (FID). Here they come from
`EXTRACTOR`: a bank of fixed wavelet filters with two layers of modulus and averaging, a scattering transform
(Bruna and Mallat, "Invariant Scattering Convolution Networks", PAMI 2013). It needs no weights, never changes
under its name, and is made for what tells depth sensors apart: the first layer measures how strong disparity
noise is at each scale and direction and how holes are shaped, the second how that strength itself varies
(smooth against grainy noise of one spectrum, noise gathered at edges against noise spread evenly).

Figures are not comparable with FID of other extractors, and grow as the number of tiles falls: read them
beside the sensor drawn twice, of as many frames.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError

EXTRACTOR = "scattering-64-v1"
"""Name and version of the features; another name for any change of what they are."""

TILE = 64
"""Side of the square tiles that give one feature vector each, px."""

LEVELS = 4
"""Octaves, finest first."""

ANGLES = 4
_KERNEL = 9
_FREQUENCY = 0.25
_SIGMA = 1.8
_LOCAL_SIGMA = 8.0
_COMPAND = 0.15
_FLOOR = 0.01
"""Of a modulus before its logarithm; companded disparity noise of a D435 stands at 0.3."""


def _gabor(angle: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Even and odd part of a wavelet of a quarter of a cycle per pixel, without a mean."""
    reach = _KERNEL // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    along = x * np.cos(angle) + y * np.sin(angle)
    envelope = np.exp(-(x**2 + y**2) / (2 * _SIGMA**2))
    envelope /= envelope.sum()
    even = envelope * np.cos(2 * np.pi * _FREQUENCY * along)
    odd = envelope * np.sin(2 * np.pi * _FREQUENCY * along)
    return (even - envelope * even.sum()).astype(np.float32), odd.astype(np.float32)


_BANK = tuple(_gabor(np.pi * index / ANGLES) for index in range(ANGLES))


def _moduli(image: NDArray[Any]) -> list[NDArray[Any]]:
    """Strength of each direction's wavelet, ``(H, W)`` each."""
    return [
        cv2.magnitude(
            cv2.filter2D(image, cv2.CV_32F, even, borderType=cv2.BORDER_REFLECT),
            cv2.filter2D(image, cv2.CV_32F, odd, borderType=cv2.BORDER_REFLECT),
        )
        for even, odd in _BANK
    ]


def _tile_means(image: NDArray[Any], level: int) -> NDArray[np.float32]:
    """``(T,)`` means over the tiles of an image at a level of the pyramid."""
    side = TILE >> level
    rows, columns = image.shape[0] // side, image.shape[1] // side
    tiles = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return tiles.mean(axis=(1, 3)).ravel()


def _companded(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Disparity against its surroundings, companded; 0 in holes, so that they end no texture sharply."""
    valid = (disparity > 0).astype(np.float32)
    weight = cv2.GaussianBlur(valid, (0, 0), _LOCAL_SIGMA)
    local = cv2.GaussianBlur(disparity, (0, 0), _LOCAL_SIGMA) / np.maximum(weight, 1e-6)
    return (np.arcsinh((disparity - local) / _COMPAND) * valid).astype(np.float32)


def _pyramid(image: NDArray[np.float32]) -> list[NDArray[Any]]:
    levels: list[NDArray[Any]] = [image]
    while len(levels) < LEVELS:
        levels.append(cv2.pyrDown(levels[-1]))
    return levels


def _frame_features(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (size - size % TILE for size in disparity.shape)
    disparity = np.ascontiguousarray(disparity[:height, :width])
    columns = [_tile_means((disparity > 0).astype(np.float32), 0)]
    for level, image in enumerate(_pyramid((disparity > 0).astype(np.float32))):
        columns += [np.log(_tile_means(modulus, level) + _FLOOR) for modulus in _moduli(image)]
    for level, image in enumerate(_pyramid(_companded(disparity))):
        for modulus in _moduli(image):
            # The mean of logarithms is that of plain surfaces, the logarithm of means that of edges.
            columns.append(_tile_means(np.log(modulus + _FLOOR), level))
            columns.append(np.log(_tile_means(modulus, level) + _FLOOR))
            coarser: NDArray[Any] = modulus
            for above in range(level + 1, LEVELS):
                coarser = cv2.pyrDown(coarser)
                second = np.sum([_tile_means(strength, above) for strength in _moduli(coarser)], axis=0)
                columns.append(np.log(second + _FLOOR))
    return np.stack(columns, axis=1)


def tile_features(disparity: NDArray[np.floating]) -> NDArray[np.float32]:
    """Features of every 64x64 tile.

    Args:
        disparity: ``(N, H, W)`` px, 0 = invalid.

    Returns:
        ``(N * T, 73) float32``, tiles of a frame in rows; what is left at the right and bottom is not used.

    Raises:
        InvalidDepthError: for images smaller than a tile.
    """
    if disparity.ndim != 3 or len(disparity) == 0 or min(disparity.shape[1:]) < TILE:
        raise InvalidDepthError(
            f"disparity {disparity.shape}: expected (N, H, W) of at least {TILE} px a side"
        )
    return np.concatenate([_frame_features(np.asarray(frame, dtype=np.float32)) for frame in disparity])


def frechet_distance(features: NDArray[np.floating], reference: NDArray[np.floating]) -> float:
    """Between two sets of features ``(M, D)`` and ``(K, D)`` taken as Gaussian; 0 = alike."""
    a, b = (np.asarray(side, dtype=np.float64) for side in (features, reference))
    apart = float(np.square(a.mean(axis=0) - b.mean(axis=0)).sum())
    ours, theirs = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(theirs)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # The square root of a product has the eigenvalues of a symmetric one.
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ ours @ root), 0)).sum()
    return max(apart + float(np.trace(ours) + np.trace(theirs) - 2 * shared), 0.0)
