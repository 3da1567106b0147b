"""A trial as a demonstration in robomimic's and MimicGen's layout: states and actions, no pictures."""

from __future__ import annotations

import h5py
import numpy as np

from reald2iff.demos import Episode
from reald2iff.demos.datagen import Spelling
from reald2iff.demos.episode_group import write_low_dim
from reald2iff.geometry.rotations import continuous_quaternions, rotation_vectors
from reald2iff_sim.generation.trial import Trial
from reald2iff_sim.simulator import Array, Simulator
from reald2iff_sim.trajectory import Trajectory

_COMPRESSION = "gzip"


def write_demo(group: h5py.Group, simulator: Simulator, trial: Trial, index: int, spelling: Spelling) -> None:
    """Write a trial.

    Beside what `reald2iff.demos.episode_group` has: ``states (N, D)`` of `Simulator.get_state`, MimicGen's
    ``src_demo_inds (subtasks,)`` and ``src_demo_labels (N, 1)``, and the attribute ``trial``.

    Args:
        group: Empty.
        simulator: That it was made with.
        trial: What to write.
        index: Its number.
        spelling: Of `datagen_info`.
    """
    trajectory = trial.trajectory
    group.create_group("obs")
    episode = Episode(
        stamps=np.array([round(o.time * 1e9) for o in trajectory.observations], dtype=np.int64),
        obs=_low_dim(trajectory),
        actions=trajectory.actions,
        actions_abs=_absolute(trajectory),
        rewards=np.array([result.reward for result in trajectory.results]),
        states=trajectory.states,
        datagen_info=trajectory.datagen_info(simulator.task),
        success=trial.success,
        seed=trial.seed,
    )
    write_low_dim(group, episode, simulator.task.name, spelling, _COMPRESSION)
    group.create_dataset("src_demo_inds", data=np.array(trial.sources, dtype=np.int64))
    group.create_dataset(
        "src_demo_labels", data=trial.labels[:, None].astype(np.int64), compression=_COMPRESSION
    )
    group.attrs["trial"] = index
    group.attrs["language"] = simulator.task.language


def _low_dim(trajectory: Trajectory) -> dict[str, Array]:
    seen = trajectory.observations
    eef = np.array([observation.eef_pose for observation in seen])
    return {
        "joint_positions": np.array([observation.joint_positions for observation in seen]),
        "joint_velocities": np.array([observation.joint_velocities for observation in seen]),
        "gripper_width": np.array([[observation.gripper_width] for observation in seen]),
        "eef_pos": eef[:, :3, 3],
        "eef_quat": continuous_quaternions(eef),
    }


def _absolute(trajectory: Trajectory) -> Array:
    targets = np.array([result.target_pose for result in trajectory.results])
    vectors = rotation_vectors(continuous_quaternions(targets))
    return np.hstack([targets[:, :3, 3], vectors, trajectory.actions[:, 6:]])
