"""Which nodes make up `sim` and `record`: the one description that launch files and `reald2iff up` share.

    sim:     depth_realism, mujoco_sim
    record:  demo_recorder, depth_realism, mujoco_sim

Nodes come in the order in which they are activated: whoever listens first, the simulation last.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from reald2iff.errors import InvalidParameterError
from reald2iff_ros import topics
from reald2iff_ros.share import parameter_file
from reald2iff_sim.factory import TASKS, make_task

Value = bool | int | float | str

ISAAC_TOPICS = {
    topics.SIM_DEPTH_IMAGE: "/depth",
    topics.SIM_DEPTH_INFO: "/camera_info",
    topics.COLOR_IMAGE: "/rgb",
    topics.COLOR_INFO: "/camera_info",
}
"""What Isaac Sim's camera helpers publish on by default."""

_NAMESPACE = re.compile(r"(/?[A-Za-z_][A-Za-z0-9_]*)+|/?")


@dataclass(frozen=True)
class NodeSpec:
    """A node of a graph; every one is a lifecycle node.

    Attributes:
        name: Node name and name of the executable.
        namespace: Absolute, ``/`` for none.
        params_files: Parameter files, later ones win.
        parameters: Single parameters, over the files.
        remappings: Topics, from and to.
    """

    name: str
    namespace: str
    params_files: tuple[Path, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    remappings: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """What ``python -m`` starts."""
        return f"reald2iff_ros.{self.name}"

    @property
    def full_name(self) -> str:
        """Namespace and name."""
        return f"{self.namespace.rstrip('/')}/{self.name}"


@dataclass(frozen=True)
class SimConfig:
    """The simulation with depth realism.

    Attributes:
        namespace: Namespace of the nodes and their topics; empty = none.
        use_sim_time: Whether the nodes take the time from /clock.
        params_file: YAML file with parameters, over those of the package.
        simulator: mujoco starts the simulation that comes along, none leaves it to something else.
        isaac: Take Isaac Sim's default topic names (/depth, /rgb, /camera_info); implies simulator none.
        lockstep: The simulation waits for the realistic depth of each frame; a slow machine then drops none.
        model: Depth model, over the parameter file: reald2iff, gaussian, perlin, kinect, isaac or d435_twin.
        task: Task, over the parameter file: can_to_plate, pick_cube, place_banana or stack_cube.
        seed: Seed of the simulation and of the depth noise, over the parameter file.
        log_level: Least severity that the nodes log.

    Raises:
        InvalidParameterError: for a namespace that is not one, a parameter file that is missing, or no task.
    """

    namespace: str = ""
    use_sim_time: bool = True
    params_file: Path | None = None
    simulator: Literal["mujoco", "none"] = "mujoco"
    isaac: bool = False
    lockstep: bool = False
    model: str | None = None
    task: str | None = None
    seed: int | None = None
    log_level: Literal["debug", "info", "warn", "error", "fatal"] = "info"

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace):
            raise InvalidParameterError(
                f"namespace {self.namespace!r}: expected names of letters, digits and _ divided by /"
            )
        if self.params_file is not None and not self.params_file.is_file():
            raise InvalidParameterError(f"params_file {self.params_file}: there is no such file")
        if self.task is not None and self.task not in TASKS:
            raise InvalidParameterError(f"task {self.task!r}: expected one of {', '.join(sorted(TASKS))}")


@dataclass(frozen=True)
class RecordConfig(SimConfig):
    """The simulation with depth realism and the demonstration recorder.

    Attributes:
        lockstep: The simulation waits for the realistic depth of each frame; a slow machine then drops none.
        out: Folder that the recordings go to.
    """

    lockstep: bool = True
    out: Path = Path("out/recordings")


def sim_graph(config: SimConfig) -> tuple[NodeSpec, ...]:
    """The nodes of `sim`."""
    return _common_nodes(config)


