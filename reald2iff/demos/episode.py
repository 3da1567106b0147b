"""One demonstration in memory, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DatasetError

Array = NDArray[Any]


def _require(array: Array, name: str, shape: tuple[int | None, ...]) -> None:
    """Raise unless ``array`` is numeric, finite and of ``shape`` (None = any length)."""
    if len(shape) != array.ndim or not all(e in (None, n) for e, n in zip(shape, array.shape, strict=True)):
        expected = ", ".join("any" if e is None else str(e) for e in shape)
        raise DatasetError(f"{name} has shape {array.shape}: expected ({expected})")
    if array.dtype.kind not in "fiub":
        raise DatasetError(f"{name} has type {array.dtype}: expected numbers")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise DatasetError(f"{name} is not finite at row {row}: expected finite numbers")


@dataclass(frozen=True)
class DatagenInfo:
    """What MimicGen needs to cut and transform a demonstration. Poses are ``T_world_x``, metres.

    Attributes:
        eef_pose: ``(N, 4, 4)``.
        target_pose: ``(N, 4, 4)``, what the controller was asked for.
        gripper_action: ``(N, G)``.
        object_poses: ``(N, 4, 4)`` by object.
        subtask_term_signals: ``(N,)`` 0 or 1 by subtask; the first rise marks the subtask's end.
    """

    eef_pose: Array
    target_pose: Array
    gripper_action: Array
    object_poses: Mapping[str, Array] = field(default_factory=dict)
    subtask_term_signals: Mapping[str, Array] = field(default_factory=dict)

    def check(self, length: int) -> None:
        """Raise `DatasetError` unless everything holds ``length`` steps of the right shape."""
        _require(self.eef_pose, "datagen_info/eef_pose", (length, 4, 4))
        _require(self.target_pose, "datagen_info/target_pose", (length, 4, 4))
        _require(self.gripper_action, "datagen_info/gripper_action", (length, None))
        for name, poses in self.object_poses.items():
            _require(poses, f"datagen_info/object_poses/{name}", (length, 4, 4))
        for name, signal in self.subtask_term_signals.items():
            _require(signal, f"datagen_info/subtask_term_signals/{name}", (length,))
            if not np.isin(signal, (0, 1)).all():
                raise DatasetError(f"datagen_info/subtask_term_signals/{name}: expected only 0 and 1")


@dataclass(frozen=True)
class EpisodeCamera:
    """Calibration of a camera, constant over an episode.

    Attributes:
        intrinsics: ``(3, 3)`` camera matrix, pixels.
        width: Of the images, pixels.
        height: Of the images, pixels.
        frame_id: Of the images.
        observations: Keys of the observations that this camera took.
        extrinsics: ``T_world_optical (4, 4)``, world = robot base; None = unknown.
    """

    intrinsics: Array
    width: int
    height: int
    frame_id: str
    observations: tuple[str, ...]
    extrinsics: Array | None = None

    def __post_init__(self) -> None:
        _require(self.intrinsics, f"camera {self.frame_id}: intrinsics", (3, 3))
        if self.extrinsics is not None:
            _require(self.extrinsics, f"camera {self.frame_id}: extrinsics", (4, 4))


@dataclass(frozen=True)
class NoiseRecord:
    """The model that made the realistic depth: enough to make it again.

    Attributes:
        name: Of the model.
        version: Of the software or the weights.
        seed: Of the random numbers; None = not known, e.g. a real sensor.
        parameters: As the model names them; JSON values only.
    """

    name: str
    version: str
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            json.dumps(dict(self.parameters), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DatasetError(
                f"parameters of noise model {self.name}: expected JSON values: {error}"
            ) from error


@dataclass(frozen=True)
class Episode:
    """``N`` steps of one demonstration: observation ``o_t``, the action ``a_t`` chosen on it, its result.

    Attributes:
        stamps: ``(N,) int64`` nanoseconds, of the observations, rising.
        obs: By key, what robomimic calls modalities: images ``(N, H, W, 3) uint8`` RGB; depth
            ``(N, H, W, 1) float32`` metres, 0 = invalid; the rest ``(N, D)``: ``joint_positions`` rad,
            ``joint_velocities`` rad/s, ``gripper_width`` m, ``eef_pos`` m, ``eef_quat`` xyzw. Images may be
            absent: `reald2iff.demos.EpisodeWriter` takes them frame by frame.
        actions: ``(N, 7)`` in [-1, 1]: translation, rotation vector, gripper; None = not recorded.
        actions_abs: ``(N, 7)`` target position m, rotation vector rad, gripper in [-1, 1] (closed, open). The
            recorder lets the angle pass pi, so that a hand that points down does not jump by a full turn.
        rewards: ``(N,)``.
        dones: ``(N,)`` 0 or 1; None = the last step alone is 1.
        states: ``(N, D)`` state of the robot and the objects, named by ``state_names``; without names, a
            simulator's own.
        state_names: ``D`` names, or none.
        datagen_info: For MimicGen.
        cameras: Calibration by camera name.
        noise_model: Of the realistic depth.
        success: Whether the task was done.
        seed: Of the simulation's reset.

    Raises:
        DatasetError: for no steps, lengths that differ, values that are not finite or out of range.
    """

    stamps: Array
    obs: Mapping[str, Array]
    actions: Array | None = None
    actions_abs: Array | None = None
    rewards: Array | None = None
    dones: Array | None = None
    states: Array | None = None
    state_names: tuple[str, ...] = ()
    datagen_info: DatagenInfo | None = None
    cameras: Mapping[str, EpisodeCamera] = field(default_factory=dict)
    noise_model: NoiseRecord | None = None
    success: bool = False
    seed: int | None = None

    def __len__(self) -> int:
        return len(self.stamps)

    def __post_init__(self) -> None:
        if self.stamps.ndim != 1 or self.stamps.dtype != np.int64:
            raise DatasetError(
                f"stamps are {self.stamps.dtype} {self.stamps.shape}: expected (N,) int64 nanoseconds"
            )
        length = len(self)
        if length == 0:
            raise DatasetError("the episode is empty: expected at least one step")
        falls = np.flatnonzero(np.diff(self.stamps) <= 0)
        if falls.size:
            raise DatasetError(f"stamps do not rise at step {int(falls[0]) + 1}")
        for key, values in self.obs.items():
            _check_observation(key, values, length)
        shapes: dict[str, tuple[int | None, ...]] = {
            "actions": (length, 7),
            "actions_abs": (length, 7),
            "rewards": (length,),
            "dones": (length,),
            "states": (length, len(self.state_names) or None),
        }
        for name, shape in shapes.items():
            if getattr(self, name) is not None:
                _require(getattr(self, name), name, shape)
        if self.actions is not None and np.abs(self.actions).max() > 1:
            raise DatasetError(
                f"actions reach {np.abs(self.actions).max():.6g}: expected [-1, 1], what robomimic accepts"
            )
        if self.datagen_info is not None:
            self.datagen_info.check(length)


def _check_observation(key: str, values: Array, length: int) -> None:
    name = f"obs/{key}"
    if not key or "/" in key:
        raise DatasetError(f"observation key {key!r}: expected a name without '/'")
    _require(values, name, (length, None) if values.ndim < 3 else (length, None, None, None))
    if values.ndim == 4:
        check_frame(key, values[0])
        if values.dtype.kind == "f" and values.min() < 0:
            raise DatasetError(f"{name} is negative in places: expected metres, 0 = invalid")
    elif key == "eef_quat":
        worst = float(np.abs(np.linalg.norm(values, axis=1) - 1).max())
        if values.shape[1] != 4 or worst > 1e-3:
            raise DatasetError(
                f"{name}: expected unit quaternions (x, y, z, w), norms are off by {worst:.3g}"
            )


def check_frame(key: str, frame: Array) -> None:
    """Raise `DatasetError` unless one image is colour, a mask or depth of the shapes that robomimic reads."""
    kind = (frame.dtype.name, frame.shape[-1]) if frame.ndim == 3 else None
    if kind not in (("uint8", 3), ("uint8", 1), ("float32", 1)) or frame.size == 0:
        raise DatasetError(
            f"obs/{key} has frames of {frame.dtype} {frame.shape}: expected (H, W, 3) uint8 colour, "
            "(H, W, 1) float32 depth in metres or (H, W, 1) uint8 masks"
        )
