"""Recordings of a camera whose clean depth is known, and denoisers that stand in for the trained one."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from reald2iff.geometry import PinholeIntrinsics, disparity_to_depth
from reald2iff.io.recordings import RecordedFrame, Recording

BASELINE = 0.05
CAMERA = PinholeIntrinsics(160, 128, 382.6, 382.6, 79.5, 63.5)


def clean_frame(seed: int) -> np.ndarray:
    """Disparity ``(H, W)``, px: a slanted floor and two boxes."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : CAMERA.height, 0 : CAMERA.width]
    image = rng.uniform(9, 12) + rows * rng.uniform(0.02, 0.06) + columns * rng.normal(0, 0.01)
    for _ in range(2):
        top, left = rng.integers(0, 80, size=2)
        image[top : top + 40, left : left + 40] = rng.uniform(18, 26)
    return image.astype(np.float32)


def smooth_noise(shape: tuple[int, ...], sigma: float, rng: np.random.Generator) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), 1.5)
    return noise * sigma / noise.std()


def sense(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A camera: smooth noise, holes in blobs and a band at the left border; disparity to disparity, px."""
    noisy = clean + smooth_noise(clean.shape, 0.06, rng)
    holes = smooth_noise(clean.shape, 1.0, rng) > 2.2
    holes[:, : rng.integers(9, 14)] = True
    return np.where(holes, 0, np.rint(noisy * 32) / 32).astype(np.float32)


def recording(frames: int, name: str = "room", registered: bool = False) -> Recording:
    """Frames of different places, in segments of 4."""
    return Recording(
        name,
        registered,
        BASELINE,
        tuple(
            RecordedFrame(f"{number:06d}", CAMERA, number // 4, False, BASELINE, partial(_load, number))
            for number in range(frames)
        ),
    )


def _load(number: int) -> np.ndarray:
    sensed = sense(clean_frame(number), np.random.default_rng([7, number]))
    return disparity_to_depth(sensed, CAMERA.fx, BASELINE)


@dataclass
class Answer:
    disparity: np.ndarray
    refusal: str | None = None


class Oracle:
    """Knows the clean side of `recording`, frame after frame; a band on the right it does not."""

    def __init__(self, refuses: tuple[int, ...] = ()) -> None:
        self.number = 0
        self.refuses = refuses
        self.scales: list[float] = []

    def clean(self, disparity: np.ndarray, registered_scale: float = 1.0) -> Answer:
        number, self.number = self.number, self.number + 1
        self.scales.append(registered_scale)
        if number in self.refuses:
            return Answer(np.zeros_like(disparity), f"frame {number} shows nothing")
        clean = clean_frame(number)
        clean[:, -10:] = 0
        return Answer(clean)
