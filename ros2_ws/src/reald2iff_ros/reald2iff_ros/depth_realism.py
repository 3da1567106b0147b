"""The node that stands in simulation where the RealSense driver stands on the robot.

Clean depth in (32FC1 metres or 16UC1 millimetres), depth as a D435 would have given it out (16UC1
millimetres), with the header untouched and the camera_info beside it. Run it with ``ros2 run reald2iff_ros
depth_realism``, as the console script ``depth_realism``, or with ``python -m reald2iff_ros.depth_realism``;
it takes ROS arguments.
"""

from __future__ import annotations

import secrets
import sys
import time
import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import CameraInfo, Image

from reald2iff.errors import InvalidIntrinsicsError, RealD2iffError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff_ros import topics
from reald2iff_ros.depth_realism_model import DepthModel
from reald2iff_ros.depth_realism_pairing import Frame, FramePairing
from reald2iff_ros.depth_realism_settings import CHANGEABLE, declare_settings
from reald2iff_ros.depth_realism_worker import NewestWorker
from reald2iff_ros.lifecycle import ManagedNode, run_node
from reald2iff_ros.messages import (
    DEPTH_ENCODINGS,
    array_to_image,
    check_image,
    depth_from_image,
    depth_to_image,
    intrinsics_from_camera_info,
    stamp_to_nanoseconds,
)
from reald2iff_ros.qos import NEWEST_IMAGE, PUBLISH, qos_overrides

_EXPIRY_PERIOD = 0.02
"""Seconds between looks at an image that waits for its camera_info."""

_SEQUENCE_NANOSECONDS = 60 * 10**9
"""How long materials, holes and the camera's own error stay as they are, by the frames' stamps."""


