"""HDF5 demonstrations as a LeRobot data set v3.0.

==============================  =====================================================================
feature                         from
==============================  =====================================================================
``observation.images.<key>``    ``obs/<key>``: colour as PNG, depth as TIFF (float32 m or uint16 mm)
``observation.state``           low-dimensional ``obs`` one after the other, float32
``action``                      ``actions``, float32
``next.reward``, ``next.done``  ``rewards``, ``dones``
``validity.<key>``              bool ``(H, W)``: where the depth is one
``calibration.<camera>.*``      ``intrinsics (3, 3)`` in pixels, ``extrinsics (4, 4)``, float64
``source.<path>``               every array with a value a step, in its own type: nothing is lost
==============================  =====================================================================

What LeRobot has no place for (attributes, filter keys, arrays without a value a step) is in
``meta/reald2iff.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from rich.console import Console
from rich.progress import track

from reald2iff.demos.convert.layout import (
    DemoLayout,
    array_to_json,
    attributes_to_json,
    demo_cameras,
    demo_layout,
)
from reald2iff.demos.convert.lerobot_writer import DEFAULT_FEATURES, LeRobotWriter
from reald2iff.demos.formats.hdf5_cameras import camera_name
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError

if TYPE_CHECKING:
    from reald2iff.demos.convert.command import ConvertConfig

_DEFAULT_FPS = 20


def write(config: ConvertConfig, out: Path) -> int:
    """Write the data set to the folder ``out``; returns the number of episodes."""
    with open_demos(config.input) as file:
        data = file["data"]
        names = demo_names(data)
        if not names:
            raise DatasetError(f"{config.input} holds no episodes")
        first = data[names[0]]
        plan = demo_layout(first)
        env_args = json.loads(data.attrs.get("env_args", "{}"))
        fps = config.fps or _rate(first, env_args)
        task = config.task or _task(first, env_args)
        features = _features(first, plan)
        writer = LeRobotWriter(out, features, fps)
        for name in track(names, "converting", console=Console(stderr=True), transient=True):
            if demo_layout(data[name]) != plan:
                raise DatasetError(
                    f"{config.input}: {name} has other keys than {names[0]}: expected the same"
                )
            writer.add(_columns(data[name], plan), task)
        extra = {
            "file": attributes_to_json(file),
            "data": attributes_to_json(data),
            "masks": {key: array_to_json(mask[()]) for key, mask in file.get("mask", {}).items()},
            "sources": _sources(first, plan),
            "episodes": {name: _leftovers(data[name], plan) for name in names},
        }
        writer.finish(task, str(env_args.get("robot", "") or env_args.get("env_name", "unknown")), extra)
    return len(names)


def depth_feature(key: str) -> str:
    """``obs/front_depth`` is the feature ``observation.images.front_depth``."""
    return f"observation.images.{_last(key)}"


def _last(key: str) -> str:
    return key.removeprefix("obs/").replace("/", ".")


def _sources(demo: h5py.Group, plan: DemoLayout) -> dict[str, Any]:
    """Where features came from, and the shape of a step there."""
    keys = {depth_feature(key): key for key in (*plan.colour, *plan.depth)}
    keys |= {f"source.{key.replace('/', '.')}": key for key in plan.arrays}
    return {feature: {"path": key, "shape": list(demo[key].shape[1:])} for feature, key in keys.items()}


def _rate(demo: h5py.Group, env_args: dict[str, Any]) -> int:
    if "stamps" in demo and len(demo["stamps"]) > 1:
        return max(1, round(1e9 / float(np.median(np.diff(demo["stamps"][()])))))
    return int(env_args.get("env_kwargs", {}).get("control_freq", _DEFAULT_FPS))


def _task(demo: h5py.Group, env_args: dict[str, Any]) -> str:
    for holder in (demo.attrs, env_args, env_args.get("env_kwargs", {})):
        for name in ("language", "lang", "language_instruction", "task"):
            if name in holder:
                return str(holder[name])
    return str(env_args.get("env_name", "unknown"))


def _features(demo: h5py.Group, plan: DemoLayout) -> dict[str, dict[str, Any]]:
    features: dict[str, dict[str, Any]] = {}
    for key in plan.colour:
        shape = list(demo[key].shape[1:])
        features[depth_feature(key)] = _feature("image", shape, ["height", "width", "channels"])
    cameras = demo_cameras(demo, plan.depth)
    for key in plan.depth:
        height, width = demo[key].shape[1:3]
        about: dict[str, Any] = {
            "is_depth_map": True,
            "depth_unit": "m" if demo[key].dtype.kind == "f" else "mm",
            "validity_feature": f"validity.{_last(key)}",
        }
        if camera_name(key) in cameras:
            about["intrinsics_feature"] = f"calibration.{camera_name(key)}.intrinsics"
        features[depth_feature(key)] = _feature(
            "image", [height, width, 1], ["height", "width", "channels"]
        ) | {"info": about}
        features[about["validity_feature"]] = _feature("bool", [height, width])
    for camera, calibration in cameras.items():
        for name, matrix in calibration.items():
            if matrix is not None:
                features[f"calibration.{camera}.{name}"] = _feature("float64", list(matrix.shape))
    if plan.state:
        names = [f"{_last(key)}.{i}" for key in plan.state for i in range(demo[key].shape[1])]
        features["observation.state"] = _feature("float32", [len(names)], names)
    features["action"] = _feature("float32", list(demo["actions"].shape[1:]))
    if "rewards" in demo:
        features["next.reward"] = _feature("float32", [1])
    if "dones" in demo:
        features["next.done"] = _feature("bool", [1])
    for key in plan.arrays:
        features[f"source.{key.replace('/', '.')}"] = _feature(
            demo[key].dtype.name, list(demo[key].shape[1:]) or [1]
        )
    return features | {name: _feature(kind, [1]) for name, kind in DEFAULT_FEATURES.items()}


def _feature(dtype: str, shape: list[int], names: list[str] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "names": names}


def _columns(demo: h5py.Group, plan: DemoLayout) -> dict[str, Any]:
    """By feature: a list of ``(image, file type)`` for pictures, an array for the rest."""
    columns: dict[str, Any] = {}
    for key in plan.colour:
        columns[depth_feature(key)] = [(frame, "PNG") for frame in demo[key]]
    cameras = demo_cameras(demo, plan.depth)
    for key in plan.depth:
        frames = demo[key][()].reshape(demo[key].shape[:3])
        frames = frames.astype(np.float32) if frames.dtype.kind == "f" else frames
        columns[depth_feature(key)] = [(frame, "TIFF") for frame in frames]
        columns[f"validity.{_last(key)}"] = np.isfinite(frames) & (frames > 0)
    length = len(demo["actions"])
    for camera, calibration in cameras.items():
        for name, matrix in calibration.items():
            if matrix is not None:
                columns[f"calibration.{camera}.{name}"] = np.repeat(matrix[None], length, axis=0)
    if plan.state:
        state = np.concatenate([demo[key][()] for key in plan.state], axis=1)
        columns["observation.state"] = state.astype(np.float32)
    columns["action"] = demo["actions"][()].astype(np.float32)
    if "rewards" in demo:
        columns["next.reward"] = demo["rewards"][()].astype(np.float32)
    if "dones" in demo:
        columns["next.done"] = demo["dones"][()].astype(bool)
    return columns | {f"source.{key.replace('/', '.')}": demo[key][()] for key in plan.arrays}


def _leftovers(demo: h5py.Group, plan: DemoLayout) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    demo.visititems(
        lambda key, node: groups.update({key: attributes_to_json(node)}) if len(node.attrs) else None
    )
    return {
        "attributes": attributes_to_json(demo),
        "below": groups,
        "constants": {key: array_to_json(np.asarray(demo[key][()])) for key in plan.constants},
    }
