"""Source demonstrations: recorded by the expert or read from a file, and cut into the task's subtasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import h5py
import numpy as np

from reald2iff.demos import DatagenInfo
from reald2iff.demos.datagen import read_datagen_info
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError, SimulationError
from reald2iff_sim.generation.spec import SubtaskSpec
from reald2iff_sim.simulator import Array, Simulator
from reald2iff_sim.tasks.base import Task
from reald2iff_sim.trajectory import record

_PATIENCE = 5
"""The expert may need this many attempts for a success."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a source, relative to one object. Poses are ``T_world_x``.

    Attributes:
        object_pose: ``(4, 4)``, when it begins.
        targets: ``(N, 4, 4)``, what the controller was asked for.
        gripper: ``(N, 1)`` in [-1, 1].
    """

    object_pose: Array
    targets: Array
    gripper: Array

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class Source:
    """A demonstration that others are made of.

    Attributes:
        name: In its file.
        info: Its poses and signals.
        ends: Step at which each subtask but the last one ended, exclusive.
    """

    name: str
    info: DatagenInfo
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.info.eef_pose)

    def boundaries(self, specs: Sequence[SubtaskSpec], rng: np.random.Generator) -> tuple[int, ...]:
        """Where to cut: 0, an end for each subtask, drawn within its offset range; the last is the length."""
        cuts = [0]
        for end, spec in zip(self.ends, specs, strict=False):
            cuts.append(end + int(rng.integers(spec.offset[0], spec.offset[1] + 1)))
        return (*cuts, len(self))

    def segment(self, boundaries: Sequence[int], index: int, object_ref: str) -> Segment:
        """The part between two boundaries."""
        span = slice(boundaries[index], boundaries[index + 1])
        return Segment(
            np.asarray(self.info.object_poses[object_ref][span.start], dtype=np.float64),
            np.asarray(self.info.target_pose[span], dtype=np.float64),
            np.asarray(self.info.gripper_action[span], dtype=np.float64),
        )


def make_source(name: str, info: DatagenInfo, task: Task, specs: Sequence[SubtaskSpec]) -> Source:
    """A source, cut at its signals: a subtask ends with the first rise after the end of the one before.

    Raises:
        DatasetError: if a signal, an object or a rise is missing, or subtasks could overlap.
    """
    length = len(info.eef_pose)
    info.check(length)
    missing = {subtask.object_ref for subtask in task.subtasks} - set(info.object_poses)
    if missing:
        raise DatasetError(
            f"{name}: {task.name} needs poses of {', '.join(sorted(missing))}; "
            f"there are those of {', '.join(sorted(info.object_poses)) or 'nothing'}"
        )
    ends: list[int] = []
    before = 0
    for subtask, spec in zip(task.subtasks[:-1], specs, strict=False):
        signal = info.subtask_term_signals.get(str(subtask.term_signal))
        if signal is None:
            raise DatasetError(f"{name} has no signal {subtask.term_signal!r}, which ends {subtask.name!r}")
        rises = before + 1 + np.flatnonzero(np.diff(np.asarray(signal[before:], dtype=np.int64)) > 0)
        if not rises.size:
            raise DatasetError(f"{name}: signal {subtask.term_signal!r} never rises after step {before}")
        end = int(rises[0])
        if ends and ends[-1] + specs[len(ends) - 1].offset[1] >= end + spec.offset[0]:
            raise DatasetError(f"{name}: {subtask.name!r} is too short for the offsets of its ends")
        ends.append(end)
        before = end
    if ends and ends[-1] + specs[len(ends) - 1].offset[1] >= length:
        raise DatasetError(
            f"{name}: {length} steps leave nothing for {task.subtasks[-1].name!r} after step {ends[-1]}"
        )
    return Source(name, info, tuple(ends))


def read_sources(path: Path, task: Task, specs: Sequence[SubtaskSpec], most: int) -> list[Source]:
    """The first demonstrations of a file, in MimicGen's or Isaac Lab's spelling; failed ones are left out.

    Raises:
        DatasetError: if there are none, or one lacks what generation needs.
    """
    with open_demos(path) as file:
        sources = []
        for name in demo_names(file["data"]):
            demo = file["data"][name]
            if not bool(demo.attrs.get("success", True)):
                continue
            sources.append(make_source(name, read_datagen_info(demo), task, specs))
            if len(sources) == most:
                break
    if not sources:
        raise DatasetError(f"{path} holds no successful demonstrations")
    return sources


def record_sources(simulator: Simulator, count_wanted: int, seed: int, path: Path) -> None:
    """Let the expert make successful demonstrations, into a file of their `datagen_info`.

    Raises:
        SimulationError: if the expert hardly ever succeeds.
    """
    from reald2iff.demos.datagen import write_datagen_info
    from reald2iff_sim.factory import make_expert

    expert = make_expert(simulator.task)
    made = 0
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        for attempt in count():
            if attempt == count_wanted * _PATIENCE:
                raise SimulationError(
                    f"the expert of {simulator.task.name} succeeded in {made} of {attempt} episodes: "
                    f"expected {count_wanted}"
                )
            episode = int(np.random.SeedSequence([seed, attempt, 1]).generate_state(1)[0])
            trajectory = record(simulator, expert, episode)
            if not trajectory.success:
                continue
            demo = data.create_group(f"demo_{made}")
            demo.attrs["seed"], demo.attrs["num_samples"] = episode, len(trajectory)
            write_datagen_info(demo, trajectory.datagen_info(simulator.task), simulator.task.name)
            made += 1
            if made == count_wanted:
                return
