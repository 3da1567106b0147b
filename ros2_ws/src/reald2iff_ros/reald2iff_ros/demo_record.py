"""Recording successful episodes through ROS."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from reald2iff.errors import NodeError
from reald2iff_ros.demo_display import DemoDisplay
from reald2iff_ros.demo_session import DemoSession

_SERVICE_TIMEOUT = 60.0
_SAVE_TIMEOUT = 300.0
_EPISODE_TIMEOUT = 1800.0
"""Seconds; an episode on a machine that takes several seconds for a frame still ends."""


@dataclass
class Recorded:
    """What came of recording.

    Attributes:
        saved: The recorder's answer for every episode in the file.
        attempts: Episodes begun.
        successes: Episodes in the file that succeeded.
        frames: Frames in the file.
        incomplete: Frames left out of saved episodes because a part was missing.
        recording: Wall-clock seconds while episodes ran.
        saving: Wall-clock seconds until saved episodes were durable.
        between: Wall-clock seconds of resets and the like.
        diagnostics: Last values by node.
    """

    saved: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0
    successes: int = 0
    frames: int = 0
    incomplete: int = 0
    recording: float = 0.0
    saving: float = 0.0
    between: float = 0.0
    diagnostics: dict[str, dict[str, str]] = field(default_factory=dict)


def record_episodes(
    session: DemoSession,
    display: DemoDisplay,
    result: Recorded,
    episodes: int,
    attempts: int,
    keep_failed: bool,
) -> None:
    """Run the expert until enough episodes have succeeded; ``result`` is kept up to date on the way.

    Args:
        session: Of a graph that is active; the first episode is prepared.
        display: Told of the progress.
        result: Filled in.
        episodes: Successful episodes wanted.
        attempts: Episodes begun at most.
        keep_failed: Whether failed episodes are saved as well.

    Raises:
        NodeError: if too many fail, or a node refuses or does not answer.
    """
    while result.successes < episodes:
        if result.attempts == attempts:
            raise NodeError(
                f"only {result.successes} of {attempts} episodes succeeded: expected {episodes}. "
                "Another --seed or more --max-attempts may help"
            )
        started = time.monotonic()
        if result.attempts:
            session.call("mujoco_sim/reset", _SERVICE_TIMEOUT)
        session.call("demo_recorder/start", _SERVICE_TIMEOUT)
        result.attempts += 1
        success = _run_episode(session, display, result, started)
        if success or keep_failed:
            display.stage(f"saving episode {len(result.saved) + 1}")
            began = time.monotonic()
            answer = session.call("demo_recorder/save", _SAVE_TIMEOUT)
            result.saving += time.monotonic() - began
            result.saved.append(answer)
            result.frames += answer["frames"]
            result.incomplete += answer["incomplete"] + answer["lead_in"]
            result.successes += success
            display.saved(result.successes)
        else:
            session.call("demo_recorder/discard", _SERVICE_TIMEOUT)
            display.say(
                f"the expert failed with seed {session.episode['seed']}: discarded, trying the next one"
            )
    for node in ("mujoco_sim", "depth_realism", "demo_recorder"):
        result.diagnostics[node] = session.refresh_diagnostics(node, _SERVICE_TIMEOUT)


def _run_episode(session: DemoSession, display: DemoDisplay, result: Recorded, started: float) -> bool:
    begun = session.call("mujoco_sim/start", _SERVICE_TIMEOUT)
    display.stage(f"recording episode {result.successes + 1}")
    began = time.monotonic()
    result.between += began - started

    def show() -> None:
        rate = session.steps / max(time.monotonic() - began, 1e-6)
        display.step(session.steps, session.episode.get("phase", ""), rate)

    def finished() -> bool:
        status = session.episode
        return status.get("episode") == begun["episode"] and status["state"] == "finished"

    session.wait(finished, "the end of the episode", _EPISODE_TIMEOUT, show)
    result.recording += time.monotonic() - began
    if session.episode["error"]:
        raise NodeError(f"mujoco_sim broke the episode off: {session.episode['error']}")
    return bool(session.episode["success"])
