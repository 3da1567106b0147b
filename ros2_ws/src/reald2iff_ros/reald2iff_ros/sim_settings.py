"""The parameters of the simulation node."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from rclpy.node import Node

from reald2iff.errors import InvalidParameterError
from reald2iff_ros import topics
from reald2iff_ros.parameters import declare, require_choice
from reald2iff_sim.factory import BACKENDS, TASKS
from reald2iff_sim.simulator import CONTROL_RATE

_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class SimSettings:
    """Values of the parameters; `declare_settings` holds their descriptions.

    Raises:
        InvalidParameterError: for an unknown name, or a camera rate that does not divide the control rate.
    """

    backend: str
    task: str
    seed: int
    expert: bool
    wait_for_start: bool
    max_steps: int
    real_time_factor: float
    camera_rate: float
    camera_width: int
    lockstep: bool
    lockstep_topic: str
    lockstep_timeout: float

    def __post_init__(self) -> None:
        require_choice("backend", self.backend, sorted(BACKENDS))
        require_choice("task", self.task, sorted(TASKS))
        ratio = CONTROL_RATE / self.camera_rate
        if abs(ratio - round(ratio)) > 1e-6:
            raise InvalidParameterError(
                f"parameter camera_rate: {self.camera_rate} Hz: expected {CONTROL_RATE:g} Hz "
                "divided by a whole number"
            )

    @property
    def steps_per_image(self) -> int:
        """Control steps from one image to the next."""
        return round(CONTROL_RATE / self.camera_rate)

    def changed(self, changes: dict[str, Any]) -> SimSettings:
        """With the parameters among ``changes`` that are settings."""
        names = {field.name for field in fields(self)}
        return replace(self, **{name: value for name, value in changes.items() if name in names})


def declare_settings(node: Node) -> SimSettings:
    """Declare the parameters on ``node`` and read them.

    Raises:
        InvalidParameterError: for a value of the user's out of its range.
    """
    return SimSettings(
        backend=declare(node, "backend", "mujoco", "Simulator.", choices=sorted(BACKENDS)),
        task=declare(node, "task", "pick_cube", "Task, its scene and its expert.", choices=sorted(TASKS)),
        seed=declare(
            node,
            "seed",
            0,
            "Seed of the next episode's scene, camera pose and expert; every further episode takes the "
            "following one.",
            minimum=0,
            maximum=_LARGEST,
        ),
        expert=declare(
            node,
            "expert",
            True,
            "The scripted expert solves the task; false follows joint_command instead.",
        ),
        wait_for_start=declare(
            node, "wait_for_start", False, "An episode begins with ~/start instead of by itself."
        ),
        max_steps=declare(
            node,
            "max_steps",
            -1,
            "Control steps after which an episode ends without success; 0 = never, -1 = the task's own "
            "number with the expert and never without.",
            minimum=-1,
            maximum=_LARGEST,
        ),
        real_time_factor=declare(
            node,
            "real_time_factor",
            1.0,
            "Simulated seconds per second of wall clock; 0 = as fast as possible.",
            minimum=0.0,
            maximum=1000.0,
        ),
        camera_rate=declare(
            node,
            "camera_rate",
            CONTROL_RATE,
            f"Images per simulated second: the control rate, {CONTROL_RATE:g} Hz, divided by a whole number.",
            minimum=0.1,
            maximum=CONTROL_RATE,
        ),
        camera_width=declare(
            node,
            "camera_width",
            640,
            "Columns of both images; rows and intrinsics follow in proportion (640x480 is a D435's).",
            minimum=32,
            maximum=1280,
        ),
        lockstep=declare(
            node,
            "lockstep",
            False,
            "Wait for the realistic depth of each image before the next control step, and stand still "
            "between episodes, so that a slow machine drops nothing.",
        ),
        lockstep_topic=declare(
            node,
            "lockstep_topic",
            topics.DEPTH_IMAGE,
            "Image topic whose messages answer the images, by their stamps.",
        ),
        lockstep_timeout=declare(
            node,
            "lockstep_timeout",
            10.0,
            "Seconds of wall clock after which the simulation goes on without the answer.",
            minimum=0.01,
            maximum=600.0,
        ),
    )
