"""One trial: a scene is drawn, sources are carried over to it, and the simulator carries them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from reald2iff_sim.generation.config import GenerationConfig
from reald2iff_sim.generation.diagnosis import OUT_OF_STEPS, diagnose
from reald2iff_sim.generation.frames import about_z, alike
from reald2iff_sim.generation.path import Waypoint, between, modulate, stitch
from reald2iff_sim.generation.selection import choose
from reald2iff_sim.generation.sources import Segment, Source
from reald2iff_sim.simulator import Array, Observation, Simulator, StepResult
from reald2iff_sim.trajectory import Trajectory

_SETTLE = 12
"""Steps that success may take after the last waypoint."""


@dataclass(frozen=True)
class Attempt:
    """One try at a subtask.

    Attributes:
        subtask: Index.
        source: Index.
        steps: That it took.
        failure: Why it failed; None = it did not.
    """

    subtask: int
    source: int
    steps: int
    failure: str | None


@dataclass(frozen=True)
class Trial:
    """What came of a trial.

    Attributes:
        seed: That the simulator was reset with.
        trajectory: Without the attempts that were undone.
        labels: ``(N,)`` index of the source that each step is made of.
        attempts: All of them, in order.
    """

    seed: int
    trajectory: Trajectory
    labels: Array
    attempts: tuple[Attempt, ...]

    @property
    def success(self) -> bool:
        """Of the task."""
        return self.trajectory.success

    @property
    def sources(self) -> tuple[int, ...]:
        """Of each subtask, its last attempt's."""
        return tuple({attempt.subtask: attempt.source for attempt in self.attempts}.values())


@dataclass
class _Steps:
    states: list[Array] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    results: list[StepResult] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def cut(self, length: int) -> None:
        for values in (self.states, self.observations, self.results, self.labels):
            del values[length:]


def run_trial(
    simulator: Simulator, sources: Sequence[Source], config: GenerationConfig, seed: int, index: int
) -> Trial:
    """Trial ``index`` of a run with ``seed``; nothing else decides what comes of it."""
    return _Run(simulator, sources, config, seed, index).run()


class _Run:
    def __init__(
        self, simulator: Simulator, sources: Sequence[Source], config: GenerationConfig, seed: int, index: int
    ) -> None:
        scene, way = np.random.SeedSequence([seed, index, 0]).spawn(2)
        self._simulator, self._task = simulator, simulator.task
        self._sources, self._config = sources, config
        self._specs = config.specs(simulator.task)
        self._seed = int(scene.generate_state(1)[0])
        self._rng = np.random.default_rng(way)
        self._steps = _Steps()
        self._attempts: list[Attempt] = []
        self._chosen = 0

    def run(self) -> Trial:
        self._observation = self._simulator.reset(self._seed)
        cuts = [source.boundaries(self._specs, self._rng) for source in self._sources]
        for index in range(len(self._task.subtasks)):
            segments = [
                source.segment(cut, index, self._task.subtasks[index].object_ref)
                for source, cut in zip(self._sources, cuts, strict=True)
            ]
            if not self._subtask(index, segments) or self._steps.results[-1].success:
                break
        return Trial(
            self._seed,
            Trajectory(
                np.array(self._steps.states),
                tuple(self._steps.observations),
                tuple(self._steps.results),
                self._simulator.depth_camera,
                self._simulator.color_camera,
            ),
            np.array(self._steps.labels),
            tuple(self._attempts),
        )

    def _subtask(self, index: int, segments: Sequence[Segment]) -> bool:
        """Try, and try again from where the subtask began; whether it succeeded."""
        begin, state = len(self._steps.results), self._simulator.get_state()
        for attempt in range(1 + self._config.retries):
            if attempt:
                self._steps.cut(begin)
                self._observation = self._simulator.set_state(state)
            self._attempt(index, segments, moved=attempt > 0)
            failure = self._failure(index, begin)
            steps = len(self._steps.results) - begin
            self._attempts.append(Attempt(index, self._chosen, steps, failure))
            if failure is None:
                return True
        return False

    def _attempt(self, index: int, segments: Sequence[Segment], moved: bool) -> None:
        spec = self._specs[index]
        here = self._observation.object_poses[self._task.subtasks[index].object_ref]
        hand = self._observation.eef_pose
        if spec.strategy is not None or moved or not index:
            self._chosen = choose(spec, segments, here, hand, self._rng)
        segment = segments[self._chosen]
        targets, _ = alike(segment.targets, segment.object_pose, here, hand, spec.symmetry, spec.flips)
        start = self._simulator.target_pose
        waypoints: list[Waypoint] = []
        if moved:
            steps = self._config.interpolation_steps
            first = float(segment.gripper[0, 0])
            way = between(start, self._moved(start), steps)
            waypoints = [Waypoint(pose, first, self._config.noise_on_way) for pose in way]
        waypoints += stitch(
            waypoints[-1].target if waypoints else start,
            targets,
            segment.gripper,
            self._config.interpolation_steps,
            self._config.fixed_steps,
            self._config.noise_on_way,
        )
        if self._config.adaptive_velocity:
            waypoints = modulate(start, waypoints, self._config.velocity)
        last = index == len(self._task.subtasks) - 1
        hold = [Waypoint(waypoints[-1].target, waypoints[-1].gripper, False)] * (_SETTLE if last else 0)
        for waypoint in (*waypoints, *hold):
            if len(self._steps.results) == self._task.max_steps:
                return
            self._step(waypoint)
            if self._steps.results[-1].success:
                return

    def _moved(self, pose: Array) -> Array:
        """A start of the hand drawn anew, near ``pose`` and not below it."""
        far = self._config.reset_distance
        turn = self._rng.uniform(-self._config.reset_turn, self._config.reset_turn)
        moved = pose @ about_z(turn)
        moved[:3, 3] += self._rng.uniform((-far, -far, 0.0), (far, far, far))
        return moved

    def _step(self, waypoint: Waypoint) -> None:
        simulator = self._simulator
        action = simulator.actions.action(simulator.target_pose, waypoint.target, 0.0)
        action[6] = waypoint.gripper
        if waypoint.noisy and self._config.action_noise:
            action[:6] += self._rng.normal(0.0, self._config.action_noise, 6)
            action = np.clip(action, -1.0, 1.0)
        self._steps.states.append(simulator.get_state())
        self._steps.observations.append(self._observation)
        self._steps.results.append(simulator.step(action))
        self._steps.labels.append(self._chosen)
        self._observation = self._steps.results[-1].observation

    def _failure(self, index: int, begin: int) -> str | None:
        subtask, results = self._task.subtasks[index], self._steps.results
        last = results[-1]
        if last.success or (subtask.term_signal is not None and last.subtask_signals[subtask.term_signal]):
            return None
        if len(results) == self._task.max_steps:
            return OUT_OF_STEPS
        return diagnose(self._task, subtask, self._steps.observations[begin:], results[begin:])
