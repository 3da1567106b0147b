"""``datagen_info``, what MimicGen needs of a demonstration, in the spelling of MimicGen and of Isaac Lab.

::

    MimicGen   demo_k/datagen_info/      eef_pose  target_pose  gripper_action  object_poses/<object>
                                         subtask_term_signals/<name>
    Isaac Lab  demo_k/obs/datagen_info/  eef_pose[/<hand>]  target_eef_pose[/<hand>]  object_pose/<object>
                                         subtask_term_signals/<name>

Isaac Lab keeps no gripper action there: it is the last entry of ``actions``.
"""

from __future__ import annotations

from typing import Literal

import h5py
import numpy as np

from reald2iff.demos.episode import Array, DatagenInfo
from reald2iff.errors import DatasetError

Spelling = Literal["mimicgen", "isaaclab"]

_GROUPS: dict[Spelling, str] = {"mimicgen": "datagen_info", "isaaclab": "obs/datagen_info"}
_TARGET: dict[Spelling, str] = {"mimicgen": "target_pose", "isaaclab": "target_eef_pose"}
_OBJECTS: dict[Spelling, str] = {"mimicgen": "object_poses", "isaaclab": "object_pose"}


def has_datagen_info(demo: h5py.Group) -> bool:
    """Whether a ``demo_k`` group holds it, in either spelling."""
    return any(group in demo for group in _GROUPS.values())


def read_datagen_info(demo: h5py.Group) -> DatagenInfo:
    """`DatagenInfo` of a ``demo_k`` group, whichever the spelling.

    Raises:
        DatasetError: if there is none, something in it is missing, or it is of several hands.
    """
    spelling = next((name for name, group in _GROUPS.items() if group in demo), None)
    if spelling is None:
        raise DatasetError(f"{demo.name} has no {' or '.join(_GROUPS.values())}: expected MimicGen's fields")
    info = demo[_GROUPS[spelling]]
    gripper = info.get("gripper_action")
    if gripper is None:
        gripper = demo.get("actions")
        if gripper is None:
            raise DatasetError(f"{demo.name} has neither gripper_action nor actions to take it from")
        gripper = gripper[:, -1:]
    return DatagenInfo(
        eef_pose=_of_one_hand(info, "eef_pose"),
        target_pose=_of_one_hand(info, _TARGET[spelling]),
        gripper_action=gripper[()],
        object_poses=_members(info, _OBJECTS[spelling]),
        subtask_term_signals={
            name: _flat(values) for name, values in _members(info, "subtask_term_signals").items()
        },
    )


def write_datagen_info(
    demo: h5py.Group,
    info: DatagenInfo,
    env_name: str,
    spelling: Spelling = "mimicgen",
    compression: str | None = None,
) -> None:
    """Write `DatagenInfo` into a ``demo_k`` group.

    Args:
        demo: Where to.
        info: What; in Isaac Lab's spelling its gripper action is left to ``actions``.
        env_name: Becomes MimicGen's ``env_interface_name``.
        spelling: Whose.
        compression: Of the arrays, as HDF5 names it.
    """
    group = demo.require_group(_GROUPS[spelling])

    def write(name: str, values: Array) -> None:
        group.create_dataset(name, data=values, compression=compression, shuffle=compression is not None)

    write("eef_pose", info.eef_pose)
    write(_TARGET[spelling], info.target_pose)
    if spelling == "mimicgen":
        write("gripper_action", info.gripper_action)
    for name, members in (
        (_OBJECTS[spelling], info.object_poses),
        ("subtask_term_signals", info.subtask_term_signals),
    ):
        group.require_group(name)
        for key, values in members.items():
            write(f"{name}/{key}", values)
    group.attrs["env_interface_name"] = env_name
    group.attrs["env_interface_type"] = "reald2iff"


def _of_one_hand(info: h5py.Group, name: str) -> Array:
    node = info.get(name)
    if isinstance(node, h5py.Group):
        hands = list(node)
        if len(hands) != 1:
            raise DatasetError(f"{node.name} is of {', '.join(hands) or 'no hand'}: expected one hand")
        node = node[hands[0]]
    if node is None:
        raise DatasetError(f"{info.name} has no {name}")
    return node[()]


def _members(info: h5py.Group, name: str) -> dict[str, Array]:
    return {key: values[()] for key, values in info[name].items()} if name in info else {}


def _flat(signal: Array) -> Array:
    """``(N,)`` 0 or 1: Isaac Lab has ``(N, 1)`` booleans."""
    return np.asarray(signal).reshape(len(signal), -1)[:, 0].astype(np.int64)
