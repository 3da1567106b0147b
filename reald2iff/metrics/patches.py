"""Patches for the two-sample test: the same places of clean, sensor and generated disparity; scenes split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidParameterError

_MIN_CLEAN_SHARE = 0.5

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Indices of the frames to train on, and of those to test on."""


def split_scenes(scene: NDArray[np.integer], rng: np.random.Generator) -> Fold:
    """Frames to train on and frames to test on, half of the scenes each.

    Args:
        scene: ``(N,)`` scene of each frame.
        rng: Draws the halves.

    Raises:
        InvalidParameterError: for fewer than 4 scenes.
    """
    scenes = np.unique(scene)
    if len(scenes) < 4:
        raise InvalidParameterError(
            f"{len(scenes)} scenes: a two-sample test needs at least 4 different ones"
        )
    chosen = rng.permutation(scenes)[: len(scenes) // 2]
    training = np.isin(scene, chosen)
    return np.flatnonzero(training), np.flatnonzero(~training)


class PairedPatches:
    """Patches of clean, sensor and generated disparity at the same places."""

    def __init__(
        self,
        clean: NDArray[np.float32],
        sensor: NDArray[np.float32],
        generated: NDArray[np.float32],
        size: int,
    ) -> None:
        view = np.lib.stride_tricks.sliding_window_view
        self._windows = [view(images, (size, size), axis=(1, 2)) for images in (clean, sensor, generated)]
        self.rows, self.columns = self._windows[0].shape[1:3]

    def at(
        self, frame: NDArray[np.integer], row: NDArray[np.integer], column: NDArray[np.integer]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Clean, sensor and generated patches ``(B, P, P)``, and which of those asked for could be used."""
        clean, sensor, generated = (w[frame, row, column] for w in self._windows)
        usable = (clean > 0).mean(axis=(1, 2)) >= _MIN_CLEAN_SHARE
        usable &= (sensor > 0).any(axis=(1, 2)) | (generated > 0).any(axis=(1, 2))
        return clean[usable], sensor[usable], generated[usable], usable
