"""Real frames with their estimated clean side: what the unpaired benchmark re-noises and compares with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.frames import SensorStatistics, as_published
from reald2iff.errors import DatasetError
from reald2iff.geometry import disparity_to_depth
from reald2iff.io.recordings import Recording
from reald2iff.metrics.fingerprint import fingerprint, registration_scale
from reald2iff.metrics.holes import hole_ratio
from reald2iff.metrics.residual import residual, robust_spread


class Cleaned(Protocol):
    """What a denoiser answers."""

    @property
    def disparity(self) -> NDArray[np.float32]:
        """``(H, W)`` px, 0 = cannot say."""

    @property
    def refusal(self) -> str | None:
        """Why the frame cannot be cleaned."""


class Cleaner(Protocol):
    """A denoiser, see `reald2iff.denoising.Denoiser`."""

    def clean(self, disparity: NDArray[np.float32], registered_scale: float = 1.0) -> Cleaned:
        """Clean a frame."""


@dataclass(frozen=True)
class CleanedRecording:
    """A recording with the frames that could be cleaned.

    Attributes:
        recording: Its usable frames.
        real: ``(N, H, W) float32`` disparity of the sensor, px, 0 = invalid.
        clean: ``(N, H, W) float32`` estimated clean disparity, px, 0 = unknown.
        segment: ``(N,)`` of each frame.
        refused: Frames that could not be cleaned, and why.
        left_out: Frames not looked at, beyond the number asked for.
    """

    recording: Recording
    real: NDArray[np.float32]
    clean: NDArray[np.float32]
    segment: NDArray[np.intp]
    refused: tuple[dict[str, str], ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.real)

    @property
    def scale(self) -> float:
        """Focal length over that of the sensor's own stream."""
        return registration_scale(self.recording)

    def clean_depth(self, index: int) -> NDArray[np.float32]:
        """Clean depth ``(H, W)`` of a frame, metres, 0 = unknown."""
        recording = self.recording
        return disparity_to_depth(self.clean[index], recording.intrinsics.fx, recording.baseline)

    def published_clean(self) -> NDArray[np.float32]:
        """Clean disparity ``(N, H, W)``, px, after the whole millimetres that every method goes through."""
        fx, baseline = self.recording.intrinsics.fx, self.recording.baseline
        return np.stack([as_published(self.clean_depth(i), fx, baseline) for i in range(len(self))])

    def statistics(self, frames: NDArray[np.intp]) -> SensorStatistics:
        """What the analytic models are fitted to: noise on planes (px of the sensor's own stream), holes.

        The residual against the clean side stands in only where no plane was found: it is too small, since
        what the denoiser could not tell from the scene stays in the clean side.
        """
        real, clean = self.real[frames], self.clean[frames]
        found = fingerprint(list(real), self.scale, parts=("planes",))
        spread = (
            found["plane_sigma"].median
            if "plane_sigma" in found
            else robust_spread(residual(real, clean)) / self.scale
        )
        return SensorStatistics(spread, hole_ratio(real, clean))


def clean_recording(
    recording: Recording, cleaner: Cleaner, limit: int, after_frame: Callable[[], object] = lambda: None
) -> CleanedRecording:
    """Clean at most ``limit`` frames of a recording, spread evenly over its segments.

    Args:
        recording: A source.
        cleaner: The denoiser.
        limit: Frames.
        after_frame: Called after each frame, for progress.

    Raises:
        DatasetError: if no frame could be cleaned; the message holds the first refusal.
        InvalidDepthError: for a frame that cannot be read.
    """
    chosen = _spread(recording, limit)
    scale = registration_scale(recording)
    kept, real, clean, refused = [], [], [], []
    for index in chosen:
        frame = recording.frames[index]
        disparity = frame.disparity()
        answer = cleaner.clean(disparity, scale)
        if answer.refusal is None:
            kept.append(frame)
            real.append(disparity)
            clean.append(answer.disparity)
        else:
            refused.append({"frame": frame.name, "reason": answer.refusal})
        after_frame()
    if not kept:
        raise DatasetError(
            f"{recording.name}: none of {len(chosen)} frames could be cleaned: "
            f"{refused[0]['frame']}: {refused[0]['reason']}"
        )
    return CleanedRecording(
        recording=replace(recording, frames=tuple(kept)),
        real=np.stack(real),
        clean=np.stack(clean),
        segment=np.array([frame.segment for frame in kept], dtype=np.intp),
        refused=tuple(refused),
        left_out=len(recording.frames) - len(chosen),
    )


def _spread(recording: Recording, limit: int) -> list[int]:
    """Indices of at most ``limit`` frames: whole segments while they last, evenly over the recording."""
    count = len(recording.frames)
    if count <= limit:
        return list(range(count))
    members: dict[int, list[int]] = {}
    for index, frame in enumerate(recording.frames):
        members.setdefault(frame.segment, []).append(index)
    segments = list(members.values())
    size = max(1, round(count / len(segments)))
    wanted = np.unique(np.linspace(0, len(segments) - 1, max(2, limit // size)).round().astype(int))
    return sorted(index for place in wanted for index in segments[place])[:limit]
