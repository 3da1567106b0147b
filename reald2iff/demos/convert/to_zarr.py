"""HDF5 demonstrations as the replay buffer of diffusion_policy: zarr, format 2.

``data/<key>`` holds all steps of all episodes one after the other, ``meta/episode_ends`` where each ends.
``obs/<key>`` becomes ``data/<key>`` and ``actions`` ``data/action``, float32. Calibration is in
``meta/<camera>_intrinsics (E, 3, 3)`` and ``meta/<camera>_extrinsics (E, 4, 4)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numcodecs
import numpy as np
import zarr
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from reald2iff.demos.convert.layout import DemoLayout, demo_cameras, demo_layout
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError

if TYPE_CHECKING:
    from reald2iff.demos.convert.command import ConvertConfig

_COMPRESSOR = numcodecs.Blosc(cname="zstd", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
_LOW_DIM_CHUNK = 1000


def write(config: ConvertConfig, out: Path) -> int:
    """Write the replay buffer to the folder ``out``; returns the number of episodes."""
    with open_demos(config.input) as file:
        source = file["data"]
        names = demo_names(source)
        if not names:
            raise DatasetError(f"{config.input} holds no episodes")
        plan = demo_layout(source[names[0]])
        root = zarr.open_group(str(out), mode="w")
        data, meta = root.create_group("data"), root.create_group("meta")
        for name, value in source.attrs.items():
            root.attrs[name] = value if isinstance(value, str) else np.asarray(value).tolist()
        lengths = [len(source[name]["actions"]) for name in names]
        cameras: dict[str, list[NDArray[Any]]] = {}
        for name in track(names, "converting", console=Console(stderr=True), transient=True):
            if demo_layout(source[name]) != plan:
                raise DatasetError(
                    f"{config.input}: {name} has other keys than {names[0]}: expected the same"
                )
            _append(data, source[name], plan, sum(lengths))
            for camera, calibration in demo_cameras(source[name], plan.depth).items():
                for kind, matrix in calibration.items():
                    if matrix is not None:
                        cameras.setdefault(f"{camera}_{kind}", []).append(matrix)
        meta.create_dataset("episode_ends", data=np.cumsum(lengths, dtype=np.int64), compressor=None)
        for key, matrices in cameras.items():
            if len(matrices) == len(names):
                meta.create_dataset(key, data=np.stack(matrices), compressor=None)
    return len(names)


def _append(data: zarr.Group, demo: h5py.Group, plan: DemoLayout, total: int) -> None:
    for key in (*plan.colour, *plan.depth, *plan.state, "actions"):
        values = demo[key][()]
        name = "action" if key == "actions" else key.removeprefix("obs/").replace("/", "_")
        if key in plan.depth:
            values = values.reshape(*values.shape[:3], 1)
        elif key not in plan.colour:
            values = values.astype(np.float32)
        if name not in data:
            rows = 1 if values.ndim == 4 else min(_LOW_DIM_CHUNK, total)
            data.create_dataset(
                name,
                shape=(0, *values.shape[1:]),
                chunks=(rows, *values.shape[1:]),
                dtype=values.dtype,
                compressor=_COMPRESSOR,
            )
        data[name].append(values)
