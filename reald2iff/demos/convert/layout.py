"""What an HDF5 demonstration holds, sorted by what becomes of it in formats that know frames only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from reald2iff.demos.formats.base import is_depth_key
from reald2iff.demos.formats.hdf5_cameras import camera_intrinsics, camera_name

CLEAN_SUFFIX = "_clean"


@dataclass(frozen=True)
class DemoLayout:
    """Keys of a demonstration, below ``demo_k``.

    Attributes:
        colour: Images ``(N, H, W, 3) uint8``.
        depth: ``(N, H, W[, 1])`` floating point metres or ``uint16`` millimetres.
        state: Observations ``(N, D)``, numbers.
        arrays: Everything with a value a step that is no picture, ``state`` included.
        constants: What has no value a step.
    """

    colour: tuple[str, ...]
    depth: tuple[str, ...]
    state: tuple[str, ...]
    arrays: tuple[str, ...]
    constants: tuple[str, ...]


def demo_layout(demo: h5py.Group) -> DemoLayout:
    """The layout of one demonstration; ``next_obs`` is left out, being ``obs`` a step later."""
    length = len(demo["actions"])
    found: dict[str, list[str]] = {name: [] for name in DemoLayout.__dataclass_fields__}

    def visit(key: str, node: h5py.HLObject) -> None:
        if not isinstance(node, h5py.Dataset) or key.startswith("next_obs/"):
            return
        if node.ndim == 0 or node.shape[0] != length or node.dtype.kind not in "fiub":
            found["constants"].append(key)
        elif node.ndim == 4 and node.shape[-1] == 3 and node.dtype == np.uint8:
            found["colour"].append(key)
        elif is_depth(key, node):
            found["depth"].append(key)
        else:
            found["arrays"].append(key)
            if key.startswith("obs/") and key.count("/") == 1 and node.ndim == 2 and node.dtype.kind == "f":
                found["state"].append(key)

    demo.visititems(visit)
    return DemoLayout(**{name: tuple(keys) for name, keys in found.items()})


def is_depth(key: str, data: h5py.Dataset) -> bool:
    """Whether a data set is depth, clean depth included."""
    picture = data.ndim == 3 or (data.ndim == 4 and data.shape[-1] == 1)
    number = data.dtype.kind == "f" or data.dtype == np.uint16
    return picture and number and is_depth_key(key.removesuffix(CLEAN_SUFFIX), CLEAN_SUFFIX)


def demo_cameras(demo: h5py.Group, depth: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Calibration of the depths' cameras: ``{camera: {intrinsics (3, 3), extrinsics (4, 4) or None}}``."""
    told: Mapping[str, Any] = json.loads(demo.attrs.get("camera_info", "{}"))
    cameras: dict[str, dict[str, Any]] = {}
    for key in depth:
        intrinsics = camera_intrinsics(demo, key, demo[key].shape[2], demo[key].shape[1])
        if intrinsics is not None:
            name = camera_name(key)
            extrinsics = told.get(name, {}).get("extrinsics")
            cameras[name] = {
                "intrinsics": intrinsics.matrix,
                "extrinsics": None if extrinsics is None else np.asarray(extrinsics, dtype=np.float64),
            }
    return cameras


def attributes_to_json(group: h5py.Group) -> dict[str, Any]:
    """Attributes as JSON values: text as it is, numbers with their type."""
    return {name: _to_json(value) for name, value in group.attrs.items()}


def attributes_from_json(group: h5py.Group, attributes: Mapping[str, Any]) -> None:
    """Set attributes that `attributes_to_json` gave."""
    for name, value in attributes.items():
        group.attrs[name] = from_json(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, str):
        return value
    return array_to_json(np.asarray(value))


def array_to_json(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """An array as JSON values."""
    values = array.astype("U") if array.dtype.kind in "SO" else array
    return {"dtype": str(array.dtype) if array.dtype.kind != "O" else "U", "values": values.tolist()}


def from_json(value: Any) -> Any:
    """What `array_to_json` was given."""
    if not isinstance(value, Mapping):
        return value
    return np.array(value["values"], dtype=value["dtype"])[()]
