"""Cleaning a frame: what stereo noise and holes hide, as far as the neighbourhood tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reald2iff.denoising.borders import draw_back_borders
from reald2iff.denoising.credibility import CredibilityLimits, refuse_frame, refuse_result
from reald2iff.denoising.network import DenoisingNetwork, load_network
from reald2iff.errors import InvalidDepthError, InvalidParameterError, WeightsError
from reald2iff.sensors.d435.postprocess import lowpass_within

DEFAULT_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "denoiser"


_SEAM_RADIUS, _SEAM_TOLERANCE = 2.0, 0.3
"""The network answers in cells of 4 px, whose seams are steps of 0.01 px: Gaussian radius (px) of the filter
that takes them out, and the step (px) beyond which it leaves everything as it is."""


@dataclass(frozen=True)
class CleanedFrame:
    """A cleaned disparity image.

    Attributes:
        disparity: ``(H, W) float32`` px, 0 = cannot say; all 0 in a refused frame.
        spread: ``(H, W) float32`` px, the predicted absolute error; infinite where nothing was predicted.
        refusal: Why the frame cannot be cleaned credibly; None if it can.
    """

    disparity: NDArray[np.float32]
    spread: NDArray[np.float32]
    refusal: str | None


@dataclass(frozen=True)
class Denoiser:
    """A trained network and the limits of its credibility.

    Attributes:
        network: On the device it is to run on.
        limits: When frames are refused.
    """

    network: DenoisingNetwork
    limits: CredibilityLimits = field(default_factory=CredibilityLimits)

    def clean(self, disparity: NDArray[np.float32], registered_scale: float = 1.0) -> CleanedFrame:
        """Clean a frame.

        Args:
            disparity: ``(H, W) float32`` px as the sensor gave it, never filtered, 0 = invalid.
            registered_scale: Focal length of the frame over that of the depth sensor's own stream: above 1
                for depth that was resampled into a colour camera (about 1.6 for a D435 at 640x480). Such a
                frame is cleaned at the sensor's own resolution, where its noise looks as it was trained.

        Raises:
            InvalidDepthError: for an array that is no disparity image.
            InvalidParameterError: for a scale that is not between 0.25 and 4.
        """
        image = _require_disparity(disparity)
        if not 0.25 <= registered_scale <= 4:
            raise InvalidParameterError(f"registered_scale = {registered_scale}: expected 0.25 to 4")
        nothing = CleanedFrame(np.zeros_like(image), np.full_like(image, np.inf), None)
        refusal = refuse_frame(image, self.limits)
        if refusal is not None:
            return CleanedFrame(nothing.disparity, nothing.spread, refusal)
        native = _to_native(image, registered_scale)
        cleaned, spread = self._predict(native)
        refusal = refuse_result(native, cleaned, spread, self.limits)
        cleaned, spread = _from_native(cleaned, spread, image.shape, registered_scale)
        if refusal is not None:
            return CleanedFrame(nothing.disparity, spread, refusal)
        known = (spread <= self.limits.spread * registered_scale) & (cleaned > 0)
        return CleanedFrame(np.where(known, cleaned, np.float32(0)), spread, None)

    @torch.no_grad()
    def _predict(self, disparity: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The network's answer and spread for an image of any size."""
        height, width = disparity.shape
        multiple = self.network.multiple
        padded = np.pad(disparity, ((0, -height % multiple), (0, -width % multiple)))
        prediction = self.network(torch.from_numpy(padded)[None, None].to(self.network.device))
        cleaned, spread = (
            image[0, 0, :height, :width].cpu().numpy() for image in (prediction.disparity, prediction.spread)
        )
        return draw_back_borders(lowpass_within(cleaned, _SEAM_RADIUS, _SEAM_TOLERANCE)), spread


def load_denoiser(weights: str | Path = "default", device: str = "cpu") -> Denoiser:
    """Load a denoiser.

    Args:
        weights: ``"default"`` for the weights that ship with the project, or a folder written by
            `reald2iff train denoiser`.
        device: ``cpu`` or ``cuda``.

    Raises:
        WeightsError: if the weights are missing or do not fit.
        InvalidParameterError: for another device, or CUDA where there is none.
    """
    if device not in ("cpu", "cuda"):
        raise InvalidParameterError(f"device {device!r}: expected cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise InvalidParameterError("device cuda: torch finds no CUDA device here; use cpu")
    default = str(weights) in ("", "default")
    folder = DEFAULT_WEIGHTS if default else Path(weights)
    if default and not folder.is_dir():
        raise WeightsError(f"{folder}: the weights that ship with the project are missing: reinstall it")
    return Denoiser(load_network(folder).to(device))


def _require_disparity(disparity: NDArray[np.float32]) -> NDArray[np.float32]:
    array = np.asarray(disparity)
    if array.ndim != 2 or min(array.shape, default=0) < 32:
        raise InvalidDepthError(f"disparity has shape {array.shape}: expected (height, width), 32 px or more")
    if array.dtype.kind != "f":
        raise InvalidDepthError(f"disparity has type {array.dtype}: expected floating point px")
    image = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(image).all() or image.min() < 0:
        raise InvalidDepthError("disparity holds negative or not finite values: expected px, 0 = invalid")
    return image


def _to_native(disparity: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """The frame at the sensor's own resolution; each value is one that was measured."""
    if scale == 1:
        return disparity
    height, width = (round(side / scale) for side in disparity.shape)
    small = cv2.resize(disparity, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(small / np.float32(scale), dtype=np.float32)


def _from_native(
    cleaned: NDArray[np.float32], spread: NDArray[np.float32], shape: tuple[int, ...], scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Back to the frame's resolution: interpolated on surfaces, without values in between at edges."""
    if scale == 1:
        return cleaned, spread
    size = (shape[1], shape[0])
    nearest = cv2.resize(cleaned, size, interpolation=cv2.INTER_NEAREST_EXACT)
    smooth = cv2.resize(cleaned, size, interpolation=cv2.INTER_LINEAR)
    kernel = np.ones((3, 3), np.uint8)
    local_range = cv2.dilate(cleaned, kernel) - cv2.erode(cleaned, kernel)
    edge = cv2.resize(local_range, size, interpolation=cv2.INTER_NEAREST_EXACT) > 0.5
    larger = cv2.resize(spread, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.where(edge, nearest, smooth) * np.float32(scale), larger * np.float32(scale)
