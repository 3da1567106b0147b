"""The base of the project's lifecycle nodes, and the program that runs one.

A sub-class fills in `configure`, `activate`, `deactivate` and `cleanup` and raises where it cannot; the base
turns that into a failed transition with a logged reason, so that the node survives and can be configured
again.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from reald2iff.errors import RealD2iffError
from reald2iff_ros.diagnostics import FrameStatistics, NodeDiagnostics
from reald2iff_ros.parameters import declare
from reald2iff_ros.transport import use_large_shared_memory

_POLL = 0.1
"""Seconds after which a signal is noticed at the latest while nothing else happens."""


class ManagedNode(LifecycleNode):
    """A lifecycle node with diagnostics that never lets an exception out of a callback.

    Declares the parameters ``autostart`` (configure and activate by itself) and ``diagnostics_period``.

    Attributes:
        statistics: What the node counts; published on `/diagnostics`.
        state: ``unconfigured``, ``inactive``, ``active`` or ``finalized``.
    """

    def __init__(self, name: str, *, changeable: Collection[str] = (), **kwargs: Any) -> None:
        """Declare the parameters.

        Args:
            name: Of the node.
            changeable: Parameters that may change once the node is configured; the others are refused then.
            kwargs: As of `rclpy.lifecycle.LifecycleNode`.
        """
        super().__init__(name, **kwargs)
        self.state = "unconfigured"
        self.statistics = FrameStatistics()
        self._changeable = {*changeable, "use_sim_time"}
        self.autostart: bool = declare(
            self, "autostart", False, "Configure and activate at start, without a lifecycle manager."
        )
        period: float = declare(
            self,
            "diagnostics_period",
            1.0,
            "Seconds between messages on /diagnostics; 0 = none.",
            minimum=0.0,
            maximum=3600.0,
        )
        self.diagnostics = NodeDiagnostics(
            self, self.statistics, period, lambda: {"state": self.state} | self.diagnostic_values()
        )
        self._declared = set(self.list_parameters([], 0).names)
        self.add_on_set_parameters_callback(self._check_parameters)
        # rclpy lets a transition that the state does not allow escape as an exception, which ends the node.
        change_state = self._service_change_state.callback
        self._service_change_state.callback = lambda request, response: self._answer(
            change_state, request, response
        )
        if self.autostart:
            # Through the executor, so that every transition runs in the thread that spins.
            self._autostart_timer = self.create_timer(
                0.0, self._start, clock=Clock(clock_type=ClockType.STEADY_TIME)
            )

    def configure(self) -> None:
        """Load, allocate, warm up."""

    def activate(self) -> None:
        """Subscribe and begin."""

    def deactivate(self) -> None:
        """Unsubscribe and stop, but keep what `configure` loaded."""

    def cleanup(self) -> None:
        """Free what `configure` loaded."""

    def parameters_changed(self, changes: dict[str, Any]) -> None:
        """Check and take over changed parameters; raise a `RealD2iffError` to refuse them."""

    def diagnostic_values(self) -> dict[str, str]:
        """Further values of the diagnostics."""
        return {}

    def guarded(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """``callback`` for a subscription: what it raises is counted as a drop and logged once per kind."""

        def call(message: Any) -> None:
            try:
                callback(message)
            except Exception as error:
                self.reject(error)

        return call

    def reject(self, error: Exception) -> None:
        """Count a frame dropped because of ``error``, by its ``kind`` or type; log the first of each kind."""
        kind = getattr(error, "kind", None) or type(error).__name__
        text = f"{type(error).__name__}: {error}"
        self.statistics.error(text)
        if self.statistics.dropped(kind) == 1:
            if not isinstance(error, RealD2iffError):
                text += "\n" + "".join(traceback.format_exception(error))
            self.get_logger().error(f"frame dropped ({kind}; further ones are only counted): {text}")

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition("configure", self.configure, "inactive", super().on_configure, state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition("activate", self.activate, "active", super().on_activate, state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition("deactivate", self.deactivate, "inactive", super().on_deactivate, state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._transition("cleanup", self.cleanup, "unconfigured", super().on_cleanup, state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        def shutdown() -> None:
            if self.state == "active":
                self.deactivate()
                self.state = "inactive"
            if self.state == "inactive":
                self.cleanup()

        return self._transition("shutdown", shutdown, "finalized", super().on_shutdown, state)

    def _transition(
        self,
        name: str,
        action: Callable[[], None],
        target: str,
        base: Callable[[LifecycleState], TransitionCallbackReturn],
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        try:
            base(state)
            action()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            self.statistics.error(reason)
            if not isinstance(error, RealD2iffError):
                reason += "\n" + "".join(traceback.format_exception(error))
            self.get_logger().error(f"cannot {name}, the node stays {self.state}: {reason}")
            return TransitionCallbackReturn.FAILURE
        self.state = target
        self.get_logger().info(target)
        return TransitionCallbackReturn.SUCCESS

    def _answer(self, change_state: Callable[[Any, Any], Any], request: Any, response: Any) -> Any:
        try:
            return change_state(request, response)
        except rclpy_implementation.RCLError:
            asked = request.transition.label or f"transition {request.transition.id}"
            self.get_logger().error(f"refused {asked}: the node is {self.state}")
            response.success = False
            return response

    def _start(self) -> None:
        self.destroy_timer(self._autostart_timer)
        if self.state == "unconfigured" and self.trigger_configure() != TransitionCallbackReturn.SUCCESS:
            return
        if self.state == "inactive":
            self.trigger_activate()

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        # The first time is the declaration, when a sub-class is not complete yet and reads the value itself.
        changes = {p.name: p.value for p in parameters if p.name in self._declared}
        self._declared |= {p.name for p in parameters}
        if not changes:
            return SetParametersResult(successful=True)
        if self.state in ("inactive", "active"):
            frozen = sorted(name for name in changes if name not in self._changeable)
            if frozen:
                return SetParametersResult(
                    successful=False,
                    reason=f"{', '.join(frozen)}: changes only while unconfigured (clean the node up first)",
                )
        try:
            self.parameters_changed(changes)
        except RealD2iffError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)


def run_node(make: Callable[[], ManagedNode], executor: Executor | None = None) -> int:
    """Run a node until SIGINT, SIGTERM or its shutdown transition; returns the exit status.

    On a signal the node goes through its shutdown transition while its publishers still work (status 0); on
    a second one it ends at once.
    A `RealD2iffError` of the constructor (a bad parameter) is printed without a traceback; the status is 2.
    """
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            # The executor did not come to an end, e.g. because a model still loads.
            raise SystemExit(128 + number)
        stopping = True

    # Not rclpy's handlers: they end the context at once, and a node could not publish or finish its files.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    use_large_shared_memory()
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        try:
            node = make()
        except RealD2iffError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        executor = executor or SingleThreadedExecutor()
        executor.add_node(node)
        while not stopping and node.state != "finalized":
            executor.spin_once(timeout_sec=_POLL)
        if node.state != "finalized":
            node.trigger_shutdown()
        executor.shutdown(timeout_sec=1.0)
        node.destroy_node()
        return 0
    finally:
        rclpy.try_shutdown()
