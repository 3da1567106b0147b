"""Why a subtask failed, in a few words that can be counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.generation.frames import distance_between
from reald2iff_sim.simulator import Observation, StepResult
from reald2iff_sim.tasks.base import Subtask, Task
from reald2iff_sim.tasks.predicates import held

_LAG = 0.03  # metres between the end effector and its target
_PUSHED = 0.02  # metres

OUT_OF_STEPS = "out of steps"
UNREACHED = "the arm did not reach its target"
NEVER_TOUCHED = "the fingers closed without touching it"
PUSHED = "it was pushed away"
NOT_HELD = "touched, but not grasped"
LOST = "grasped, then lost"
NOT_RELEASED = "not let go"
MISPLACED = "let go, but not as the task asks"
HELD_ELSEWHERE = "held, but not where the task asks"


def diagnose(
    task: Task, subtask: Subtask, observations: Sequence[Observation], results: Sequence[StepResult]
) -> str:
    """Reason of a failure.

    Args:
        task: Whose subtask.
        subtask: What was to be done.
        observations: Before each step of the attempt.
        results: Of each step.
    """
    last = results[-1].observation
    if distance_between(results[-1].target_pose, last.eef_pose) > _LAG:
        return UNREACHED
    carried = [item.name for item in task.objects if _is_held(observations[0], item.name)]
    if carried:
        return _after_carrying(carried[0], results)
    name = subtask.object_ref
    if any(_is_held(result.observation, name) for result in results):
        return LOST
    if distance_between(observations[0].object_poses[name], last.object_poses[name]) > _PUSHED:
        return PUSHED
    if any(_is_touched(result.observation, name) for result in results):
        return NOT_HELD
    return NEVER_TOUCHED


def _after_carrying(name: str, results: Sequence[StepResult]) -> str:
    for result in results:
        if not _is_touched(result.observation, name):
            return LOST if result.action[6] < 0 else MISPLACED
    return HELD_ELSEWHERE if results[-1].action[6] < 0 else NOT_RELEASED


def _is_held(observation: Observation, name: str) -> bool:
    return name in observation.finger_forces and held(observation, name)


def _is_touched(observation: Observation, name: str) -> bool:
    return name in observation.finger_forces and bool(np.max(observation.finger_forces[name]) > 0)
