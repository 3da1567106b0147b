"""From frames to a fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.recordings import RecordedFrame, Recording
from reald2iff.metrics.fingerprint.border import border_rows, summarise_border
from reald2iff.metrics.fingerprint.catalogue import FEATURES
from reald2iff.metrics.fingerprint.comb import measure_comb, summarise_comb
from reald2iff.metrics.fingerprint.distance import fingerprint_distance
from reald2iff.metrics.fingerprint.dropout import count_holes, summarise_holes
from reald2iff.metrics.fingerprint.edges import find_transitions, summarise_edges
from reald2iff.metrics.fingerprint.features import Fingerprint, Statistic
from reald2iff.metrics.fingerprint.patches import cut_patches
from reald2iff.metrics.fingerprint.surface_noise import measure_noise, summarise_noise
from reald2iff.metrics.fingerprint.temporal import measure_burst
from reald2iff.metrics.fingerprint.view import View

_PARTS: dict[str, tuple[Callable[[View], Any], Callable[[Sequence[Any]], dict[str, Statistic | None]]]] = {
    "border": (border_rows, summarise_border),
    "holes": (count_holes, summarise_holes),
    "edges": (find_transitions, summarise_edges),
    "planes": (lambda view: measure_noise(cut_patches(view), view.scale), summarise_noise),
    "comb": (measure_comb, summarise_comb),
}

PARTS = tuple(_PARTS)
"""What can be left out."""

_ORDER = {feature.name: index for index, feature in enumerate(FEATURES)}
_MIN_SIDE = 96


def fingerprint(
    disparities: Sequence[NDArray[np.floating]],
    scale: float = 1.0,
    burst: Sequence[NDArray[np.floating]] = (),
    parts: Collection[str] = PARTS,
) -> Fingerprint:
    """Noise statistics of raw frames.

    Args:
        disparities: ``(H, W)`` px each, ``fx * baseline / z`` of these images, 0 = invalid.
        scale: Focal length of these images over that of the native stereo image: 1 for native depth, about
            1.6 for depth registered into the colour camera. Lengths and disparities are divided by it, and
            the left border band, which registration crops, is left out where it is not 1.
        burst: Consecutive frames of a static scene, for the features over time; none, none of those.
        parts: Which of `PARTS` to measure. Of a 640x480 frame's time holes and planes take the most.

    Raises:
        InvalidParameterError: for no frames, a scale not above 0, an unknown part, or a burst of one.
        InvalidDepthError: for a frame of another shape than ``(H, W)``, or smaller than 96 px.
    """
    unknown = set(parts) - set(PARTS)
    if unknown:
        raise InvalidParameterError(f"parts {sorted(unknown)}: expected some of {', '.join(PARTS)}")
    if not (np.isfinite(scale) and scale > 0):
        raise InvalidParameterError(f"scale = {scale}: expected a positive number")
    if len(disparities) == 0:
        raise InvalidParameterError("no frames to take a fingerprint of: expected at least one")
    views = [_view(image, scale) for image in disparities]
    features: dict[str, Statistic | None] = {}
    for part in PARTS:
        if part not in parts or (part == "border" and scale != 1):
            continue
        measure, summarise = _PARTS[part]
        features |= summarise([measure(view) for view in views])
    if len(burst):
        features |= measure_burst([_view(image, scale) for image in burst])
    present = {name: statistic for name, statistic in features.items() if statistic is not None}
    return Fingerprint(dict(sorted(present.items(), key=lambda item: _ORDER[item[0]])), len(views))


def registration_scale(recording: Recording) -> float:
    """``scale`` of a recording: 1 for native depth, else its focal length over that of a D435's stereo."""
    return recording.intrinsics.fx / D435_DEPTH.fx if recording.registered else 1.0


def fingerprint_recording(recording: Recording, parts: Collection[str] = PARTS) -> Fingerprint:
    """Fingerprint of one source; of a static burst the first frame counts among the others.

    Raises:
        InvalidDepthError: for a frame that cannot be read.
    """
    bursts = _bursts(recording)
    later = {id(frame) for segment in bursts for frame in segment[1:]}
    frames = [frame.disparity() for frame in recording.frames if id(frame) not in later]
    burst = [frame.disparity() for frame in max(bursts, key=len, default=())]
    return fingerprint(frames, registration_scale(recording), burst if len(burst) > 1 else (), parts)


def noise_floor(recording: Recording) -> float:
    """Distance between the first and the second half of a source: what a perfect model would come to.

    Raises:
        DatasetError: for a recording that cannot be halved.
    """
    first, second = recording.halves()
    return fingerprint_distance(fingerprint_recording(first), fingerprint_recording(second))


def _bursts(recording: Recording) -> list[list[RecordedFrame]]:
    segments: dict[int, list[RecordedFrame]] = {}
    for frame in recording.frames:
        if frame.static_burst:
            segments.setdefault(frame.segment, []).append(frame)
    return list(segments.values())


def _view(image: NDArray[np.floating], scale: float) -> View:
    array = np.asarray(image)
    if array.ndim != 2 or min(array.shape) < _MIN_SIDE or array.dtype.kind != "f":
        raise InvalidDepthError(
            f"disparity has shape {array.shape} and type {array.dtype}: expected floating point px, "
            f"(height, width) of at least {_MIN_SIDE}"
        )
    return View.of(array, scale)
