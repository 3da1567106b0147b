"""Options of the demo, and the graph that they ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import NOISE_MODELS
from reald2iff_ros.depth_realism_model import DIFFUSION
from reald2iff_ros.graph import NodeSpec, RecordConfig, Value, record_graph
from reald2iff_sim.factory import TASKS


@dataclass(frozen=True)
class DemoConfig:
    """Record episodes of a task through ROS 2 and leave them with a picture, a video and a summary.

    Attributes:
        out: Folder for the results.
        task: can_to_plate, pick_cube, place_banana or stack_cube.
        episodes: Successful episodes to record.
        seed: Of the first episode and of the depth noise; every further episode takes the next one.
        model: Depth model: reald2iff, gaussian, perlin, kinect, isaac, active_randomisation or d435_twin.
        coarse_steps: Network calls of the coarse stage per frame; by default what the weights ask for.
        fine_steps: The same of the fine stage; 0 leaves it out.
        device: Where the diffusion model runs.
        camera_width: Columns of the images; 640x480 is a D435's.
        keep_failed: Also save the episodes in which the expert failed.
        max_attempts: Episodes to begin at most; by default twice as many as wanted, and two more.
        overwrite: Replace the results of an earlier demo in the same folder.
        domain: ROS domain id; by default one that nobody uses.

    Raises:
        InvalidParameterError: for a number out of its range, or a task or model that there is not.
    """

    out: Path = Path("out/demo")
    task: str = "pick_cube"
    episodes: int = 3
    seed: int = 0
    model: str = "reald2iff"
    coarse_steps: int | None = None
    fine_steps: int | None = None
    device: Literal["auto", "cpu", "cuda", "openvino"] = "auto"
    camera_width: int = 640
    keep_failed: bool = False
    max_attempts: int | None = None
    overwrite: bool = False
    domain: int | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("episodes", 1, 100_000),
            ("seed", 0, 2**31 - 1),
            ("max_attempts", self.episodes, 1_000_000),
            ("camera_width", 32, 1280),
            ("domain", 0, 101),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidParameterError(f"{name} {value}: expected {low} to {high}")
        if self.task not in TASKS:
            raise InvalidParameterError(f"task {self.task!r}: expected one of {', '.join(sorted(TASKS))}")
        known = (DIFFUSION, *NOISE_MODELS)
        if self.model not in known:
            raise InvalidParameterError(f"model {self.model!r}: expected one of {', '.join(known)}")

    @property
    def attempts(self) -> int:
        """Episodes to begin at most."""
        return 2 * self.episodes + 2 if self.max_attempts is None else self.max_attempts

    @property
    def parameters(self) -> dict[str, dict[str, Value]]:
        """Parameters over those of the record graph, by node."""
        realism: dict[str, Value] = {"device": self.device}
        for name, steps in (("coarse_steps", self.coarse_steps), ("fine_steps", self.fine_steps)):
            if steps is not None:
                realism[name] = steps
        return {
            "mujoco_sim": {
                "wait_for_start": True,
                "real_time_factor": 0.0,
                "camera_width": self.camera_width,
                "lockstep_timeout": 120.0,
            },
            "depth_realism": realism,
            # Started and saved from here, so that a refusal is noticed.
            "demo_recorder": {"auto": False},
        }

    def nodes(self) -> tuple[NodeSpec, ...]:
        """The record graph as the demo runs it."""
        graph = record_graph(
            RecordConfig(out=self.out, model=self.model, task=self.task, seed=self.seed, lockstep=True)
        )
        return tuple(
            replace(node, parameters={**node.parameters, **self.parameters[node.name]}) for node in graph
        )
