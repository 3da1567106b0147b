"""From recorded steps to an episode for the file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff.demos import DatagenInfo, Episode, NoiseRecord
from reald2iff.geometry.rotations import continuous_quaternions, rotation_vectors
from reald2iff_ros.recorder_decode import Array, Step


def build_episode(steps: Sequence[Step], seed: int | None, noise_model: NoiseRecord | None) -> Episode:
    """All of an episode but its images, which are in the file already.

    Args:
        steps: At least one; all have the same parts.
        seed: Of the simulation's reset.
        noise_model: Of the realistic depth.

    Raises:
        DatasetError: if the values do not make an episode, e.g. actions beyond [-1, 1].
    """
    first = steps[0]
    states, state_names = _states(steps)
    rewards = None if first.reward is None else np.array([step.reward for step in steps], dtype=np.float64)
    return Episode(
        stamps=np.array([step.stamp for step in steps], dtype=np.int64),
        obs=_observations(steps),
        actions=None if first.action is None else _rows([step.action for step in steps]),
        actions_abs=_absolute_actions(steps),
        rewards=rewards,
        states=states,
        state_names=state_names,
        datagen_info=_datagen_info(steps),
        cameras=first.cameras,
        noise_model=noise_model,
        success=steps[-1].success,
        seed=seed,
    )


def _rows(values: Sequence[Array | None]) -> Array:
    return np.stack([np.asarray(value, dtype=np.float64) for value in values])


def _absolute_actions(steps: Sequence[Step]) -> Array | None:
    if steps[0].target is None or steps[0].action is None:
        return None
    targets = _rows([step.target for step in steps])
    gripper = _rows([step.action for step in steps])[:, 6:]
    return np.hstack([targets[:, :3, 3], rotation_vectors(continuous_quaternions(targets)), gripper])


def _observations(steps: Sequence[Step]) -> dict[str, Array]:
    obs = {key: _rows([step.obs[key] for step in steps]) for key in steps[0].obs}
    if steps[0].eef is not None:
        obs["eef_quat"] = continuous_quaternions(_rows([step.eef for step in steps]))
    return obs


def _states(steps: Sequence[Step]) -> tuple[Array | None, tuple[str, ...]]:
    if "joint_positions" not in steps[0].obs:
        return None, ()
    names = [f"fr3_joint{i}.{what}" for what in ("position", "velocity") for i in range(1, 8)]
    names.append("gripper_width")
    columns = [
        _rows([step.obs[key] for step in steps])
        for key in ("joint_positions", "joint_velocities", "gripper_width")
    ]
    for name in sorted(steps[0].objects):
        poses = _rows([step.objects[name] for step in steps])
        columns += [poses[:, :3, 3], continuous_quaternions(poses)]
        names += [f"{name}.{axis}" for axis in ("x", "y", "z", "qx", "qy", "qz", "qw")]
    return np.hstack(columns), tuple(names)


def _datagen_info(steps: Sequence[Step]) -> DatagenInfo | None:
    first = steps[0]
    if first.eef is None or first.target is None or first.action is None:
        return None
    return DatagenInfo(
        eef_pose=_rows([step.eef for step in steps]),
        target_pose=_rows([step.target for step in steps]),
        gripper_action=_rows([step.action for step in steps])[:, 6:],
        object_poses={name: _rows([step.objects[name] for step in steps]) for name in first.objects},
        # Published as what came of a step; MimicGen's are of the state that the step starts from.
        subtask_term_signals={
            name: np.array([0, *(step.signals[name] for step in steps[:-1])], dtype=np.int64)
            for name in first.signals
        },
    )