class DepthRealism(ManagedNode):
    """Lifecycle node: configure loads and warms up, activate subscribes, deactivate keeps the weights.

    The callbacks only check and pair messages; a worker thread runs the model on the newest frame and
    publishes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("depth_realism", changeable=CHANGEABLE, **kwargs)
        self._settings = declare_settings(self)
        self._model: DepthModel | None = None
        self._worker: NewestWorker[Frame] | None = None
        self._pairing = FramePairing(self._settings.camera_info_timeout)
        self._own_seed = secrets.randbits(32)
        self._frames = 0
        self._passed_through = 0

    def configure(self) -> None:
        """Load and warm up the model, create the publishers."""
        started = time.monotonic()
        model = DepthModel(self._settings.model_config())
        model.warm_up()
        self._model = model
        self.get_logger().info(
            f"model {self._settings.model} on {model.device}, "
            f"loaded and warm in {time.monotonic() - started:.1f} s"
        )
        self._image_publisher = self.create_lifecycle_publisher(
            Image, topics.DEPTH_IMAGE, PUBLISH, qos_overriding_options=qos_overrides()
        )
        self._info_publisher = self.create_lifecycle_publisher(
            CameraInfo, topics.DEPTH_INFO, PUBLISH, qos_overriding_options=qos_overrides()
        )
        self._discrepancy_publisher = (
            self.create_lifecycle_publisher(
                Image, "~/discrepancy", PUBLISH, qos_overriding_options=qos_overrides()
            )
            if self._settings.publish_discrepancy
            else None
        )

    def activate(self) -> None:
        """Subscribe and start the worker."""
        self._pairing = FramePairing(self._settings.camera_info_timeout)
        self._worker = NewestWorker(self._process, "depth_realism worker")
        self._subscriptions_in = [
            self.create_subscription(
                kind,
                topic,
                self.guarded(callback),
                NEWEST_IMAGE,
                qos_overriding_options=qos_overrides(),
            )
            for kind, topic, callback in (
                (CameraInfo, topics.SIM_DEPTH_INFO, self._on_info),
                (Image, topics.SIM_DEPTH_IMAGE, self._on_image),
            )
        ]
        self._expiry = self.create_timer(
            _EXPIRY_PERIOD,
            lambda: self._take(*self._pairing.expire(time.monotonic())),
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def deactivate(self) -> None:
        """Unsubscribe and let the frame in work end."""
        for subscription in self._subscriptions_in:
            self.destroy_subscription(subscription)
        self.destroy_timer(self._expiry)
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def cleanup(self) -> None:
        """Free the model."""
        self._model = None
        for publisher in (self._image_publisher, self._info_publisher, self._discrepancy_publisher):
            if publisher is not None:
                self.destroy_lifecycle_publisher(publisher)

    def parameters_changed(self, changes: dict[str, Any]) -> None:
        """Take over what may change at run time; the worker reads it with its next frame."""
        self._settings = self._settings.changed(changes)
        if self._model is not None and changes.keys() & {"coarse_steps", "fine_steps"}:
            self._model = self._model.with_steps(self._settings.coarse_steps, self._settings.fine_steps)

    def diagnostic_values(self) -> dict[str, str]:
        """Model, device and the frames whose clean depth was published because the model failed."""
        return {
            "model": self._settings.model,
            "device": self._model.device if self._model is not None else "",
            "enabled": str(self._settings.enabled).lower(),
            "passed_through": str(self._passed_through),
        }

    def _on_info(self, message: CameraInfo) -> None:
        self._take(self._pairing.add_info(message), 0)

    def _on_image(self, message: Image) -> None:
        self.statistics.received()
        check_image(message, DEPTH_ENCODINGS)
        self._take(*self._pairing.add_image(message, time.monotonic()))

    def _take(self, frame: Frame | None, given_up: int) -> None:
        for _ in range(given_up):
            if self.statistics.dropped("no_camera_info") == 1:
                self.get_logger().warning(
                    f"frame dropped: no camera_info on {self.resolve_topic_name(topics.SIM_DEPTH_INFO)} "
                    "(further ones are only counted)"
                )
        if frame is not None and self._worker is not None and self._worker.submit(frame) is not None:
            self.statistics.dropped("replaced")

    def _process(self, frame: Frame) -> None:
        """Runs in the worker thread."""
        try:
            clean = depth_from_image(frame.image)
            intrinsics = intrinsics_from_camera_info(frame.info)
            if (intrinsics.height, intrinsics.width) != clean.shape:
                raise InvalidIntrinsicsError(
                    f"camera_info is of {intrinsics.width}x{intrinsics.height}: expected "
                    f"{clean.shape[1]}x{clean.shape[0]} of the image"
                )
            self._publish(frame, self._realistic(frame, clean, intrinsics))
        except Exception as error:
            self.reject(error)

    def _realistic(
        self, frame: Frame, clean: NDArray[np.float32], intrinsics: PinholeIntrinsics
    ) -> NDArray[np.float32]:
        settings, model = self._settings, self._model
        self._frames += 1
        if not settings.enabled or model is None:
            return clean
        try:
            rng, sequence = self._generator(frame, settings.seed), self._sequence(frame, settings.seed)
            output = model(clean, intrinsics, rng, sequence)
        except Exception as error:
            if not settings.passthrough_on_failure:
                raise
            self._pass_through(error)
            return clean
        publisher = self._discrepancy_publisher
        if publisher is not None and output.discrepancy is not None and publisher.get_subscription_count():
            publisher.publish(array_to_image(output.discrepancy, "32FC1", frame.image.header))
        return output.depth

    def _generator(self, frame: Frame, seed: int) -> np.random.Generator:
        if seed < 0:
            return np.random.default_rng()
        # A source without stamps still gets another noise for each frame.
        moment = stamp_to_nanoseconds(frame.image.header.stamp) or self._frames
        return np.random.default_rng([seed, moment % 2**64])

    def _sequence(self, frame: Frame, seed: int) -> int:
        """Seed of what stays from frame to frame; another one now and then, so that episodes differ."""
        part = stamp_to_nanoseconds(frame.image.header.stamp) // _SEQUENCE_NANOSECONDS
        base = self._own_seed if seed < 0 else seed
        return int(np.random.SeedSequence([base, part % 2**64]).generate_state(1)[0])

    def _pass_through(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.statistics.error(text)
        self._passed_through += 1
        if self._passed_through == 1:
            if not isinstance(error, RealD2iffError):
                text += "\n" + "".join(traceback.format_exception(error))
            self.get_logger().error(f"the model failed, passing clean depth through: {text}")

    def _publish(self, frame: Frame, depth: NDArray[np.float32]) -> None:
        image = depth_to_image(depth, self._settings.output_encoding, frame.image.header)
        # The calibration first, so that whoever waits for the image has it already.
        self._info_publisher.publish(frame.info)
        self._image_publisher.publish(image)
        invalid = 1.0 - np.count_nonzero(depth) / depth.size
        self.statistics.published(time.monotonic() - frame.arrived, invalid)


def main() -> int:
    """Entry point of `depth_realism`."""
    return run_node(DepthRealism)


if __name__ == "__main__":
    sys.exit(main())
