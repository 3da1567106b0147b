"""The fit: a recording in, the profile of its camera out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reald2iff.calibration.search import PHASES, Phase, SearchStep, search
from reald2iff.calibration.search_log import SearchLog, Shares
from reald2iff.calibration.sensing import Output, SensedFrames, SensingPool, Task
from reald2iff.errors import InvalidDepthError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.recordings import Recording
from reald2iff.metrics.fingerprint import Fingerprint, distance_shares, fingerprint, fingerprint_distance
from reald2iff.sensors import D435Twin
from reald2iff.sensors.profile import FitFigures, Profile

MAX_FRAMES = 96
"""Frames used of a recording, spread over it: more say little more."""

BURST_FRAMES = 4
"""Frames of a static burst that are used: of the camera and of the twin alike."""

_SHORT = 12
"""Fewer frames in a half leave the statistics of edges and holes to chance."""

_FOCAL_RANGE = 1.25
"""Images of a focal length within this factor of the rendered views' are like them, pixel by pixel."""

_MIN_VALID = 0.02
"""Share of pixels with depth below which frames show nothing."""


@dataclass(frozen=True)
class RecordedSample:
    """What the fit knows of a recording.

    Attributes:
        recording: Where it comes from.
        fitted: Fingerprint of the first half of the segments, and of a static burst wherever it lies.
        held_out: Of the second half.
        disparities: Of the first half's frames, ``(H, W) float32`` px.
        warnings: What is wrong with it, for people.
    """

    recording: Recording
    fitted: Fingerprint
    held_out: Fingerprint
    disparities: list[NDArray[np.float32]]
    warnings: list[str]

    @property
    def floor(self) -> float:
        """Distance of the halves from each other."""
        return fingerprint_distance(self.held_out, self.fitted)


def sample_recording(recording: Recording, scale: float) -> RecordedSample:
    """Fingerprints of a recording's halves.

    Args:
        recording: Of one source.
        scale: Magnification of its images against the native stereo images.

    Raises:
        InvalidDepthError: if the frames hold (next to) no valid depth.
        DatasetError: if the recording is too short to be halved.
    """
    recording = recording.thinned(MAX_FRAMES)
    first, second = (_frames(half) for half in recording.halves())
    for half, name in ((first, "first"), (second, "second")):
        share = float(np.median([np.mean(d > 0) for d in half]))
        if share < _MIN_VALID:
            raise InvalidDepthError(
                f"{recording.name}: {share:.1%} of the pixels in its {name} half have depth: expected frames "
                f"of ordinary scenes, of which most pixels have"
            )
    still = [f.disparity() for f in recording.frames if f.static_burst][:BURST_FRAMES]
    fitted = fingerprint(first, scale, still)
    warnings = _warnings(recording, first, still, fitted)
    return RecordedSample(recording, fitted, fingerprint(second, scale), first, warnings)


def _frames(half: Recording) -> list[NDArray[np.float32]]:
    """Disparity of the frames; a static burst counts once."""
    bursts: set[int] = set()
    images = []
    for frame in half.frames:
        if frame.segment not in bursts:
            images.append(frame.disparity())
        if frame.static_burst:
            bursts.add(frame.segment)
    return images


def _warnings(
    recording: Recording,
    frames: Sequence[NDArray[np.float32]],
    still: Sequence[NDArray[np.float32]],
    found: Fingerprint,
) -> list[str]:
    warnings = []
    if len(frames) < _SHORT:
        warnings.append(
            f"short: {len(frames)} frames to fit to: record a minute, in several places (at least "
            f"{2 * _SHORT} frames)"
        )
    if not still:
        warnings.append(
            "no static burst: flicker and how long holes last keep their values: mark some consecutive "
            "frames taken with nothing moving as static_burst"
        )
    if not any(name.startswith("band_") for name in found.features):
        warnings.append("flat: no depth edges: look at furniture and objects too, not at walls alone")
    if "plane_sigma" not in found:
        warnings.append("no planes: look at walls, floors or tables too: the noise itself cannot be fitted")
    focal = recording.intrinsics.fx / D435_DEPTH.fx
    if not recording.registered and not 1 / _FOCAL_RANGE < focal < _FOCAL_RANGE:
        warnings.append(
            f"focal length {recording.intrinsics.fx:.0f} px: the views have {D435_DEPTH.fx:.0f} px, those "
            "of a D435 at 640x480: record at that size if you can"
        )
    valid = np.concatenate([d[d > 0] for d in frames])
    low, high = np.percentile(valid, (5, 95))
    if high < 1.5 * low:
        warnings.append(
            "one distance: 90 % of the pixels lie between disparities "
            f"{low:.1f} and {high:.1f} px: move nearer and further"
        )
    return warnings


