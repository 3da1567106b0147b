"""Reading the recorded images back, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos import Episode, open_demos, read_episode
from reald2iff.geometry import PinholeIntrinsics, project, transform_points

_DETAIL = 0.3
"""Width of the detail, as a share of the depth image's."""


@dataclass(frozen=True)
class DemoFrame:
    """One recorded instant, or a part of it.

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


def telling_frame(path: Path, episode: str) -> tuple[DemoFrame, DemoFrame]:
    """A frame shortly before the first subtask ends, when the hand is over the object, and its detail there.

    Raises:
        DatasetError: if the file cannot be read.
    """
    known = read_episode(path, episode, images=False)
    assert known.datagen_info is not None  # the recorder always writes it
    ends = [np.flatnonzero(signal) for signal in known.datagen_info.subtask_term_signals.values()]
    first = min((int(rise[0]) for rise in ends if rise.size), default=len(known))
    index = min(round(0.6 * first), len(known) - 1)
    with open_demos(path) as file:
        frame = _read(file["data"][episode], index)
    return frame, _detail(frame, known, index)


def _read(group: h5py.Group, index: int) -> DemoFrame:
    obs = group["obs"]
    return DemoFrame(
        color=obs["camera_image"][index],
        clean=obs["camera_depth_clean"][index, ..., 0],
        realistic=obs["camera_depth"][index, ..., 0],
    )


def _detail(frame: DemoFrame, known: Episode, index: int) -> DemoFrame:
    """The surroundings of the hand and the object, of the same angular size in both cameras."""
    assert known.datagen_info is not None
    poses = [known.datagen_info.eef_pose, *known.datagen_info.object_poses.values()]
    centre = np.mean([pose[index, :3, 3] for pose in poses], axis=0)
    by_key = {key: camera for camera in known.cameras.values() for key in camera.observations}
    width = _DETAIL * frame.clean.shape[1] / by_key["camera_depth"].intrinsics[0, 0]
    parts: dict[str, NDArray[Any]] = {}
    for key, image in (
        ("camera_image", frame.color),
        ("camera_depth_clean", frame.clean),
        ("camera_depth", frame.realistic),
    ):
        camera = by_key[key]
        intrinsics = PinholeIntrinsics.from_matrix(camera.intrinsics, camera.width, camera.height)
        assert camera.extrinsics is not None
        pixel, _ = project(transform_points(np.linalg.inv(camera.extrinsics), centre), intrinsics)
        columns = round(width * intrinsics.fx)
        rows = round(columns * image.shape[0] / image.shape[1])
        left = int(np.clip(pixel[0] - columns / 2, 0, image.shape[1] - columns))
        top = int(np.clip(pixel[1] - rows / 2, 0, image.shape[0] - rows))
        parts[key] = image[top : top + rows, left : left + columns]
    return DemoFrame(parts["camera_image"], parts["camera_depth_clean"], parts["camera_depth"])
