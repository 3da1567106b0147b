"""An episode as states and actions, small and fast to keep; images are rendered from the states later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reald2iff.demos import DatagenInfo
from reald2iff_sim.experts.base import Expert
from reald2iff_sim.simulator import CameraCalibration, Observation, Simulator, StepResult
from reald2iff_sim.tasks.base import Task

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trajectory:
    """``N`` control steps.

    Attributes:
        states: ``(N, D)`` of `Simulator.get_state`, before each step; `Simulator.set_state` takes a row.
        observations: Before each step.
        results: Of each step.
        depth_camera: Of the episode.
        color_camera: Of the episode.
    """

    states: Array
    observations: tuple[Observation, ...]
    results: tuple[StepResult, ...]
    depth_camera: CameraCalibration
    color_camera: CameraCalibration

    def __len__(self) -> int:
        return len(self.results)

    @property
    def success(self) -> bool:
        """Of the last step."""
        return self.results[-1].success

    @property
    def actions(self) -> Array:
        """``(N, 7)`` as executed."""
        return np.array([result.action for result in self.results])

    def datagen_info(self, task: Task) -> DatagenInfo:
        """What MimicGen needs; subtask signals are those of the observation before each step."""
        return datagen_info(task, self.observations, self.results)


def datagen_info(
    task: Task, observations: Sequence[Observation], results: Sequence[StepResult]
) -> DatagenInfo:
    """MimicGen's `datagen_info` of steps: each observation and what the action chosen on it led to."""
    signals = [task.subtask_signals(observation) for observation in observations]
    return DatagenInfo(
        eef_pose=np.array([observation.eef_pose for observation in observations]),
        target_pose=np.array([result.target_pose for result in results]),
        gripper_action=np.array([result.action[6:] for result in results]),
        object_poses={
            item.name: np.array([observation.object_poses[item.name] for observation in observations])
            for item in task.objects
        },
        subtask_term_signals={
            subtask.term_signal: np.array([signal[subtask.term_signal] for signal in signals])
            for subtask in task.subtasks
            if subtask.term_signal is not None
        },
    )


def record(simulator: Simulator, expert: Expert, seed: int) -> Trajectory:
    """One episode of an expert, until success or the task's ``max_steps``; nothing is rendered.

    The seed draws the scene and the expert's way.
    """
    observation = simulator.reset(seed)
    expert.reset(np.random.default_rng([seed, 1]))
    states, observations, results = [], [], []
    for _ in range(simulator.task.max_steps):
        states.append(simulator.get_state())
        observations.append(observation)
        results.append(simulator.step(expert.act(observation)))
        observation = results[-1].observation
        if results[-1].success:
            break
    return Trajectory(
        states=np.array(states),
        observations=tuple(observations),
        results=tuple(results),
        depth_camera=simulator.depth_camera,
        color_camera=simulator.color_camera,
    )
