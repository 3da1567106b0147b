"""The thread that steps, renders and publishes the simulation, at a pace or in lockstep."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from sensor_msgs.msg import JointState

from reald2iff_ros.sim_commands import JointTarget
from reald2iff_ros.sim_episode import Episodes, EpisodeStatus
from reald2iff_ros.sim_lockstep import LockstepGate
from reald2iff_ros.sim_settings import SimSettings
from reald2iff_ros.sim_timing import StageTimes
from reald2iff_sim.simulator import (
    CONTROL_RATE,
    CameraCalibration,
    CameraImages,
    Observation,
    StepResult,
)

T = TypeVar("T")

_PERIOD_NS = round(1e9 / CONTROL_RATE)


class Outlet(Protocol):
    """Where the loop puts what happens; `SimPublishers` is the one in use."""

    @property
    def images_wanted(self) -> bool: ...

    def observation(
        self, stamp: int, state: Observation, depth: CameraCalibration, color: CameraCalibration
    ) -> None: ...

    def images(
        self, stamp: int, images: CameraImages, depth: CameraCalibration, color: CameraCalibration
    ) -> None: ...

    def outcome(self, stamp: int, result: StepResult) -> None: ...

    def episode(self, status: EpisodeStatus) -> None: ...


class SimulationLoop:
    """Owns the simulator and its thread.

    Simulation time goes on by one control period with every frame, over resets too, so that no stamp comes
    twice. Between episodes the robot stands still: outside lockstep frames go on, in lockstep time stands
    still as well.

    Attributes:
        gate: Where replies to images arrive (lockstep).
        times: Seconds by stage: physics (with the expert), render, publish, lockstep.
        steps: Control steps so far.
        frames: Images published.
        timeouts: Images whose reply did not come in time.
    """

    def __init__(
        self,
        settings: SimSettings,
        on_error: Callable[[Exception], None],
        on_lockstep_timeout: Callable[[], None],
    ) -> None:
        """Start the thread and build the simulator in it.

        Args:
            settings: Of the node.
            on_error: Called with what broke an episode off.
            on_lockstep_timeout: Called for every image without a reply in time.

        Raises:
            RealD2iffError: if the simulator cannot be built.
        """
        self.gate = LockstepGate()
        self.times = StageTimes()
        self.steps = self.frames = self.timeouts = 0
        self._settings = settings
        self._on_error, self._on_lockstep_timeout = on_error, on_lockstep_timeout
        self._wake = threading.Condition()
        self._requests: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._stopping = False
        self._outlet: Outlet | None = None
        self._ticks = self._image_tick = 0
        self._next_tick = 0.0
        self._announced: tuple[object, ...] = ()
        built: Future[Episodes] = Future()
        self._thread = threading.Thread(target=self._run, args=(built,), name="simulation", daemon=True)
        self._thread.start()
        self._episodes = built.result()
        self._target = JointTarget.hold(self._episodes.observation)

    @property
    def status(self) -> EpisodeStatus:
        """Of the present episode."""
        return self._episodes.status

    @property
    def objects(self) -> list[str]:
        """Names of the scene's objects."""
        return list(self._episodes.observation.object_poses)

    def resume(self, outlet: Outlet) -> None:
        """Begin to publish into ``outlet``."""

        def begin() -> None:
            self._outlet = outlet
            self._announced = ()
            self._prepare()

        self._call(begin)

    def pause(self) -> None:
        """Stop after the step in work; nothing is published any more."""

        def end() -> None:
            self._outlet = None

        self._call(end)

    def reset(self, seed: int) -> EpisodeStatus:
        """Prepare an episode and publish its first frame; it begins by itself unless it waits for `start`."""

        def reset() -> EpisodeStatus:
            self._episodes.reset(seed)
            self._hold()
            self._prepare()
            return self._episodes.status

        return self._call(reset)

    def start(self) -> EpisodeStatus:
        """Begin the prepared episode.

        Raises:
            SimulationError: if it has begun already.
        """

        def start() -> EpisodeStatus:
            self._episodes.start()
            self._announce()
            return self._episodes.status

        return self._call(start)

    def command(self, message: JointState) -> None:
        """Take over a joint command for the steps to come.

        Raises:
            InvalidCommandError: if it cannot be followed.
        """
        with self._wake:
            self._target = self._target.updated(message)

    def close(self) -> None:
        """End the thread and free the simulator."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self.gate.cancel()
        self._thread.join()

    def _call(self, function: Callable[[], T]) -> T:
        """Run ``function`` in the thread, between steps, and return its result."""
        future: Future[T] = Future()
        with self._wake:
            self._requests.append((function, future))
            self._wake.notify_all()
        self.gate.cancel()
        return future.result()

    # The thread ---------------------------------------------------------------------------------------------

    def _run(self, built: Future[Episodes]) -> None:
        try:
            episodes = Episodes(self._settings)
        except BaseException as error:
            built.set_exception(error)
            return
        built.set_result(episodes)
        while self._wait():
            while self._requests:
                function, future = self._requests.popleft()
                try:
                    future.set_result(function())
                except Exception as error:
                    future.set_exception(error)
            if self._due() <= 0:
                self._pace()
                self._tick()
        episodes.close()

    def _wait(self) -> bool:
        """Sleep until there is something to do; False = the end."""
        with self._wake:
            while not self._stopping and not self._requests and (left := self._due()) > 0:
                self._wake.wait(None if left == float("inf") else left)
            return not self._stopping

    def _due(self) -> float:
        """Seconds until the next tick; infinite while there is none."""
        if self._outlet is None:
            return float("inf")
        if self._settings.lockstep and self._episodes.status.state != "running":
            return float("inf")
        return self._next_tick - time.monotonic()

    def _pace(self) -> None:
        # Standing still as fast as possible would only burn processor time.
        moving = self._episodes.status.state == "running"
        factor = self._settings.real_time_factor or (0.0 if moving else 1.0)
        now = time.monotonic()
        # What was lost to a slow machine is not caught up: a burst of frames would be dropped downstream.
        late = self._next_tick if now - self._next_tick < 1.0 / CONTROL_RATE else now
        self._next_tick = late + 1.0 / (CONTROL_RATE * factor) if factor > 0 else now

    def _tick(self) -> None:
        running = self._episodes.status.state == "running"
        try:
            stamp = self._frame(answered=running)
            if running and self._outlet is not None:
                self._act(stamp)
                if self._episodes.status.state == "finished":
                    self._frame(answered=True)
        except Exception as error:
            self._episodes.break_off(f"{type(error).__name__}: {error}")
            self._on_error(error)
        self._announce()

    def _frame(self, answered: bool) -> int:
        """Publish the present instant under a new stamp; in lockstep, if ``answered``, await the reply."""
        outlet, simulator = self._outlet, self._episodes.simulator
        assert outlet is not None
        self._ticks += 1
        stamp = self._ticks * _PERIOD_NS
        cameras = simulator.depth_camera, simulator.color_camera
        with self.times.stage("publish"):
            outlet.observation(stamp, self._episodes.observation, *cameras)
        lockstep = self._settings.lockstep
        due = self._ticks >= self._image_tick and (lockstep or outlet.images_wanted)
        if not due:
            return stamp
        self._image_tick = self._ticks + self._settings.steps_per_image
        with self.times.stage("render"):
            images = self._episodes.render()
        if lockstep and answered:
            self.gate.expect(stamp)
        with self.times.stage("publish"):
            outlet.images(stamp, images, *cameras)
        self.frames += 1
        if lockstep and answered:
            # After `expect`, so that a request that comes later finds a closed gate to open.
            if self._requests or self._stopping:
                self.gate.cancel()
            with self.times.stage("lockstep"):
                if not self.gate.wait(self._settings.lockstep_timeout):
                    self.timeouts += 1
                    self._on_lockstep_timeout()
        return stamp

    def _act(self, stamp: int) -> None:
        with self._wake:
            target = self._target
        with self.times.stage("physics"):
            result = self._episodes.step(target)
        self.steps += 1
        self.times.step()
        if self._outlet is not None:
            with self.times.stage("publish"):
                self._outlet.outcome(stamp, result)

    def _hold(self) -> None:
        with self._wake:
            self._target = JointTarget.hold(self._episodes.observation)

    def _prepare(self) -> None:
        """First frame of a prepared episode, which begins unless it waits to be started."""
        if self._outlet is None:
            return
        if self._episodes.status.state == "ready":
            self._image_tick = 0  # an episode begins with an image
            self._frame(answered=False)
            if not self._settings.wait_for_start:
                self._episodes.start()
        self._announce()

    def _announce(self) -> None:
        status = self._episodes.status
        now = (status.episode, status.state, status.phase)
        if now != self._announced and self._outlet is not None:
            self._announced = now
            self._outlet.episode(replace(status, stamp=self._ticks * _PERIOD_NS))
