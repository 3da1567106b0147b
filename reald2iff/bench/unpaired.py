"""Unpaired part of the realism benchmark: real frames against the same frames cleaned and noised again.

Nobody knows the clean depth beneath a real frame, so a denoiser estimates it. Every method then makes noise
on it, and the classifier is asked whether a patch is the real frame's or the method's, at the same places of
the same frames. It does not see the clean side (`TwoSampleConfig.sees_clean`), and what the denoiser could
not say counts as a hole on both sides. A perfect model of the sensor is not at 0.5: the clean side lacks
detail that the denoiser took for noise, and holds low frequencies of noise that it took for the scene.

Sources (cameras, native or registered depth) are never pooled. Registered depth is noised in the sensor's own
camera and registered again, whatever the method.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.bench.methods import IDENTITY, Apply, Method, build_methods
from reald2iff.bench.noise_curves import noise_curves
from reald2iff.bench.progress import Step
from reald2iff.bench.slider import Slide
from reald2iff.bench.unpaired_frames import CleanedRecording, Cleaner, clean_recording
from reald2iff.bench.unpaired_judge import SELF_CHECK, Verdict, judge, judge_shifted
from reald2iff.bench.unpaired_noise import noise_again, work_key
from reald2iff.bench.unpaired_split import Split, split_segments
from reald2iff.bench.work import Work
from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.io.recordings import Recording
from reald2iff.metrics.fingerprint import Fingerprint, comb_scale, fingerprint, fingerprint_distance
from reald2iff.metrics.holes import hole_ratio
from reald2iff.sensors import NoiseModel
from reald2iff.sensors.profile import Profile, load_profile
from reald2iff.sensors.registration import RegisteredNoise

MAX_FRAMES = 64
"""Frames of a source that are used at most."""

_SHOWN = 3


@dataclass(frozen=True)
class _Applied(NoiseModel):
    """A method as a noise model, for what wraps noise models."""

    name: ClassVar[str] = "method"
    function: Apply

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        return self.function(depth, intrinsics, rng)


def unpaired_steps(recordings: Sequence[Recording], names: Sequence[str]) -> float:
    """Steps that `measure_unpaired` announces."""
    return len(recordings) * (3 + 2 * len(names))


def measure_unpaired(
    recordings: Sequence[Recording],
    names: Sequence[str],
    weights: str = "default",
    device: str = "auto",
    seed: int = 0,
    step: Step = lambda text, share: None,
    *,
    cleaner: Cleaner | None = None,
    show: Callable[[Slide], object] = lambda slide: None,
    work: Path | None = None,
) -> dict[str, Any]:
    """Measure methods against real frames.

    Args:
        recordings: Sources.
        names: Rows, of `reald2iff.bench.methods.METHODS`; those that only a pair data set has are left out.
        weights: Of the diffusion model.
        device: It runs on.
        seed: Of the methods' noise.
        step: Progress, `unpaired_steps` in all.
        cleaner: The denoiser; None = the one that ships.
        show: Given some held-out frames by every method.
        work: Folder that keeps noised frames and finished rows for a later run; None = nothing is kept.

    Returns:
        ``{"rows", "sources", "seconds"}``. A source has ``name``, ``registered``, ``frames``, ``tested``,
        ``refused``, ``self_check``, ``problems`` and ``rows``; if the measurement failed its check of itself,
        or the frames do not suffice, ``problems`` says why and ``rows`` is empty. The rows on top are those
        of the source on which the method is found out most, named in ``source``.

    Raises:
        InvalidParameterError: for an unknown method.
        WeightsError: if the denoiser's or the diffusion model's weights are missing.
        InvalidDepthError: for a frame that cannot be read.
    """
    if cleaner is None:
        from reald2iff.denoising import load_denoiser

        cleaner = load_denoiser()
    start = time.monotonic()
    sources = []
    for recording in recordings:
        try:
            sources.append(
                _measure_source(recording, names, weights, device, seed, step, cleaner, show, work)
            )
        except DatasetError as error:
            sources.append(_nothing(recording, str(error)))
    return {
        "rows": _worst_rows(sources),
        "sources": sources,
        "seconds": round(time.monotonic() - start, 1),
    }


def _nothing(recording: Recording, problem: str) -> dict[str, Any]:
    return {
        "name": recording.name,
        "registered": recording.registered,
        "frames": len(recording.frames),
        "problems": [problem],
        "rows": [],
    }


def _measure_source(
    recording: Recording,
    names: Sequence[str],
    weights: str,
    device: str,
    seed: int,
    step: Step,
    cleaner: Cleaner,
    show: Callable[[Slide], object],
    folder: Path | None,
) -> dict[str, Any]:
    at = recording.name
    share = 1 / min(MAX_FRAMES, len(recording.frames))
    frames = clean_recording(recording, cleaner, MAX_FRAMES, lambda: step(f"{at}: cleaning frames", share))
    split = split_segments(frames.segment)
    profile = load_profile("d435_registered" if recording.registered else "d435")
    comb = 1.0 if recording.registered else comb_scale(list(frames.real[split.fit]))
    methods = _methods(names, frames, split, profile, comb, weights, device)
    work = Work(folder, work_key(frames, profile, seed))
    source: dict[str, Any] = {
        "name": recording.name,
        "registered": recording.registered,
        "frames": len(recording.frames),
        "segments": len(np.unique(frames.segment)),
        "not_used": frames.left_out,
        "refused": list(frames.refused),
        "tested": len(split.tested),
        "held_out": split.held_out,
        "gap": split.gap,
        "unknown_share": float((frames.clean == 0).mean()),
        "profile": profile.name,
        "comb_scale": comb,
    }
    step(f"{at}: check: real against real", 0)
    shifted = _kept(work, "real", lambda: judge_shifted(frames, split))
    step(f"{at}: check: clean side", 1)
    identity = _kept(work, IDENTITY, lambda: judge(frames, frames.published_clean(), split))
    step(f"{at}: checked", 1)
    source["self_check"] = {"real": shifted, IDENTITY: identity}
    source["problems"] = SELF_CHECK.problems(shifted, identity)
    source["rows"] = []
    if source["problems"]:
        return source
    real = fingerprint(list(frames.real[split.tested]), frames.scale)
    source["sensor"] = {
        "hole_ratio": hole_ratio(frames.real[split.tested], frames.clean[split.tested]),
        **noise_curves(real),
    }
    if split.held_out:
        source["fingerprint_floor"] = _distance(fingerprint(list(frames.real[split.fit]), frames.scale), real)
    shown = split.tested[np.linspace(0, len(split.tested) - 1, _SHOWN).round().astype(int)]
    pictures: dict[str, NDArray[np.float32]] = {"sensor": frames.real[shown]}
    for method in methods:
        generated, spent = noise_again(method, frames, work, seed, step)
        row = work.figures(method.name, method.version)
        if row is None:
            step(f"{at}: {method.name}: classifiers", 0)
            known = identity if method.name == IDENTITY else None
            row = _row(method, generated, frames, split, real, known) | {
                "ms_per_frame": spent.median_ms,
                "ms_per_frame_iqr": spent.iqr_ms,
            }
            work.keep_figures(method.name, method.version, row)
        source["rows"].append(row)
        pictures[method.name] = generated[shown]
        step(f"{at}: {method.name}: done", 1)
    for place, index in enumerate(dict.fromkeys(shown.tolist())):
        title = f"{at}, {frames.recording.frames[index].name}"
        show(Slide(title, frames.clean[index], {name: images[place] for name, images in pictures.items()}))
    return source


def _methods(
    names: Sequence[str],
    frames: CleanedRecording,
    split: Split,
    profile: Profile,
    comb: float,
    weights: str,
    device: str,
) -> list[Method]:
    """Methods on this camera's depth; those with stored draws do not exist here."""
    built = build_methods(names, lambda: frames.statistics(split.fit), weights, device, twin=profile.twin)

    def on_camera(apply: Apply) -> Apply:
        if profile.registration is not None:
            return RegisteredNoise(_Applied(apply), profile.registration).apply
        # The focal length at which the steps of disparity are those of the camera.
        return lambda depth, camera, rng: apply(depth, replace(camera, fx=camera.fx * comb), rng)

    return [
        method if method.name == IDENTITY else replace(method, apply=on_camera(method.apply))
        for method in built
        if method.apply is not None
    ]


