"""The parameters of the realism node."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from rclpy.node import Node

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.setting import MAX_STRENGTH, PRESETS
from reald2iff_ros.depth_realism_model import DEVICES, DIFFUSION, ModelConfig
from reald2iff_ros.messages import DEPTH_ENCODINGS
from reald2iff_ros.parameters import declare, require_choice

CHANGEABLE = ("enabled", "seed", "coarse_steps", "fine_steps", "passthrough_on_failure")
"""May change while the node is configured."""


@dataclass(frozen=True)
class DepthRealismSettings:
    """Values of the parameters; `declare_settings` holds their descriptions.

    Raises:
        InvalidParameterError: for a value out of its range.
    """

    model: str
    weights: str
    device: str
    coarse_steps: int
    fine_steps: int
    strength: float
    preset: str
    seed: int
    enabled: bool
    passthrough_on_failure: bool
    output_encoding: str
    publish_discrepancy: bool
    camera_info_timeout: float

    def __post_init__(self) -> None:
        require_choice("output_encoding", self.output_encoding, DEPTH_ENCODINGS)
        if self.seed < -1:
            raise InvalidParameterError(f"parameter seed: {self.seed}: expected -1 (random) or at least 0")
        self.model_config()  # checks the rest

    def model_config(self) -> ModelConfig:
        """The part that says what to load."""
        return ModelConfig(
            self.model,
            self.weights,
            self.device,
            self.coarse_steps,
            self.fine_steps,
            self.strength,
            self.preset,
        )

    def changed(self, changes: dict[str, Any]) -> DepthRealismSettings:
        """With the parameters among ``changes`` that are settings."""
        names = {field.name for field in fields(self)}
        return replace(self, **{name: value for name, value in changes.items() if name in names})


def declare_settings(node: Node) -> DepthRealismSettings:
    """Declare the parameters on ``node`` and read them.

    Raises:
        InvalidParameterError: for a value of the user's out of its range.
    """
    return DepthRealismSettings(
        model=declare(
            node,
            "model",
            DIFFUSION,
            "reald2iff (two-stage diffusion), or gaussian, perlin, kinect, isaac, active_randomisation, "
            "d435_twin.",
        ),
        weights=declare(
            node,
            "weights",
            "",
            "Folder with weights of the diffusion model; empty = the ones that come along.",
        ),
        device=declare(
            node, "device", "auto", "Where the diffusion model runs; auto takes the fastest.", choices=DEVICES
        ),
        coarse_steps=declare(
            node,
            "coarse_steps",
            -1,
            "Network calls of the coarse stage per frame, at least 1; -1 = the weights' default.",
            minimum=-1,
            maximum=1000,
        ),
        fine_steps=declare(
            node,
            "fine_steps",
            -1,
            "Network calls of the fine stage per frame; 0 = coarse stage only, -1 = the weights' default.",
            minimum=-1,
            maximum=1000,
        ),
        strength=declare(
            node,
            "strength",
            1.0,
            "How bad the sensor's noise is (reald2iff, d435_twin): 1 as fitted, 0.5 clean, 2 bad.",
            minimum=1 / MAX_STRENGTH,
            maximum=MAX_STRENGTH,
        ),
        preset=declare(
            node,
            "preset",
            "default",
            "RealSense visual preset (reald2iff, d435_twin): default, high_accuracy or high_density.",
            choices=tuple(PRESETS),
        ),
        seed=declare(
            node,
            "seed",
            -1,
            "Seed of the noise, which depends on the seed and the frame's stamp only; -1 = random.",
            minimum=-1,
            maximum=2**31 - 1,
        ),
        enabled=declare(
            node, "enabled", True, "False passes clean depth through, converted but without noise."
        ),
        passthrough_on_failure=declare(
            node,
            "passthrough_on_failure",
            False,
            "When the model fails on a frame: true publishes its clean depth, false drops it.",
        ),
        output_encoding=declare(
            node,
            "output_encoding",
            "16UC1",
            "16UC1 (millimetres, as a RealSense driver) or 32FC1 (metres); invalid pixels are 0 in both.",
            choices=DEPTH_ENCODINGS,
        ),
        publish_discrepancy=declare(
            node,
            "publish_discrepancy",
            False,
            "Offer the discrepancy map (32FC1 in [0, 1]) on ~/discrepancy while somebody subscribes.",
        ),
        camera_info_timeout=declare(
            node,
            "camera_info_timeout",
            0.1,
            "Seconds an image waits for the camera_info of its stamp before the last known one is taken.",
            minimum=0.0,
            maximum=10.0,
        ),
    )
