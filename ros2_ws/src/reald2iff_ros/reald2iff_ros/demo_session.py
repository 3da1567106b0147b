"""The demo's end of the graph: asks for episodes, follows them, reads the nodes' diagnostics."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from reald2iff.errors import NodeError
from reald2iff_ros import topics
from reald2iff_ros.qos import KEEP_ALL_RECENT

_SLICE = 0.1
"""Seconds between calls of the watch function while waiting."""


class DemoSession:
    """A node in a ROS context of its own.

    Attributes:
        episode: Newest state of the simulation's episode, see `sim_episode.EpisodeStatus`.
        steps: Control steps of the running episode so far.
        diagnostics: Newest values by node name.
    """

    def __init__(self, watch: Callable[[], None]) -> None:
        """Args:
        watch: Called again and again while something is waited for; it may raise to give up.
        """
        self._watch = watch
        self.episode: dict[str, Any] = {}
        self.steps = 0
        self.diagnostics: dict[str, dict[str, str]] = {}
        self._received: dict[str, int] = {}
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("demo", context=self._context, start_parameter_services=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        latched = QoSProfile(
            depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
        )
        for kind, topic, callback, profile in (
            (String, "mujoco_sim/episode", self._on_episode, latched),
            (JointState, topics.SIM_TASK_STATE, self._on_task_state, KEEP_ALL_RECENT),
            (DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, KEEP_ALL_RECENT),
        ):
            self._node.create_subscription(kind, topic, callback, profile)
        # Kept: to find a service again takes longer than to call it.
        self._clients: dict[str, Any] = {}

    def call(self, service: str, timeout: float) -> dict[str, Any]:
        """Call a trigger and return the JSON of its answer.

        Raises:
            NodeError: if it refuses, or does not answer within ``timeout`` seconds.
        """
        client = self._clients.get(service)
        if client is None:
            client = self._clients[service] = self._node.create_client(Trigger, service)
        self.wait(client.service_is_ready, service, timeout)
        future = client.call_async(Trigger.Request())
        self.wait(future.done, f"an answer of {service}", timeout)
        answer = future.result()
        if not answer.success:
            raise NodeError(f"{service} refused: {answer.message}")
        decoded: dict[str, Any] = json.loads(answer.message)
        return decoded

    def wait(
        self,
        condition: Callable[[], Any],
        what: str,
        timeout: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """Spin until ``condition`` holds, with ``meanwhile`` called in between.

        Raises:
            NodeError: after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise NodeError(f"waited {timeout:.0f} s for {what}")
            self._watch()
            self._executor.spin_once(timeout_sec=_SLICE)
            if meanwhile is not None:
                meanwhile()

    def refresh_diagnostics(self, node: str, timeout: float) -> dict[str, str]:
        """Values of ``node`` that were published after this call.

        Raises:
            NodeError: if none come within ``timeout`` seconds.
        """
        # The first one may have been under way already.
        wanted = self._received.get(node, 0) + 2
        self.wait(lambda: self._received.get(node, 0) >= wanted, f"diagnostics of {node}", timeout)
        return self.diagnostics[node]

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        self._context.try_shutdown()

    def _on_episode(self, message: String) -> None:
        status = json.loads(message.data)
        if status["state"] == "ready" or status["episode"] != self.episode.get("episode"):
            self.steps = 0
        self.episode = status

    def _on_task_state(self, message: JointState) -> None:
        self.steps += 1

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            node = status.name.partition(":")[0]
            self.diagnostics[node] = {v.key: v.value for v in status.values}
            self._received[node] = self._received.get(node, 0) + 1
