"""The fast matcher: OpenCV's semi-global block matching."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_BLOCK = 7


def match_sgbm(left: NDArray[np.uint8], right: NDArray[np.uint8], disparities: int) -> NDArray[np.float32]:
    """Disparity of a rectified infrared pair in steps of 1/16 px.

    Args:
        left: ``(H, W) uint8``.
        right: The same scene one baseline to the right.
        disparities: Search range (px), rounded up to the multiple of 16 that OpenCV asks for.

    Returns:
        ``(H, W) float32`` px, 0 = no match.
    """
    search = -(-disparities // 16) * 16
    matcher = cv2.StereoSGBM.create(
        minDisparity=0,
        numDisparities=search,
        blockSize=_BLOCK,
        P1=4 * _BLOCK**2,
        P2=24 * _BLOCK**2,
        disp12MaxDiff=1,
        preFilterCap=31,
        uniquenessRatio=8,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
    # OpenCV matches nothing in its leftmost columns: the margin keeps those that have a partner.
    padded = [cv2.copyMakeBorder(i, 0, 0, search, 0, cv2.BORDER_CONSTANT) for i in (left, right)]
    disparity = matcher.compute(*padded)[:, search:].astype(np.float32) / 16
    return np.where(disparity > 0, disparity, np.float32(0))