def record_graph(config: RecordConfig) -> tuple[NodeSpec, ...]:
    """The nodes of `record`."""
    parameters: dict[str, Value] = {"out": str(config.out)}
    if config.task is not None:
        objects = ",".join(item.name for item in make_task(config.task).objects)
        parameters |= {"env_name": config.task, "objects": objects}
    recorder = _node(config, "record", "demo_recorder", parameters)
    return (recorder, *_common_nodes(config))


@dataclass(frozen=True)
class Graph:
    """A graph by name.

    Attributes:
        config: The dataclass of its arguments.
        nodes: Makes its nodes.
    """

    config: type[SimConfig]
    nodes: Callable[[Any], tuple[NodeSpec, ...]]


GRAPHS = {"sim": Graph(SimConfig, sim_graph), "record": Graph(RecordConfig, record_graph)}


def _common_nodes(config: SimConfig) -> tuple[NodeSpec, ...]:
    seed: dict[str, Value] = {} if config.seed is None else {"seed": config.seed}
    model: dict[str, Value] = {} if config.model is None else {"model": config.model}
    task: dict[str, Value] = {} if config.task is None else {"task": config.task}
    simulated = config.simulator == "mujoco" and not config.isaac
    reliable = _reliable_input(config) if simulated and config.lockstep else {}
    realism = _node(config, "sim", "depth_realism", seed | model | reliable)
    if not simulated:
        return (realism,)
    # Its time is the source of /clock, so it cannot take it from there.
    simulation = _node(
        config, "sim", "mujoco_sim", seed | task | {"lockstep": config.lockstep, "use_sim_time": False}
    )
    return (realism, simulation)


def _reliable_input(config: SimConfig) -> dict[str, Value]:
    # Newest-wins input is best effort; in lockstep a frame lost on the way would stop the simulation.
    names = (topics.SIM_DEPTH_IMAGE, topics.SIM_DEPTH_INFO)
    prefix = _absolute(config.namespace).rstrip("/")
    return {f"qos_overrides.{prefix}/{name}.subscription.reliability": "reliable" for name in names}


def _node(config: SimConfig, file: str, name: str, parameters: Mapping[str, Value]) -> NodeSpec:
    own = () if config.params_file is None else (config.params_file,)
    return NodeSpec(
        name=name,
        namespace=_absolute(config.namespace),
        params_files=(parameter_file(file), *own),
        parameters={"use_sim_time": config.use_sim_time, **parameters},
        remappings=ISAAC_TOPICS if config.isaac else {},
    )


def _absolute(namespace: str) -> str:
    return "/" + namespace.strip("/")


def argument_descriptions(config: type[SimConfig]) -> dict[str, str]:
    """Descriptions of a configuration's fields, out of the Attributes of its docstring."""
    described: dict[str, str] = {}
    for base in reversed(config.__mro__[:-1]):
        section = (inspect.getdoc(base) or "").partition("Attributes:\n")[2].partition("\nRaises:")[0]
        for entry in re.split(r"\n?    (?=\w+: )", section):
            name, _, text = entry.partition(": ")
            if text:
                described[name] = " ".join(text.split())
    return {f.name: described[f.name] for f in fields(config)}


def config_from_strings(config: type[SimConfig], arguments: Mapping[str, str]) -> SimConfig:
    """A configuration from launch arguments, where everything is a string and "" stands for not given.

    Raises:
        InvalidParameterError: for a value that its field cannot take.
    """
    hints = typing.get_type_hints(config)
    given = {name: _parse(name, text, hints[name]) for name, text in arguments.items() if text != ""}
    return config(**given)


def _parse(name: str, text: str, hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(t for t in typing.get_args(hint) if t is not type(None))
    allowed = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
    if hint is bool:
        allowed = ("true", "false")
    if allowed and text.lower() not in allowed:
        raise InvalidParameterError(f"{name} {text!r}: expected one of {', '.join(allowed)}")
    if hint is bool:
        return text.lower() == "true"
    if allowed:
        return text.lower()
    try:
        return hint(text)
    except ValueError as error:
        raise InvalidParameterError(f"{name} {text!r}: expected {hint.__name__}") from error


def argument_text(value: Any) -> str:
    """The inverse of `config_from_strings` for one value: how launch writes it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
