"""The node that records demonstrations: robomimic HDF5, and MCAP for `ros2 bag` and Foxglove.

    ~/start    std_srvs/Trigger   begin an episode
    ~/save     std_srvs/Trigger   end it; answers when it is durable in both files
    ~/discard  std_srvs/Trigger   drop it

Answers carry JSON, ``{"episode": "demo_0", "frames": 120, "success": true, "file": ..., ...}`` or
``{"error": ...}``. One step of a demonstration is an observation, the action chosen on it and what came of
that; action and outcome bear the stamp of the observation, so the last one, on which nothing was done, is no
step. Run it with ``ros2 run reald2iff_ros demo_recorder``, as the console script ``demo_recorder``, or
with ``python -m reald2iff_ros.demo_recorder``; it takes ROS arguments.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from std_srvs.srv import Trigger

from reald2iff.demos import DemoWriter, NoiseRecord
from reald2iff.demos.mcap_log import TEMPORARY
from reald2iff.errors import NodeError, RealD2iffError
from reald2iff_ros.lifecycle import ManagedNode, run_node
from reald2iff_ros.qos import KEEP_ALL_RECENT, qos_overrides
from reald2iff_ros.recorder_episode import EpisodeRecorder
from reald2iff_ros.recorder_noise import NoiseModelWatch
from reald2iff_ros.recorder_settings import declare_settings
from reald2iff_ros.recorder_streams import logged_streams
from reald2iff_ros.recorder_worker import Answer, Command, RecorderWorker

_STATUS = QoSProfile(
    depth=KEEP_ALL_RECENT.depth,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""The newest state for a recorder that joins late, and then every one: an episode may begin and end while the
recorder gets no processor time."""


class BacklogError(NodeError):
    """A message that was lost because too many wait for the disk."""

    kind = "backlog"


