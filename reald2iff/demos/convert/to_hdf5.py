"""A LeRobot data set v3.0 as HDF5 demonstrations in robomimic's layout.

What `reald2iff.demos.convert.to_lerobot` wrote comes back as it was. Of other data sets: ``action`` becomes
``actions``, ``next.reward`` ``rewards``, ``next.done`` ``dones``, ``observation.images.<key>`` and
``observation.<key>`` become ``obs/<key>``, the rest goes by its name. Videos are decoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from reald2iff.demos.convert.layout import attributes_from_json, from_json
from reald2iff.demos.formats import lerobot_layout as layout
from reald2iff.demos.formats.json_files import read_json
from reald2iff.demos.formats.lerobot_columns import column_array
from reald2iff.demos.formats.lerobot_frames import episode_frames
from reald2iff.demos.formats.lerobot_metadata import episode_name
from reald2iff.demos.frames import append_frame, create_frames
from reald2iff.errors import DatasetError

if TYPE_CHECKING:
    from reald2iff.demos.convert.command import ConvertConfig

_DEFAULTS = ("timestamp", "frame_index", "episode_index", "index", "task_index")
_NAMES = {"action": "actions", "next.reward": "rewards", "next.done": "dones"}
_DERIVED = ("validity.", "calibration.")


def write(config: ConvertConfig, out: Path) -> int:
    """Write the demonstrations to the file ``out``; returns the number of episodes."""
    if not layout.is_lerobot(config.input):
        raise DatasetError(f"{config.input} is no LeRobot data set: expected a folder with {layout.INFO}")
    info = layout.read_info(config.input)
    episodes = layout.read_episodes(config.input, info)
    extra = _extra(config.input, len(episodes))
    names = list(extra["episodes"]) or [f"demo_{episode.index}" for episode in episodes]
    tasks = layout.read_tasks(config.input)
    with h5py.File(out, "w") as file:
        data = file.create_group("data")
        attributes_from_json(file, extra["file"])
        attributes_from_json(data, extra["data"] or _data_attributes(info, tasks))
        if "enhanced_depth" in extra:
            data.attrs["enhanced_depth"] = json.dumps(extra["enhanced_depth"], sort_keys=True)
        named = list(zip(names, episodes, strict=True))
        for name, episode in track(named, "converting", console=Console(stderr=True), transient=True):
            demo = data.create_group(name)
            _write_demo(demo, config.input, info, episode, extra["sources"])
            _write_leftovers(demo, extra["episodes"].get(name), episode, extra)
        for key, mask in extra["masks"].items():
            file.create_dataset(f"mask/{key}", data=from_json(mask))
    return len(episodes)


def _extra(root: Path, episodes: int) -> dict[str, Any]:
    """What the other converter left; nothing if episodes were added or removed since."""
    extra = read_json(root / layout.EXTRA)
    if len(extra.get("episodes", ())) != episodes:
        extra = {"sources": extra.get("sources", {})}
    return {"file": {}, "data": {}, "masks": {}, "sources": {}, "episodes": {}} | extra


def _data_attributes(info: Mapping[str, Any], tasks: list[str]) -> dict[str, Any]:
    env_args = {
        "env_name": tasks[0] if tasks else str(info.get("robot_type")),
        "env_version": "",
        "type": 2,
        "env_kwargs": {"control_freq": info["fps"]},
    }
    return {"total": info["total_frames"], "env_args": json.dumps(env_args)}


def _write_demo(
    demo: h5py.Group,
    root: Path,
    info: Mapping[str, Any],
    episode: layout.LeRobotEpisode,
    sources: Mapping[str, Any],
) -> None:
    features = info["features"]
    stored = [key for key, feature in features.items() if feature["dtype"] not in ("image", "video")]
    filters = [("episode_index", "=", episode.index)]
    table = pq.read_table(root / episode.data_file, columns=stored, filters=filters)
    for key, feature in features.items():
        is_picture = key not in stored
        if feature["dtype"] == "string" or key in _DEFAULTS or key.startswith(_DERIVED):
            continue
        if sources and key not in sources and not is_picture:
            continue  # made of others that come back as they were
        path = sources[key]["path"] if key in sources else _NAMES.get(key) or _observation(key)
        shape = sources[key]["shape"] if key in sources else None
        if is_picture:
            mask = (feature.get("info") or {}).get("validity_feature", "")
            valid = None
            if mask in features:
                valid = column_array(table.column(mask), features[mask]["shape"])
            _write_images(demo, path, episode_frames(root, info, episode, key), valid, shape)
        else:
            values = column_array(table.column(key), feature["shape"])
            if shape is None and path.startswith(("obs/", "actions")):
                shape = feature["shape"]  # robomimic wants (N, D) also where D is 1
            demo.create_dataset(path, data=values if shape is None else values.reshape(-1, *shape))
    cameras = _cameras(table, features)
    if cameras:
        demo.attrs["camera_info"] = json.dumps(cameras)


def _write_leftovers(
    demo: h5py.Group, left: Mapping[str, Any] | None, episode: layout.LeRobotEpisode, extra: Mapping[str, Any]
) -> None:
    """What `reald2iff.demos.convert.to_lerobot` put aside, and the record of `reald2iff enhance`."""
    demo.attrs["num_samples"] = episode.length
    if left is not None:
        attributes_from_json(demo, left["attributes"])
        for path, constant in left["constants"].items():
            demo.create_dataset(path, data=from_json(constant))
        for path, attributes in left["below"].items():
            if path in demo:
                attributes_from_json(demo[path], attributes)
    seed = extra.get("enhanced_seeds", {}).get(episode_name(episode.index))
    if seed is not None:
        noise = {"seed": seed, **extra["enhanced_depth"]["model"]}
        demo.attrs["noise_model"] = json.dumps(noise, sort_keys=True)


def _observation(key: str) -> str:
    for prefix in ("observation.images.", "observation."):
        if key.startswith(prefix):
            return f"obs/{key.removeprefix(prefix).replace('.', '_')}"
    return key.replace(".", "_")


def _write_images(
    demo: h5py.Group,
    path: str,
    frames: Sequence[NDArray[Any]],
    valid: NDArray[np.bool_] | None,
    shape: list[int] | None,
) -> None:
    folder, _, name = path.rpartition("/")
    group = demo.require_group(folder) if folder else demo
    for index, frame in enumerate(frames):
        if valid is not None:
            frame = np.where(valid[index], frame, frame.dtype.type(0))
        if shape is not None:
            frame = frame.reshape(shape)
        elif frame.ndim == 2:
            frame = frame[..., None]
        if index == 0:
            create_frames(group, name, frame)
        append_frame(group[name], frame)


def _cameras(table: pa.Table, features: Mapping[str, Any]) -> dict[str, Any]:
    """``camera_info`` of robomimic, from the calibration that the first step has."""
    cameras: dict[str, Any] = {}
    for key, feature in features.items():
        if key.startswith("calibration."):
            camera, _, kind = key.removeprefix("calibration.").rpartition(".")
            value = column_array(table.column(key).slice(0, 1), feature["shape"])[0]
            cameras.setdefault(camera, {})[kind] = value.tolist()
    return cameras
