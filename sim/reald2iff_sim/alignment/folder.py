"""A folder of views: depth images (and colour), and ``index.json`` that says how the arm stood.

::

    {"format": "reald2iff-alignment", "version": 1,
     "intrinsics": {"width": 640, "height": 480, "fx": 382.6, "fy": 382.6, "cx": 319.5, "cy": 239.5},
     "T_base_camera": [[...], [...], [...], [0, 0, 0, 1]],
     "views": [{"depth": "0.png", "color": "0_color.png", "joint_positions": [7 rad], "gripper_width": 0.08}]}

``T_base_camera`` is the first guess of the optical frame in ``fr3_link0``; ``color`` may be left out, and
``gripper_width`` where the gripper is open. Depth is 16-bit PNG (mm) or NPY, NPZ (float m).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.io.depth_files import DepthFormat, read_depth, write_depth
from reald2iff.pairs.format import write_atomically
from reald2iff_sim.alignment.views import ArmView
from reald2iff_sim.control.limits import GRIPPER_WIDTH

Array = NDArray[np.float64]

INDEX = "index.json"
_FORMAT = {"format": "reald2iff-alignment", "version": 1}


def read_folder(folder: Path) -> tuple[list[ArmView], Array | None]:
    """Views of a folder and the first guess of ``T_base_camera (4, 4)``, None if it holds none.

    Raises:
        DatasetError: for an index that is missing, broken or lacks something.
        InvalidDepthError: for an image that cannot be read.
        InvalidIntrinsicsError: if an image and the intrinsics differ in size.
        InvalidParameterError: for joint positions that the arm cannot have.
    """
    path = folder / INDEX
    try:
        index = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise DatasetError(f"{folder}: no {INDEX}: expected a folder of views of the arm") from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    found = {key: index.get(key) for key in _FORMAT} if isinstance(index, dict) else None
    if found != _FORMAT:
        raise DatasetError(f"{path}: is {found}: expected {_FORMAT}")
    try:
        intrinsics = PinholeIntrinsics(**index["intrinsics"])
        views = [_read_view(folder, entry, intrinsics) for entry in index["views"]]
        guess = index.get("T_base_camera")
        return views, None if guess is None else np.asarray(guess, dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: {type(error).__name__} {error}: expected intrinsics, T_base_camera and views, each "
            "with depth and joint_positions"
        ) from error


def _read_view(folder: Path, entry: dict[str, Any], intrinsics: PinholeIntrinsics) -> ArmView:
    color = entry.get("color")
    return ArmView(
        read_depth(folder / entry["depth"]).depth,
        np.asarray(entry["joint_positions"], dtype=np.float64),
        float(entry.get("gripper_width", GRIPPER_WIDTH)),
        intrinsics,
        None if color is None else _read_color(folder / color),
        entry["depth"],
    )


def _read_color(path: Path) -> NDArray[np.uint8]:
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) if path.is_file() else None
    if image is None:
        raise DatasetError(f"{path}: not a readable colour image")
    return np.asarray(image, dtype=np.uint8)


def write_folder(folder: Path, views: Sequence[ArmView], guess: Array) -> None:
    """Write views of one camera as `read_folder` reads them; the index last.

    Raises:
        InvalidDepthError: if an image cannot be written.
    """
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    for number, view in enumerate(views):
        entry: dict[str, Any] = {
            "depth": f"{number}.png",
            "joint_positions": view.joint_positions.tolist(),
            "gripper_width": float(view.gripper_width),
        }
        write_depth(folder / entry["depth"], view.depth, DepthFormat("png", "uint16"))
        if view.color is not None:
            entry["color"] = f"{number}_color.png"
            _, encoded = cv2.imencode(".png", cv2.cvtColor(view.color, cv2.COLOR_RGB2BGR))
            write_atomically(folder / entry["color"], encoded.tobytes())
        entries.append(entry)
    index = {
        **_FORMAT,
        "intrinsics": asdict(views[0].intrinsics),
        "T_base_camera": np.asarray(guess).tolist(),
        "views": entries,
    }
    write_atomically(folder / INDEX, (json.dumps(index, indent=1) + "\n").encode())
