"""From frames to a fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidDepthError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.recordings import Recording
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

_Measured = dict[str, Any]
"""What each part measured on one frame."""

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
_STILL_CHANGE = 1.0
_STILL_SHARE = 0.8
"""A burst is static if this share of its pixels changes by less than 1 px; a standing D435 has 0.99."""


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
        parts: Which of `PARTS` to measure. A native 640x480 frame takes about 70 ms of one slow core: 45 for
            planes, 20 for holes, 4 for edges, 1 for the rest; a burst of 8 takes 180 ms.

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
    measured = [_measure(_view(image, scale), parts) for image in disparities]
    return _summarise(measured, [_view(image, scale) for image in burst], scale)


def registration_scale(recording: Recording) -> float:
    """``scale`` of a recording: 1 for native depth, else its focal length over that of a D435's stereo."""
    return recording.intrinsics.fx / D435_DEPTH.fx if recording.registered else 1.0


def fingerprint_recording(
    recording: Recording, after_frame: Callable[[], object] = lambda: None
) -> tuple[Fingerprint, float | None]:
    """Fingerprint of one source, and its noise floor; each frame is read and measured once.

    Of a static burst the first frame counts among the others, and the longest burst tells the features over
    time, which the floor does not hold.

    Args:
        recording: The source.
        after_frame: Called after each frame, for progress.

    Returns:
        The fingerprint, and the distance between those of the first and the second half of its segments:
        what a perfect model of this camera would come to. None for a source that cannot be halved.

    Raises:
        InvalidDepthError: for a frame that cannot be read.
        DatasetError: for a static burst in which things move.
    """
    scale = registration_scale(recording)
    bursts: dict[int, list[View]] = {}
    measured: dict[int, list[_Measured]] = {}
    for frame in recording.frames:
        view = _view(frame.disparity(), scale)
        burst = bursts.setdefault(frame.segment, []) if frame.static_burst else None
        if not burst:
            measured.setdefault(frame.segment, []).append(_measure(view, PARTS))
        if burst is not None:
            burst.append(view)
        after_frame()
    longest: list[View] = max(bursts.values(), key=len, default=[])
    _require_still(recording.name, longest)
    whole = _summarise(_joined(measured.values()), longest if len(longest) > 1 else [], scale)
    segments = [measured[segment] for segment in sorted(measured)]
    if len(segments) < 2:
        return whole, None
    middle = len(segments) // 2
    halves = [_summarise(_joined(half), [], scale) for half in (segments[:middle], segments[middle:])]
    return whole, fingerprint_distance(*halves)


def _require_still(name: str, burst: Sequence[View]) -> None:
    if len(burst) < 2:
        return
    both = burst[0].valid & burst[-1].valid
    change = np.abs(burst[0].disparity - burst[-1].disparity)[both]
    if change.size and (change < _STILL_CHANGE).mean() < _STILL_SHARE:
        raise DatasetError(
            f"{name}: its static burst of {len(burst)} frames changes by {np.median(change):.1f} px in the "
            "median: expected a camera and a scene that stand still, or static_burst: false"
        )


def _joined(segments: Iterable[list[_Measured]]) -> list[_Measured]:
    return [measured for segment in segments for measured in segment]


def _measure(view: View, parts: Collection[str]) -> _Measured:
    native = view.scale == 1
    return {
        part: measure(view)
        for part, (measure, _) in _PARTS.items()
        if part in parts and (native or part != "border")
    }


def _summarise(measured: Sequence[_Measured], burst: Sequence[View], scale: float) -> Fingerprint:
    features: dict[str, Statistic | None] = {}
    for part in measured[0]:
        features |= _PARTS[part][1]([frame[part] for frame in measured])
    if burst:
        features |= measure_burst(burst)
    present = [(name, statistic) for name, statistic in features.items() if statistic is not None]
    present.sort(key=lambda item: _ORDER[item[0]])
    return Fingerprint(dict(present), len(measured), scale)


def _view(image: NDArray[np.floating], scale: float) -> View:
    array = np.asarray(image)
    if array.ndim != 2 or min(array.shape) < _MIN_SIDE or array.dtype.kind != "f":
        raise InvalidDepthError(
            f"disparity has shape {array.shape} and type {array.dtype}: expected floating point px, "
            f"(height, width) of at least {_MIN_SIDE}"
        )
    return View.of(array, scale)
