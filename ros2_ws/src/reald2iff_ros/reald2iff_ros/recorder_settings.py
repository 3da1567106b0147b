"""The parameters of the recorder node."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.node import Node

from reald2iff import __version__
from reald2iff.errors import InvalidParameterError
from reald2iff_ros.parameters import declare
from reald2iff_ros.recorder_streams import STREAMS, Stream, required_streams

_CUSTOM_ENVIRONMENT = 2
"""robomimic's number for environments that are not robosuite's, as Isaac Lab uses it."""


@dataclass(frozen=True)
class RecorderSettings:
    """Values of the parameters; `declare_settings` holds their descriptions.

    Raises:
        InvalidParameterError: for streams that there are not, or env_kwargs that are not a JSON object.
    """

    out: str
    record_mcap: bool
    required: tuple[str, ...]
    objects: tuple[str, ...]
    reference: str
    sync_tolerance: float
    max_missing_ratio: float
    save_timeout: float
    max_backlog_mb: int
    consolidate: bool
    auto: bool
    episode_topic: str
    noise_model_node: str
    env_name: str
    env_kwargs: str

    def __post_init__(self) -> None:
        streams = self.streams
        if self.reference_stream not in streams:
            raise InvalidParameterError(
                f"parameter reference: {self.reference_stream!r}: expected one of those required"
            )
        if self.auto and not self.episode_topic:
            raise InvalidParameterError("parameter auto: true needs an episode_topic: it is empty")
        if not isinstance(self._kwargs(), dict):
            raise InvalidParameterError(f"parameter env_kwargs: {self.env_kwargs!r}: expected a JSON object")

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams that make a frame."""
        return required_streams(self.required, self.objects)

    @property
    def reference_stream(self) -> str:
        """Whose messages make frames: the actions where there are, otherwise the first required stream."""
        return self.reference or ("action" if "action" in self.required else self.required[0])

    @property
    def tolerance(self) -> int:
        """`sync_tolerance` in nanoseconds."""
        return round(self.sync_tolerance * 1e9)

    @property
    def master(self) -> Path:
        """The HDF5 file."""
        return Path(self.out) / "demos.hdf5"

    @property
    def env_args(self) -> dict[str, Any]:
        """robomimic's description of the environment."""
        return {
            "env_name": self.env_name,
            "env_version": __version__,
            "type": _CUSTOM_ENVIRONMENT,
            "env_kwargs": self._kwargs(),
        }

    def _kwargs(self) -> Any:
        try:
            return json.loads(self.env_kwargs)
        except ValueError as error:
            raise InvalidParameterError(
                f"parameter env_kwargs: {self.env_kwargs!r}: expected a JSON object ({error})"
            ) from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.replace(",", " ").split())


def declare_settings(node: Node) -> RecorderSettings:
    """Declare the parameters on ``node`` and read them.

    Raises:
        InvalidParameterError: for a value of the user's out of its range.
    """
    return RecorderSettings(
        out=declare(
            node, "out", "out/recordings", "Folder of demos.hdf5 and the MCAP logs; it is made if need be."
        ),
        record_mcap=declare(node, "record_mcap", True, "Also log every episode's messages to demo_k.mcap."),
        required=_names(
            declare(
                node,
                "required",
                ",".join(STREAMS),
                "What a frame needs, with commas: "
                + ", ".join(STREAMS)
                + ". On a robot leave out what it does not publish.",
            )
        ),
        objects=_names(
            declare(node, "objects", "cube", "Objects whose poses a frame needs, with commas; empty = none.")
        ),
        reference=declare(
            node,
            "reference",
            "",
            "Stream whose messages make frames; empty = action if required, else the first required stream.",
        ),
        sync_tolerance=declare(
            node,
            "sync_tolerance",
            0.0,
            "Seconds that the stamps of a frame's parts may differ; 0 = equal stamps, as in simulation.",
            minimum=0.0,
            maximum=1.0,
        ),
        max_missing_ratio=declare(
            node,
            "max_missing_ratio",
            0.05,
            "Share of an episode's frames that may lack a part and are left out; beyond it ~/save refuses.",
            minimum=0.0,
            maximum=1.0,
        ),
        save_timeout=declare(
            node,
            "save_timeout",
            10.0,
            "Seconds that ~/save waits for late parts of the last frames.",
            minimum=0.0,
            maximum=600.0,
        ),
        max_backlog_mb=declare(
            node,
            "max_backlog_mb",
            1024,
            "Megabytes of messages that may wait for the disk; the rest is dropped and ~/save refuses.",
            minimum=16,
            maximum=1_000_000,
        ),
        consolidate=declare(
            node,
            "consolidate",
            True,
            "At the end make demos.hdf5 self-contained; false leaves it linked to one file per episode.",
        ),
        auto=declare(
            node,
            "auto",
            False,
            "Record every episode that episode_topic announces; save those that succeed, discard the others.",
        ),
        episode_topic=declare(
            node,
            "episode_topic",
            "mujoco_sim/episode",
            "std_msgs/String with JSON of the simulation's episode (state, success, seed); empty = none.",
        ),
        noise_model_node=declare(
            node,
            "noise_model_node",
            "depth_realism",
            "Node whose parameters are recorded as the depth noise model; empty = none, a real sensor.",
        ),
        env_name=declare(node, "env_name", "pick_cube", "robomimic's env_name: the task."),
        env_kwargs=declare(node, "env_kwargs", "{}", "robomimic's env_kwargs, a JSON object."),
    )
