"""Check one episode of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import h5py
import numpy as np

from reald2iff.demos.episode_group import read_group
from reald2iff.demos.formats.hdf5_cameras import camera_intrinsics
from reald2iff.demos.verify.arrays import check_lengths, check_numbers, check_stamps, step_data
from reald2iff.demos.verify.finding import Finding
from reald2iff.demos.verify.images import ImageScan, is_depth, is_image, scan_images
from reald2iff.errors import DatasetError, RealD2iffError

_REQUIRED = ("actions", "obs")
_TRAINING = ("rewards", "dones")


@dataclass(frozen=True)
class EpisodeCheck:
    """An episode that was read whole.

    Attributes:
        findings: What is wrong or odd.
        steps: As it says, 0 = it does not say.
        scans: Of its images, by key below ``obs``.
        shapes: Of a step, by key below the episode: equal in all episodes of a sound file.
    """

    findings: tuple[Finding, ...]
    steps: int = 0
    scans: Mapping[str, ImageScan] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def check_episode(demo: h5py.Group, name: str) -> EpisodeCheck:
    """Read everything in an episode.

    Args:
        demo: ``demo_k``.
        name: Of the episode.
    """
    steps = demo.attrs.get("num_samples")
    data = step_data(demo)
    findings = [
        # A robot that nobody commanded may well be recorded.
        Finding(
            name,
            f"has no {key}",
            "robomimic cannot train on it: leave it out, or make it again",
            "remark" if key == "actions" else "broken",
        )
        for key in _REQUIRED
        if key not in demo
    ]
    if steps is None or int(steps) < 1:
        findings.append(
            Finding(
                name,
                f"num_samples is {steps}: expected the number of steps",
                "The writer was stopped before the episode was whole: leave it out",
                "unreadable",
            )
        )
        return EpisodeCheck(tuple(findings))
    findings += check_lengths(name, data, int(steps))
    findings += check_numbers(name, data)
    findings += _check_stamps(demo, name, data)
    obs = demo.get("obs", {})
    scans = {
        key: scan_images(name, key, values, is_sensed=key + "_clean" in obs)
        for key, values in obs.items()
        if isinstance(values, h5py.Dataset) and is_image(values)
    }
    for scan in scans.values():
        findings += scan.findings
    findings += _check_cameras(demo, name, scans)
    findings += _remarks(demo, name)
    if not any(finding.severity != "remark" for finding in findings):
        findings += _check_as_a_whole(demo, name)
    shapes = {key: values.shape[1:] for key, values in data.items() if key.split("/")[0] in _REQUIRED}
    return EpisodeCheck(tuple(findings), int(steps), scans, shapes)


def _is_recorders(demo: h5py.Group) -> bool:
    """Whether this project's recorder wrote it: then more is expected than robomimic needs."""
    return "quaternion_order" in demo.attrs


def _check_stamps(demo: h5py.Group, name: str, data: Mapping[str, h5py.Dataset]) -> Iterator[Finding]:
    if "stamps" in data:
        try:
            yield from check_stamps(name, data["stamps"][()])
        except OSError:  # said by check_numbers
            return
    elif _is_recorders(demo):
        yield Finding(
            name, "has no stamps", "The recorder always writes them: leave it out, or record it again"
        )


def _check_cameras(demo: h5py.Group, name: str, scans: Mapping[str, ImageScan]) -> Iterator[Finding]:
    for attribute in ("camera_info", "noise_model", "state_names"):
        try:
            json.loads(demo.attrs.get(attribute, "{}"))
        except ValueError as error:
            advice = "Write it anew, or remove it"
            yield Finding(name, f"attribute {attribute} is not JSON: {error}", advice, "unreadable")
            return
    for key in scans:
        images = demo["obs"][key]
        if not is_depth(key, images):
            continue
        try:
            known = camera_intrinsics(demo, f"obs/{key}", images.shape[2], images.shape[1])
        except (RealD2iffError, KeyError, TypeError, ValueError) as error:
            yield Finding(name, f"calibration of obs/{key}: {error}", "Mend the attribute camera_info")
            continue
        if known is None:
            yield Finding(
                name,
                f"obs/{key} has no intrinsics",
                "No point clouds; 'reald2iff enhance' needs them given by --intrinsics",
                "remark",
            )
    for camera, info in json.loads(demo.attrs.get("camera_info", "{}")).items():
        pose = None if info.get("extrinsics") is None else np.asarray(info["extrinsics"], dtype=float)
        if pose is None:
            continue
        turned = pose[:3, :3] if pose.shape == (4, 4) else np.zeros((3, 3))
        if not np.allclose(turned @ turned.T, np.eye(3), atol=1e-3) or np.linalg.det(turned) < 0:
            yield Finding(
                name,
                f"extrinsics of camera {camera} are no rigid pose (4, 4)",
                "Clouds would be sheared: mend the attribute camera_info",
            )


def _remarks(demo: h5py.Group, name: str) -> Iterator[Finding]:
    if "success" in demo.attrs and not demo.attrs["success"]:
        yield Finding(
            name,
            "did not succeed",
            "Leave it out of training by a filter key of 'mask', unless failures are wanted",
            "remark",
        )
    missing = [key for key in _TRAINING if key not in demo]
    if missing and "actions" in demo:
        yield Finding(
            name,
            f"has no {' and no '.join(missing)}",
            "robomimic asks for them unless its dataset_keys leave them out",
            "remark",
        )


def _check_as_a_whole(demo: h5py.Group, name: str) -> Iterator[Finding]:
    """What the recorder wrote must also be what the reader takes."""
    if _is_recorders(demo):
        try:
            read_group(demo, images=False)
        except DatasetError as error:
            yield Finding(name, str(error), "Leave it out, or record it again", "unreadable")
