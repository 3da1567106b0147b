"""Episodes of one task: who drives the robot, and when an episode ends. Free of ROS and of threads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from reald2iff.errors import SimulationError
from reald2iff_ros.sim_commands import JointTarget
from reald2iff_ros.sim_settings import SimSettings
from reald2iff_sim.camera import WorkspaceCamera
from reald2iff_sim.factory import make_expert, make_simulator, make_task
from reald2iff_sim.simulator import CameraImages, Observation, Simulator, StepResult


@dataclass(frozen=True)
class EpisodeStatus:
    """Where the simulation stands.

    Attributes:
        episode: Count of resets, from 0.
        seed: Of the episode.
        state: ``ready`` (reset, not begun), ``running`` or ``finished``.
        steps: Control steps so far.
        success: The task's predicate after the last step.
        phase: What the expert is doing; empty without one.
        error: Why the episode was broken off; empty if it was not.
        stamp: Nanoseconds of simulation time of the last frame when this was announced; the steps of an
            episode have later stamps than the beginning of its ``running``.
    """

    episode: int
    seed: int
    state: Literal["ready", "running", "finished"] = "ready"
    steps: int = 0
    success: bool = False
    phase: str = ""
    error: str = ""
    stamp: int = 0

    def fields(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Episodes:
    """A simulator with a task and, perhaps, its expert.

    Use it from one thread only: the renderer belongs to the thread that made it.

    Attributes:
        observation: Of the present instant.
        status: Of the present episode.
    """

    def __init__(self, settings: SimSettings) -> None:
        """Build the simulator and reset it.

        Raises:
            RealD2iffError: if it cannot be built.
        """
        task = make_task(settings.task)
        camera = WorkspaceCamera()
        height = round(camera.depth.height * settings.camera_width / camera.depth.width)
        size = (settings.camera_width, height)
        camera = replace(camera, depth=camera.depth.resized(*size), color=camera.color.resized(*size))
        self._simulator = make_simulator(settings.backend, task, camera=camera)
        self._expert = make_expert(task) if settings.expert else None
        expert_steps = task.max_steps if settings.expert else 0
        self._max_steps = settings.max_steps if settings.max_steps >= 0 else expert_steps
        self._resets = 0
        self.reset(settings.seed)

    @property
    def simulator(self) -> Simulator:
        """For its cameras."""
        return self._simulator

    def reset(self, seed: int) -> None:
        """Prepare a new episode."""
        self.observation: Observation = self._simulator.reset(seed)
        if self._expert is not None:
            self._expert.reset(np.random.default_rng(seed))
        self.status = EpisodeStatus(self._resets, seed, phase=self._phase())
        self._resets += 1

    def start(self) -> None:
        """Begin the prepared episode.

        Raises:
            SimulationError: if it has begun already.
        """
        if self.status.state != "ready":
            raise SimulationError(f"episode {self.status.episode} is {self.status.state}: reset it first")
        self.status = replace(self.status, state="running")

    def step(self, target: JointTarget) -> StepResult:
        """One control step, by the expert or else towards ``target``."""
        if self._expert is not None:
            result = self._simulator.step(self._expert.act(self.observation))
        else:
            result = self._simulator.step_joints(target.positions, target.gripper_width)
        self.observation = result.observation
        steps = self.status.steps + 1
        over = result.success or (self._max_steps > 0 and steps >= self._max_steps)
        self.status = replace(
            self.status,
            state="finished" if over else "running",
            steps=steps,
            success=result.success,
            phase=self._phase(),
        )
        return result

    def break_off(self, error: str) -> None:
        """End the episode without success."""
        self.status = replace(self.status, state="finished", success=False, error=error)

    def render(self) -> CameraImages:
        """Images of the present instant."""
        return self._simulator.render()

    def close(self) -> None:
        """Free the renderer."""
        self._simulator.close()

    def _phase(self) -> str:
        return self._expert.phase if self._expert is not None else ""