@dataclass(frozen=True)
class FitResult:
    """A finished fit.

    Attributes:
        profile: The camera.
        before: What the starting twin made of the views.
        after: What the fitted twin makes of them.
        before_fingerprint: Of ``before``.
        after_fingerprint: Of ``after``.
    """

    profile: Profile
    before: SensedFrames
    after: SensedFrames
    before_fingerprint: Fingerprint
    after_fingerprint: Fingerprint


def fit_profile(
    name: str,
    sample: RecordedSample,
    start: D435Twin,
    views: Sequence[Path],
    output: Output,
    scale: float,
    budget: int,
    seed: int,
    jobs: int,
    log_path: Path,
    report: Callable[[SearchStep], None],
) -> FitResult:
    """Fit the twin to a recording.

    Args:
        name: Of the profile.
        sample: Of the recording.
        start: The first twin tried.
        views: Files of rendered views.
        output: The recording's stream.
        scale: See `sample_recording`.
        budget: Twins to try.
        seed: Of the search and of the twin's noise.
        jobs: Processes.
        log_path: Keeps every twin tried; see `SearchLog`.
        report: Called after every twin.

    Raises:
        DatasetError: if the log belongs to another fit.
        InvalidParameterError: for a budget that is too small.
        SimulationError: if a worker process dies.
    """
    temporal = any(f.static_burst for f in sample.recording.frames)
    task = Task(tuple(views), BURST_FRAMES if temporal else 0, output, seed)

    def measure(sensed: SensedFrames) -> Fingerprint:
        return fingerprint(sensed.frames, scale, sensed.burst)

    log = SearchLog(log_path, _objective(sample, start, task, scale))
    with SensingPool(task, jobs) as pool:
        best, _ = search(
            lambda twin: _signed_shares(sample.fitted, measure(pool.sense(twin))),
            start,
            budget,
            seed,
            log,
            report,
            _visible(PHASES, temporal, registered=output.registration is not None),
        )
        before, after = pool.sense(start), pool.sense(best)
    before_fingerprint, after_fingerprint = measure(before), measure(after)
    figures = FitFigures(
        before=fingerprint_distance(sample.fitted, before_fingerprint),
        after=fingerprint_distance(sample.fitted, after_fingerprint),
        held_out=fingerprint_distance(sample.held_out, after_fingerprint),
        floor=sample.floor,
        evaluations=len(log),
        frames=len(sample.disparities),
    )
    camera = f"{sample.recording.name}, {'registered to colour' if output.registration else 'native'} depth"
    profile = Profile(name, best, output.registration, camera, figures, sample.fitted)
    return FitResult(profile, before, after, before_fingerprint, after_fingerprint)


def _signed_shares(camera: Fingerprint, twin: Fingerprint) -> Shares:
    """`distance_shares`, negative where the twin has less than the camera."""
    return {
        name: float(np.copysign(share, twin[name].median - camera[name].median))
        for name, share in distance_shares(camera, twin).items()
    }


def _visible(phases: Sequence[Phase], temporal: bool, registered: bool) -> list[Phase]:
    """The phases without the parameters that the recording does not show."""
    hidden: tuple[str, ...] = ()
    if not temporal:
        hidden += ("statistics.noise_fixed_share", "statistics.speckle_fixed_share")
    if registered:  # Registration crops the left border band away.
        hidden += ("statistics.border_margin",)
    return [replace(phase, space=tuple(p for p in phase.space if p.path not in hidden)) for phase in phases]


def _objective(sample: RecordedSample, start: D435Twin, task: Task, scale: float) -> str:
    """Names what is minimised: everything that a distance in the log depends on, hashed."""
    content = {
        "recording": sample.fitted.as_dict(),
        "start": asdict(start),
        "views": [str(path) for path in task.views],
        "burst": task.burst,
        "seed": task.seed,
        "scale": scale,
        "registration": None if task.output.registration is None else repr(task.output),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