def _kept(work: Work, check: str, judged: Callable[[], Verdict]) -> Verdict:
    """Figures of a check, of an earlier run if it has them."""
    known = work.figures("check", check)
    if known is None:
        known = judged()
        work.keep_figures("check", check, known)
    return known


def _row(
    method: Method,
    generated: NDArray[np.float32],
    frames: CleanedRecording,
    split: Split,
    real: Fingerprint,
    known: Verdict | None,
) -> dict[str, Any]:
    results = known or judge(frames, generated, split)
    tested = split.tested
    found = fingerprint(list(generated[tested]), frames.scale)
    return {
        "method": method.name,
        "description": method.description,
        **results,
        "fingerprint_distance": _distance(found, real),
        "hole_ratio": hole_ratio(generated[tested], frames.clean[tested]),
        **noise_curves(found),
    }


def _distance(a: Fingerprint, b: Fingerprint) -> float | None:
    """None where the two have no feature in common."""
    try:
        return fingerprint_distance(a, b)
    except DatasetError:
        return None


def _worst_rows(sources: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every method's row of the source on which it is found out most."""
    found: dict[str, list[dict[str, Any]]] = {}
    for source in sources:
        for row in source["rows"]:
            found.setdefault(row["method"], []).append(row | {"source": source["name"]})
    return [
        max(rows, key=lambda row: row["two_sample_16"]["accuracy"] + row["two_sample_64"]["accuracy"])
        for rows in found.values()
    ]
