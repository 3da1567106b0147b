"""Driving lifecycle nodes of other processes through their services."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from reald2iff.errors import NodeError

_SLICE = 0.1
"""Seconds between calls of the watch function while waiting."""


class TransitionError(NodeError):
    """A node that did not answer in time, or refused or failed a transition."""


class LifecycleClient:
    """Asks lifecycle nodes for transitions, in a ROS context of its own beside any other of the process.

    Args:
        watch: Called again and again while something is waited for; it may raise to give up.
    """

    def __init__(self, watch: Callable[[], None]) -> None:
        self._watch = watch
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(
            f"lifecycle_client_{os.getpid()}", context=self._context, start_parameter_services=False
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._clients: dict[tuple[str, str], Any] = {}

    def wait_for(self, node: str, timeout: float) -> None:
        """Wait until the node ``/namespace/name`` answers.

        Raises:
            TransitionError: after ``timeout`` seconds.
        """
        client = self._client(node, "change_state", ChangeState)
        deadline = time.monotonic() + timeout
        while not client.service_is_ready():
            if time.monotonic() > deadline:
                raise TransitionError(f"{node} did not offer {client.srv_name} within {timeout:.0f} s")
            self._watch()
            self._executor.spin_once(timeout_sec=_SLICE)

    def configure(self, node: str, timeout: float) -> None:
        """Configure an unconfigured node; raises as `_change`."""
        self._change(node, Transition.TRANSITION_CONFIGURE, "configure", timeout)

    def activate(self, node: str, timeout: float) -> None:
        """Activate an inactive node; raises as `_change`."""
        self._change(node, Transition.TRANSITION_ACTIVATE, "activate", timeout)

    def deactivate(self, node: str, timeout: float) -> None:
        """Deactivate an active node; raises as `_change`."""
        self._change(node, Transition.TRANSITION_DEACTIVATE, "deactivate", timeout)

    def cleanup(self, node: str, timeout: float) -> None:
        """Clean an inactive node up; raises as `_change`."""
        self._change(node, Transition.TRANSITION_CLEANUP, "clean up", timeout)

    def shutdown(self, node: str, timeout: float) -> None:
        """Finalize an active node; raises as `_change`."""
        self._change(node, Transition.TRANSITION_ACTIVE_SHUTDOWN, "shut down", timeout)

    def state(self, node: str, timeout: float = 10.0) -> str:
        """The node's lifecycle state, e.g. ``inactive``.

        Raises:
            TransitionError: if it does not answer in time.
        """
        answer = self._call(self._client(node, "get_state", GetState), GetState.Request(), timeout)
        return answer.current_state.label

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        self._context.try_shutdown()

    def _change(self, node: str, transition: int, verb: str, timeout: float) -> None:
        """Raises `TransitionError` if the node refuses or fails it, or does not answer in time."""
        request = ChangeState.Request(transition=Transition(id=transition))
        answer = self._call(self._client(node, "change_state", ChangeState), request, timeout)
        if not answer.success:
            raise TransitionError(f"{node} did not {verb}: it stays {self.state(node)}")

    def _call(self, client: Any, request: Any, timeout: float) -> Any:
        deadline = time.monotonic() + timeout
        future = client.call_async(request)
        while not future.done():
            if time.monotonic() > deadline:
                raise TransitionError(f"{client.srv_name} did not answer within {timeout:.0f} s")
            self._watch()
            self._executor.spin_until_future_complete(future, timeout_sec=_SLICE)
        return future.result()

    def _client(self, node: str, service: str, kind: type) -> Any:
        key = (node, service)
        if key not in self._clients:
            self._clients[key] = self._node.create_client(kind, f"{node}/{service}")
        return self._clients[key]
