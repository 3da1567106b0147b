"""Which frames of a recording methods are fitted to, and which the classifier learns from and judges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError
from reald2iff.metrics.patches import Fold

_HALVED_FROM = 4
"""Segments from which on a half can be held out; below, every segment is tested and none is."""
_ONE_FOLD_FROM = 16
"""Segments in which the classifier finds enough to learn from outside the held-out half."""


@dataclass(frozen=True)
class Split:
    """How a recording is cut.

    Attributes:
        fit: ``(F,)`` indices of the frames that methods are fitted to.
        held_out: The tested frames are none of them.
        gap: Segments left out beside those tested, since neighbours show much the same.
        folds: Frames to train the classifier on and to test it on; every tested frame is in one of them.
    """

    fit: NDArray[np.intp]
    held_out: bool
    gap: int
    folds: tuple[Fold, ...]

    @property
    def tested(self) -> NDArray[np.intp]:
        """Indices of the tested frames, ascending."""
        return np.sort(np.concatenate([testing for _, testing in self.folds]))


def split_segments(segment: NDArray[np.integer]) -> Split:
    """Cut a recording by its segments.

    The first half of the segments is what methods are fitted to, the second what is tested. The classifier
    learns from every segment but those tested and their neighbours: in two folds, so that it has enough to
    learn from, or in one in long recordings. Fewer than 4 segments are tested one after the other, all of
    them, without a gap.

    Args:
        segment: ``(N,)`` segment of each frame, numbered in the order they were taken.

    Raises:
        DatasetError: for a single segment: nothing can be held out.
    """
    order = np.unique(segment)
    count = len(order)
    if count < 2:
        raise DatasetError(
            f"{len(segment)} usable frames are one segment: expected 2 or more, so that the classifier is "
            "asked about scenes that it has not seen"
        )
    if count < _HALVED_FROM:
        folds = tuple(
            (np.flatnonzero(segment != one), np.flatnonzero(segment == one)) for one in order.tolist()
        )
        return Split(np.arange(len(segment)), False, 0, folds)
    middle = count // 2
    place = np.searchsorted(order, segment)
    blocks = np.array_split(np.arange(middle, count), 1 if count >= _ONE_FOLD_FROM else 2)
    folds = tuple(
        (
            np.flatnonzero((place < block[0] - 1) | (place > block[-1] + 1)),
            np.flatnonzero((place >= block[0]) & (place <= block[-1])),
        )
        for block in blocks
    )
    return Split(np.flatnonzero(place < middle), True, 1, folds)
