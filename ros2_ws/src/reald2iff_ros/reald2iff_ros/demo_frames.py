"""Reading the recorded images back, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos import open_demos


@dataclass(frozen=True)
class DemoFrame:
    """One recorded instant.

    Attributes:
        color: ``(H, W, 3) uint8`` RGB.
        clean: ``(H, W) float32`` metres as rendered, 0 = nothing there.
        realistic: ``(H, W) float32`` metres as the depth model made it, 0 = hole.
    """

    color: NDArray[np.uint8]
    clean: NDArray[np.float32]
    realistic: NDArray[np.float32]

    @property
    def difference(self) -> NDArray[np.float32]:
        """Realistic minus clean depth in millimetres, NaN where either is missing."""
        both = (self.clean > 0) & (self.realistic > 0)
        return np.where(both, (self.realistic - self.clean) * np.float32(1000), np.float32(np.nan))


def iterate_frames(path: Path, episode: str) -> Iterator[DemoFrame]:
    """The frames of one episode of a demonstration file.

    Raises:
        DatasetError: if the file cannot be read.
    """
    with open_demos(path) as file:
        group = file["data"][episode]
        for index in range(int(group.attrs["num_samples"])):
            yield _read(group, index)


def telling_frame(path: Path, episode: str) -> DemoFrame:
    """The frame just before the first subtask ends: the hand is over the object, and both can be seen.

    Raises:
        DatasetError: if the file cannot be read.
    """
    with open_demos(path) as file:
        group = file["data"][episode]
        count = int(group.attrs["num_samples"])
        ends = [np.flatnonzero(signal[()]) for signal in group["datagen_info/subtask_term_signals"].values()]
        first = min((int(rise[0]) for rise in ends if rise.size), default=count)
        return _read(group, min(round(0.6 * first), count - 1))


def _read(group: h5py.Group, index: int) -> DemoFrame:
    obs = group["obs"]
    return DemoFrame(
        color=obs["camera_image"][index],
        clean=obs["camera_depth_clean"][index, ..., 0],
        realistic=obs["camera_depth"][index, ..., 0],
    )
