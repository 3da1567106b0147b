"""Frames with known truth that the denoiser's tests share."""

import numpy as np

SHAPE = (480, 640)


def smooth_noise(shape: tuple[int, int], rng: np.random.Generator, std: float = 0.06) -> np.ndarray:
    """Noise like a D435's on planes: correlation half width about 7 px."""
    import cv2

    field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 5.0)
    return np.asarray(field * std / field.std(), dtype=np.float32)


def room(rng: np.random.Generator, noise: float = 0.06) -> tuple[np.ndarray, np.ndarray]:
    """Clean and sensed disparity of a floor, a wall and boxes, with stereo shadows and the left band."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    clean = np.maximum(9 + 0.002 * columns, 4 + 0.055 * rows).astype(np.float32)
    for left, top, width, height, disparity in ((120, 150, 110, 180, 30.0), (380, 120, 140, 210, 38.0)):
        clean[top : top + height, left : left + width] = disparity
    sensed = clean + smooth_noise(SHAPE, rng, noise)
    sensed = np.rint(sensed * 32) / 32
    landed = columns - clean
    nearest = np.minimum.accumulate(landed[:, ::-1], axis=1)[:, ::-1]
    sensed[(landed > nearest + 0.5) | (columns < clean + 7)] = 0
    return clean, sensed.astype(np.float32)