class _NextSpin:
    """Awaited in a callback, lets the executor do other things once around."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class DemoRecorder(ManagedNode):
    """Lifecycle node: configure opens the file, activate subscribes, cleanup makes the file self-contained.

    The callbacks only queue serialised messages; a worker thread joins, decodes, compresses and writes them.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("demo_recorder", **kwargs)
        self._settings = declare_settings(self)
        self._writer: DemoWriter | None = None
        self._worker: RecorderWorker | None = None
        self._noise: NoiseModelWatch | None = None
        self._saved = 0

    def configure(self) -> None:
        """Open the file, which tidies up after a recorder that was killed, and create the services."""
        master = self._settings.master
        self._writer = DemoWriter(master, self._settings.env_args)
        for left in master.parent.glob(f"*{TEMPORARY}"):
            left.unlink()
        self.get_logger().info(f"recording into {master.resolve()}, which holds {len(self._writer.names)}")
        # Of their own group: while an answer is awaited, messages go on coming in.
        group = MutuallyExclusiveCallbackGroup()
        self._triggers = [
            self.create_service(Trigger, f"~/{command}", self._on(command), callback_group=group)
            for command in ("start", "save", "discard")
        ]

    def activate(self) -> None:
        """Subscribe and start the worker."""
        settings = self._settings
        logged = logged_streams(settings.streams)
        self._topic_names = {n: self.resolve_topic_name(stream.topic) for n, stream in logged.items()}
        if settings.noise_model_node:
            self._noise = NoiseModelWatch(self, settings.noise_model_node)
            self._noise.refresh()
        self._worker = RecorderWorker(
            self._new_episode,
            reference=settings.reference_stream,
            save_timeout=settings.save_timeout,
            max_backlog=settings.max_backlog_mb * 1_000_000,
            auto=settings.auto,
            noise_model=self._noise_record,
            on_error=self.reject,
            on_automatic=self._on_automatic,
        )
        self._inputs = []
        # The first one: of what has come meanwhile an executor takes one message a topic, in this order.
        if settings.episode_topic:
            self._inputs.append(
                self.create_subscription(
                    String, settings.episode_topic, self.guarded(self._on_status), _STATUS
                )
            )
        # Without MCAP, only what frames need is worth receiving.
        wanted = logged if settings.record_mcap else settings.streams
        self._inputs += [
            self.create_subscription(
                stream.kind,
                stream.topic,
                self._on_message(name),
                KEEP_ALL_RECENT,
                raw=True,
                qos_overriding_options=qos_overrides(),
            )
            for name, stream in wanted.items()
        ]

    def deactivate(self) -> None:
        """Unsubscribe; an episode that is being saved is saved, one that runs is discarded."""
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        if self._noise is not None:
            self._noise.destroy()
            self._noise = None

    def cleanup(self) -> None:
        """Make the file self-contained (parameter consolidate) and close it."""
        for service in self._triggers:
            self.destroy_service(service)
        writer, self._writer = self._writer, None
        if writer is None:
            return
        count = len(writer.names)
        if self._settings.consolidate:
            self.get_logger().info(f"finishing {writer.path} with {count} episodes")
            writer.finish()
        writer.close()
        self.get_logger().info(f"{count} episodes in {writer.path.resolve()}")

    def diagnostic_values(self) -> dict[str, str]:
        """What is being recorded, how much waits, how many episodes are saved."""
        worker = self._worker
        return {"saved": str(self._saved)} | (worker.describe() if worker is not None else {})

    def _new_episode(self) -> EpisodeRecorder:
        assert self._writer is not None
        return EpisodeRecorder(self._writer, self._settings, self._topic_names, self.statistics, self.reject)

    def _noise_record(self) -> NoiseRecord | None:
        if self._noise is None:
            return None
        if self._noise.record is None:
            self.get_logger().warning(
                f"the episode has no noise_model: {self._settings.noise_model_node} did not answer"
            )
        return self._noise.record

    def _on_message(self, stream: str) -> Callable[[bytes], None]:
        def call(payload: bytes) -> None:
            if self._worker is not None and not self._worker.message(stream, payload):
                self.reject(BacklogError(f"more than {self._settings.max_backlog_mb} MB wait for the disk"))

        return call

    def _on_status(self, message: String) -> None:
        status = json.loads(message.data)
        if self._noise is not None and status.get("state") == "running":
            self._noise.refresh()
        if self._worker is not None:
            self._worker.status(status)

    def _on(self, command: Command) -> Callable[[Any, Any], Any]:
        async def call(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            worker, executor = self._worker, self.executor
            if worker is None or executor is None:
                return _refused(response, f"the recorder is {self.state}: activate it first")
            if command == "start" and self._noise is not None:
                self._noise.refresh()
            answer = worker.request(command)
            answer.add_done_callback(lambda done: executor.wake())
            while not answer.done():
                await _NextSpin()
            return self._respond(command, answer, response)

        return call

    def _respond(
        self, command: Command, answer: Future[Answer], response: Trigger.Response
    ) -> Trigger.Response:
        error = answer.exception()
        if error is not None:
            self._log_refusal(command, error)
            return _refused(response, str(error))
        self._saved += command == "save"
        response.success, response.message = True, json.dumps(answer.result())
        self.get_logger().info(f"{command}: {response.message}")
        return response

    def _on_automatic(self, command: Command, answer: Future[Answer]) -> None:
        self._respond(command, answer, Trigger.Response())

    def _log_refusal(self, command: Command, error: BaseException) -> None:
        text = f"{command} refused: {error}"
        self.statistics.error(text)
        if not isinstance(error, RealD2iffError):
            text = f"{text} ({type(error).__name__})"
        self.get_logger().error(text)


def _refused(response: Trigger.Response, why: str) -> Trigger.Response:
    response.success, response.message = False, json.dumps({"error": why})
    return response


def main() -> int:
    """Entry point of `demo_recorder`."""
    return run_node(DemoRecorder)


if __name__ == "__main__":
    sys.exit(main())
