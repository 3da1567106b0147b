"""Simulators, tasks and experts by name, imported when they are asked for."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from typing import Any

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.experts.base import Expert
from reald2iff_sim.simulator import Simulator
from reald2iff_sim.tasks.base import Task

BACKENDS = {"mujoco": "reald2iff_sim.backends.mujoco.backend:MujocoSimulator"}
TASKS = {
    "can_to_plate": "reald2iff_sim.tasks.can_to_plate:CanToPlate",
    "pick_cube": "reald2iff_sim.tasks.pick_cube:PickCube",
    "place_banana": "reald2iff_sim.tasks.place_banana:PlaceBanana",
    "stack_cube": "reald2iff_sim.tasks.stack_cube:StackCube",
}
EXPERTS = {
    "can_to_plate": "reald2iff_sim.experts.can_to_plate:CanToPlateExpert",
    "pick_cube": "reald2iff_sim.experts.pick_cube:PickCubeExpert",
    "place_banana": "reald2iff_sim.experts.place_banana:PlaceBananaExpert",
    "stack_cube": "reald2iff_sim.experts.stack_cube:StackCubeExpert",
}


def make_simulator(backend: str = "mujoco", task: str | Task = "pick_cube", **config: Any) -> Simulator:
    """A simulator of one task.

    Args:
        backend: One of `BACKENDS`.
        task: One of `TASKS`, or a task with parameters of its own.
        config: Fields of the backend's configuration, e.g. `MujocoConfig`.

    Raises:
        InvalidParameterError: for an unknown name or field.
        DependencyError: if the backend is not installed.
    """
    simulator = _find(BACKENDS, "backend", backend)
    known = [field.name for field in fields(simulator.Config)]
    unknown = sorted(set(config) - set(known))
    if unknown:
        raise InvalidParameterError(
            f"{backend} has no option {', '.join(unknown)}: expected {', '.join(known)}"
        )
    chosen = make_task(task) if isinstance(task, str) else task
    made: Simulator = simulator(chosen, simulator.Config(**config))
    return made


def make_task(name: str, **parameters: Any) -> Task:
    """A task.

    Args:
        name: One of `TASKS`.
        parameters: Fields of its dataclass that differ from their defaults.

    Raises:
        InvalidParameterError: for an unknown name, field or value.
    """
    task = _find(TASKS, "task", name)
    known = [field.name for field in fields(task)]
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise InvalidParameterError(f"{name} has no option {', '.join(unknown)}: expected {', '.join(known)}")
    made: Task = task(**parameters)
    return made


def make_expert(task: str | Task = "pick_cube", **options: Any) -> Expert:
    """The scripted expert of a task; ``options`` go to its constructor (e.g. ``actions``).

    Raises:
        InvalidParameterError: for a task without expert.
    """
    chosen = make_task(task) if isinstance(task, str) else task
    made: Expert = _find(EXPERTS, "expert for task", chosen.name)(chosen, **options)
    return made


def _find(registry: dict[str, str], kind: str, name: str) -> Any:
    if name not in registry:
        raise InvalidParameterError(f"no {kind} {name!r}: expected one of {', '.join(sorted(registry))}")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
