"""Check the images of an episode, reading each of them once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.episode import Array, check_frame
from reald2iff.demos.formats.base import blocks, is_depth_key, to_metres
from reald2iff.demos.formats.checks import check_depth
from reald2iff.demos.formats.orientation import check_upright
from reald2iff.demos.verify.finding import Finding
from reald2iff.errors import DatasetError, InvalidDepthError

_SAMPLES = 5
_STILL_SHARE = 0.5
_STILL_LEAST = 10
"""Frames, and share of the episode, that are worth a remark if they are the same to the last bit."""

_AGAIN = "The file is damaged: copy it again from where it was made; if it is damaged there, leave it out"


@dataclass(frozen=True)
class ImageScan:
    """What all images of one key have been read for.

    Attributes:
        holes: ``(N,)`` share of pixels without depth; None = no depth.
        findings: What is wrong with them.
    """

    holes: NDArray[np.float64] | None
    findings: tuple[Finding, ...]


def is_image(data: h5py.Dataset) -> bool:
    """Whether observations are images: ``(N, H, W)`` or ``(N, H, W, C)``."""
    return data.ndim == 4 or (data.ndim == 3 and min(data.shape[1:]) > 4)


def is_depth(key: str, data: h5py.Dataset) -> bool:
    """Whether images are depth, by their name or because they are single-channel floating point."""
    named = is_depth_key(key.removesuffix("_clean"), "_clean")
    return (named or data.dtype.kind == "f") and (data.ndim == 3 or data.shape[-1] == 1)


def scan_images(where: str, key: str, data: h5py.Dataset, is_sensed: bool) -> ImageScan:
    """Read all images of a key.

    Args:
        where: Name of the episode.
        key: Below ``obs``.
        data: ``(N, H, W[, C])``.
        is_sensed: Whether it is depth of a sensor or of a model of one: quantised, so that many pixels are at
            the largest value without being clipped.
    """
    name, depth = f"obs/{key}", is_depth(key, data)
    findings: list[Finding] = []
    holes, sums = [], []
    samples: list[Array] = []
    wanted = set(np.linspace(0, max(len(data) - 1, 0), _SAMPLES, dtype=int).tolist())
    try:
        for step, frame in _frames(data):
            if step == 0:
                _check_type(name, key, frame)
            if depth:
                plain = frame[..., 0] if frame.ndim == 3 else frame
                holes.append(float(np.mean(to_metres(plain) == 0)))
                if not findings and (
                    plain.dtype.kind == "f" and not (np.isfinite(plain) & (plain >= 0)).all()
                ):
                    findings.append(_odd_values(where, name, step, plain))
                if step in wanted:
                    samples.append(np.array(plain))
            sums.append(zlib.crc32(frame.tobytes()))
    except OSError as error:
        lost = f"{name}: frame {len(sums)} cannot be read: {error}"
        findings.append(Finding(where, lost, _AGAIN, "unreadable"))
    except DatasetError as error:
        findings.append(Finding(where, str(error), "Convert the images, or render them again"))
    else:
        findings += _check_still(where, name, sums)
        findings += _check_content(where, name, samples, holes, is_sensed)
    return ImageScan(np.array(holes) if depth else None, tuple(findings))


def _frames(data: h5py.Dataset) -> Iterator[tuple[int, Array]]:
    """All frames; a chunk with several of them is unpacked once, and a damaged one costs no whole frame."""
    size = int(np.prod(data.shape[1:])) * data.dtype.itemsize
    for steps in blocks(len(data), size, data.chunks[0] if data.chunks else 1):
        try:
            block = data[steps.start : steps.stop]
        except OSError:
            block = (data[step] for step in steps)
        yield from zip(steps, block, strict=True)


def _check_type(name: str, key: str, frame: Array) -> None:
    if frame.ndim == 2 or (frame.dtype == np.uint16 and frame.shape[-1] == 1):
        return  # Isaac Lab's depth has no channel, and cameras give millimetres
    check_frame(name.removeprefix("obs/"), frame)


def _odd_values(where: str, name: str, step: int, frame: Array) -> Finding:
    bad = "negative" if np.isfinite(frame).all() else "not finite"
    share = np.mean(~(np.isfinite(frame) & (frame >= 0)))
    return Finding(
        where,
        f"{name}: frame {step} is {bad} in {share:.1%} of its pixels: expected metres, 0 = invalid",
        "Set these pixels to 0",
    )


def _check_still(where: str, name: str, sums: list[int]) -> Iterator[Finding]:
    """A camera that hangs repeats its last picture."""
    changes = np.flatnonzero(np.diff(np.array(sums, dtype=np.int64)) != 0) + 1
    edges = np.concatenate([[0], changes, [len(sums)]])
    longest = int(np.argmax(np.diff(edges)))
    start, length = int(edges[longest]), int(np.diff(edges)[longest])
    if length >= max(_STILL_LEAST, _STILL_SHARE * len(sums)):
        yield Finding(
            where,
            f"{name} is the same picture from frame {start} to {start + length - 1} of {len(sums)}",
            "The camera hung, or nothing moved: look at it in the contact sheet",
            "remark",
        )


def _check_content(
    where: str, name: str, samples: list[Array], holes: list[float], is_sensed: bool
) -> Iterator[Finding]:
    empty = [step for step, share in enumerate(holes) if share == 1]
    if empty and len(empty) < len(holes):
        yield Finding(
            where,
            f"{name} has no depth at all in {len(empty)} of {len(holes)} frames, first in frame {empty[0]}",
            "The camera was covered or too near: leave these steps out if that is not meant",
            "remark",
        )
    elif empty:
        yield Finding(
            where, f"{name} has no depth in any frame: every pixel is 0", "Render or record it again"
        )
    elif samples and not any(np.any(~np.isfinite(frame)) for frame in samples):
        try:
            check_depth(samples, name, max_depth=np.inf)  # a bound, so that it does not look for clipping
        except InvalidDepthError as error:
            yield Finding(where, str(error), "Mend its unit before training, or render it again")
            return
        try:
            if not is_sensed:
                check_depth(samples, name)
        except InvalidDepthError as error:
            advice = (
                "Look at it in the contact sheet: a wall where the room goes on is depth that was clipped"
            )
            yield Finding(where, str(error), advice, "remark")
        try:
            check_upright(samples, name)
        except InvalidDepthError as error:
            yield Finding(
                where, str(error), "Look at it in the contact sheet, and turn it if need be", "remark"
            )
