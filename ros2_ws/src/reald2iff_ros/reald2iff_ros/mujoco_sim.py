"""The node that publishes the simulation side of the contract: a Franka Research 3 with a D435-like camera.

Clean depth, colour, joint states, poses and the task's outcome, all with one stamp per control step, and
/clock. The scripted expert drives, or `/joint_command` does. Run it with ``ros2 run reald2iff_ros
mujoco_sim``, as the console script ``mujoco_sim``, or with ``python -m reald2iff_ros.mujoco_sim``; it takes
ROS arguments.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import Image, JointState
from std_srvs.srv import Trigger

from reald2iff.errors import RealD2iffError
from reald2iff_ros import topics
from reald2iff_ros.lifecycle import ManagedNode, run_node
from reald2iff_ros.messages import stamp_to_nanoseconds
from reald2iff_ros.qos import KEEP_ALL_RECENT, qos_overrides
from reald2iff_ros.sim_commands import InvalidCommandError
from reald2iff_ros.sim_episode import EpisodeStatus
from reald2iff_ros.sim_loop import SimulationLoop
from reald2iff_ros.sim_publishers import SimPublishers
from reald2iff_ros.sim_settings import SimSettings, declare_settings


class MujocoSim(ManagedNode):
    """Lifecycle node: configure builds the simulation, activate runs it, deactivate pauses it.

    The callbacks only pass on; a thread of its own steps, renders and publishes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("mujoco_sim", changeable=("seed",), **kwargs)
        self._settings: SimSettings = declare_settings(self)
        self._next_seed = self._settings.seed
        self._loop: SimulationLoop | None = None
        self._rejected: Counter[str] = Counter()

    def configure(self) -> None:
        """Build the simulation, create publishers and services."""
        self._loop = SimulationLoop(self._settings, self.reject, self._on_lockstep_timeout)
        self._next_seed = self._settings.seed + 1
        self._outlet = SimPublishers(self, self._loop.objects)
        self._triggers = [
            self.create_service(Trigger, "~/reset", self._on_reset),
            self.create_service(Trigger, "~/start", self._on_start),
        ]

    def activate(self) -> None:
        """Subscribe and run."""
        assert self._loop is not None
        overrides = qos_overrides()
        self._inputs = []
        if not self._settings.expert:
            self._inputs.append(
                self.create_subscription(
                    JointState,
                    topics.JOINT_COMMAND,
                    self._on_command,
                    KEEP_ALL_RECENT,
                    qos_overriding_options=overrides,
                )
            )
        if self._settings.lockstep:
            self._inputs.append(
                self.create_subscription(
                    Image,
                    self._settings.lockstep_topic,
                    self._on_reply,
                    KEEP_ALL_RECENT,
                    qos_overriding_options=overrides,
                )
            )
        self._loop.resume(self._outlet)

    def deactivate(self) -> None:
        """Stop after the step in work."""
        assert self._loop is not None
        self._loop.pause()
        for subscription in self._inputs:
            self.destroy_subscription(subscription)

    def cleanup(self) -> None:
        """Free the simulation."""
        assert self._loop is not None
        self._loop.close()
        self._loop = None
        self._outlet.destroy()
        for service in self._triggers:
            self.destroy_service(service)

    def parameters_changed(self, changes: dict[str, Any]) -> None:
        """Take over changes; a new seed is that of the next episode."""
        self._settings = self._settings.changed(changes)
        self._next_seed = changes.get("seed", self._next_seed)

    def diagnostic_values(self) -> dict[str, str]:
        """Steps, rate, time by stage, lockstep timeouts, rejected commands and the episode."""
        values = {f"commands_rejected.{kind}": str(n) for kind, n in sorted(self._rejected.items())}
        values["commands_rejected"] = str(self._rejected.total())
        loop = self._loop
        if loop is None:
            return values
        status = loop.status
        return values | {
            "steps": str(loop.steps),
            "published": str(loop.frames),
            "lockstep_timeouts": str(loop.timeouts),
            "episode": str(status.episode),
            "episode_seed": str(status.seed),
            "episode_state": status.state,
            **loop.times.values(),
        }

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._answer_trigger(response, lambda loop: loop.reset(self._take_seed()))

    def _on_start(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._answer_trigger(response, lambda loop: loop.start())

    def _answer_trigger(
        self, response: Trigger.Response, action: Callable[[SimulationLoop], EpisodeStatus]
    ) -> Trigger.Response:
        assert self._loop is not None
        try:
            status = action(self._loop)
        except Exception as error:
            response.success, response.message = False, str(error)
            if not isinstance(error, RealD2iffError):
                self.reject(error)
        else:
            response.success = True
            response.message = json.dumps({"seed": status.seed, "episode": status.episode})
        return response

    def _take_seed(self) -> int:
        seed, self._next_seed = self._next_seed, self._next_seed + 1
        return seed

    def _on_command(self, message: JointState) -> None:
        assert self._loop is not None
        try:
            self._loop.command(message)
        except InvalidCommandError as error:
            self._rejected[error.kind] += 1
            self.statistics.error(str(error))
            if self._rejected[error.kind] == 1:
                self.get_logger().warning(
                    f"command ignored ({error.kind}; further ones are only counted): {error}"
                )

    def _on_reply(self, message: Image) -> None:
        assert self._loop is not None
        self._loop.gate.arrived(stamp_to_nanoseconds(message.header.stamp))

    def _on_lockstep_timeout(self) -> None:
        text = (
            f"no answer on {self.resolve_topic_name(self._settings.lockstep_topic)} "
            f"within {self._settings.lockstep_timeout:g} s"
        )
        self.statistics.error(text)
        if self.statistics.dropped("lockstep_timeout") == 1:
            self.get_logger().warning(f"{text}, going on without it (further ones are only counted)")


def main() -> int:
    """Entry point of `mujoco_sim`."""
    return run_node(MujocoSim)


if __name__ == "__main__":
    sys.exit(main())
