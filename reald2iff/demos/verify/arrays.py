"""Check the numbers of an episode that are not images: there, as many as steps, finite, in range."""

from __future__ import annotations

from collections.abc import Iterator

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.verify.finding import Finding

_PER_STEP = ("actions", "actions_abs", "rewards", "dones", "states", "stamps")
_PER_STEP_GROUPS = ("obs", "next_obs", "datagen_info", "action_dict")
_RISE = "The recorder's clock jumped or episodes were mixed: record the episode again, or sort it out by hand"
_GAP = 2.5
"""Times the usual distance of two observations."""


def step_data(demo: h5py.Group) -> dict[str, h5py.Dataset]:
    """Data sets with a row per step, by their key below the episode."""
    found = {key: demo[key] for key in _PER_STEP if isinstance(demo.get(key), h5py.Dataset)}
    for name in _PER_STEP_GROUPS:
        group = demo.get(name)
        if isinstance(group, h5py.Group):

            def add(key: str, node: h5py.HLObject, name: str = name) -> None:
                if isinstance(node, h5py.Dataset) and node.ndim:
                    found[f"{name}/{key}"] = node

            group.visititems(add)
    return found


def check_lengths(where: str, data: dict[str, h5py.Dataset], steps: int) -> Iterator[Finding]:
    """Findings for data sets that do not hold ``steps`` rows."""
    lengths = {key: len(values) for key, values in data.items()}
    if len(set(lengths.values())) == 1 and steps not in lengths.values():
        yield Finding(
            where,
            f"num_samples is {steps}: it holds {next(iter(lengths.values()))} steps",
            "Set the attribute num_samples to the number of steps it holds: its data agree with one another",
            "unreadable",
        )
        return
    for key, length in lengths.items():
        if length != steps:
            kind = "frames" if data[key].ndim >= 3 and key.startswith("obs/") else "rows"
            yield Finding(
                where,
                f"{key} holds {length} {kind} for {steps} steps",
                "It was cut off while it was written: leave the episode out, or make it again",
                "unreadable",
            )


def check_numbers(where: str, data: dict[str, h5py.Dataset]) -> Iterator[Finding]:
    """Findings for values that cannot be read, are not finite, or are out of range."""
    for key, values in data.items():
        if key.startswith("next_obs/") or (values.ndim >= 3 and key.startswith("obs/")):
            continue
        try:
            numbers = values[()]
        except OSError as error:
            yield Finding(
                where,
                f"{key} cannot be read: {error}",
                "The file is damaged: copy it again from where it was made",
                "unreadable",
            )
            continue
        if numbers.dtype.kind not in "fiub":
            yield Finding(
                where, f"{key} has type {numbers.dtype}: expected numbers", "Convert it, or make it again"
            )
            continue
        yield from _check_finite(where, key, numbers)
        yield from _check_kind(where, key, numbers)


def check_stamps(where: str, stamps: NDArray[np.int64]) -> Iterator[Finding]:
    """Findings for stamps that do not rise, and for gaps.

    Args:
        where: Name of the episode.
        stamps: ``(N,)`` nanoseconds.
    """
    if stamps.ndim != 1 or stamps.dtype.kind not in "iu":
        yield Finding(
            where,
            f"stamps are {stamps.dtype} {stamps.shape}: expected (N,) int64 nanoseconds",
            "Convert them: seconds in floating point times 1e9, rounded",
        )
        return
    steps = np.diff(stamps.astype(np.int64)) * 1e-9
    falls = np.flatnonzero(steps <= 0)
    if falls.size:
        first = int(falls[0])
        yield Finding(
            where,
            f"stamps do not rise at step {first + 1} ({steps[first]:+.3f} s, {len(falls)} times)",
            _RISE,
        )
    elif steps.size and steps.max() > _GAP * np.median(steps):
        worst = int(np.argmax(steps))
        yield Finding(
            where,
            f"{np.count_nonzero(steps > _GAP * np.median(steps))} gaps in the stamps, up to "
            f"{steps[worst]:.3f} s at step {worst + 1} where {np.median(steps):.3f} s is usual",
            "Frames were dropped: lower the rate or the resolution when recording",
            "remark",
        )


def _check_finite(where: str, key: str, numbers: NDArray[np.number]) -> Iterator[Finding]:
    if numbers.dtype.kind != "f" or np.isfinite(numbers).all():
        return
    places = np.argwhere(~np.isfinite(numbers))
    rows = np.unique(places[:, 0])
    yield Finding(
        where,
        f"{key} is not finite at row {rows[0]} ({numbers[tuple(places[0])]}), {len(rows)} rows in all",
        "Training on it gives NaN everywhere: leave the episode out, or make it again",
    )


def _check_kind(where: str, key: str, numbers: NDArray[np.number]) -> Iterator[Finding]:
    last = key.rsplit("/", 1)[-1]
    if key == "actions" and (np.abs(numbers) > 1).any():
        row, *column = np.unravel_index(int(np.nanargmax(np.abs(numbers))), numbers.shape)
        yield Finding(
            where,
            f"actions reach {numbers[(row, *column)]:.6g} at step {row}, dimension "
            f"{column[0] if column else 0}: expected [-1, 1]",
            "robomimic refuses it: divide by the controller's scale, or clip if only rounding is over",
        )
    elif last == "eef_quat":
        worst = float(np.abs(np.linalg.norm(numbers, axis=-1) - 1).max(initial=0))
        if numbers.shape[-1] != 4 or worst > 1e-3:
            yield Finding(
                where,
                f"{key}: norms are off 1 by {worst:.3g}: expected unit quaternions (x, y, z, w)",
                "Normalise them; check the order",
            )
    elif "subtask_term_signals/" in key and not np.isin(numbers, (0, 1)).all():
        yield Finding(where, f"{key}: expected only 0 and 1", "MimicGen cuts where it first turns 1: mend it")
    elif numbers.shape[1:] == (4, 4) and np.isfinite(numbers).all():
        turned = numbers[:, :3, :3]
        off = np.abs(turned @ turned.swapaxes(1, 2) - np.eye(3)).max(axis=(1, 2), initial=0)
        if off.max(initial=0) > 1e-3:
            yield Finding(
                where,
                f"{key} is no rigid pose at step {int(np.argmax(off))}: rotation off by {off.max():.2g}",
                "Generation would shear the motion: make it again",
            )
