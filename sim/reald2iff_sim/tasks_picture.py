"""`reald2iff sim show`: the tasks as pictures, from reset over grasp to success."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff.pictures import Panel, depth_panels
from reald2iff_sim.camera import WorkspaceCamera
from reald2iff_sim.factory import TASKS, make_expert, make_simulator
from reald2iff_sim.trajectory import record

_SAMPLES = 4  # per pixel, of the colour image
_SETTLED = 3  # steps after the signal, when the fingers have closed


@dataclass(frozen=True)
class TasksPictureConfig:
    """Options of `reald2iff sim show`."""

    out: Path = Path("tasks.png")
    """Picture to write."""
    tasks: tuple[str, ...] = tuple(sorted(TASKS))
    """Tasks to show, a row each."""
    seed: int = 0
    """Of the episodes."""
    width: int = 640
    """Columns of each image."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tasks) - set(TASKS))
        if unknown or not self.tasks:
            raise InvalidParameterError(
                f"tasks {', '.join(unknown) or 'none'}: expected some of {', '.join(sorted(TASKS))}"
            )
        if not 64 <= self.width <= 1280:
            raise InvalidParameterError(f"width = {self.width}: expected 64 to 1280 columns")


def show_tasks(config: TasksPictureConfig) -> int:
    """Let the experts solve an episode of each task and draw it; returns the exit status.

    Raises:
        SimulationError: if an expert fails.
    """
    rows = [
        task_moments(task, config.seed, config.width)
        for task in track(config.tasks, description="tasks", transient=True, console=Console(stderr=True))
    ]
    Console(stderr=True).print(f"wrote {depth_panels(rows, config.out)}")
    return 0


def task_moments(task: str, seed: int, width: int) -> list[Panel]:
    """Colour images of one episode of the expert: reset, grasp, half way to the end, success.

    Raises:
        SimulationError: if the expert fails.
    """
    camera = WorkspaceCamera()
    size = (width, width * camera.color.height // camera.color.width)
    camera = replace(camera, depth=camera.depth.resized(*size), color=camera.color.resized(*size))
    simulator = make_simulator(task=task, camera=camera, color_samples=_SAMPLES)
    try:
        episode = record(simulator, make_expert(task), seed)
        if not episode.success:
            raise SimulationError(f"the expert failed at {task} with seed {seed}: expected success")
        info = episode.datagen_info(simulator.task)
        last = len(episode) - 1
        first_signal = simulator.task.subtasks[0].term_signal
        grasp = last if first_signal is None else int(np.argmax(info.subtask_term_signals[first_signal]))
        moments = {
            f"{simulator.task.language}: start": 0,
            "grasp": min(grasp + _SETTLED, last),
            "on the way": (grasp + last) // 2,
            "success": last,
        }
        panels = []
        for title, step in moments.items():
            simulator.set_state(episode.states[step])
            panels.append(Panel(title, simulator.render().color, "color"))
        return panels
    finally:
        simulator.close()
