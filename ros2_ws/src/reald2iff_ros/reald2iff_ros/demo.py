"""`reald2iff demo`: the whole road once. Simulated Franka -> ROS 2 -> depth realism -> demonstrations."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff_ros.demo_display import DemoDisplay
from reald2iff_ros.demo_domain import find_free_domain, use_domain
from reald2iff_ros.demo_frames import iterate_frames, telling_frame
from reald2iff_ros.demo_preview import Scale, draw_preview
from reald2iff_ros.demo_record import Recorded, record_episodes
from reald2iff_ros.demo_session import DemoSession
from reald2iff_ros.demo_summary import summarise, write_summary
from reald2iff_ros.demo_video import DemoVideo
from reald2iff_ros.graph import NodeSpec, RecordConfig, Value, record_graph
from reald2iff_ros.graph_runner import GraphRunner

TARGET = 360.0
"""Seconds that the demo with its default options takes at most on two cores."""

_MADE = (
    "demos.hdf5",
    "episodes",
    "mcap",
    "preview.png",
    "preview.mp4",
    "preview.gif",
    "summary.json",
    "nodes.log",
)
_STOP_TIMEOUT = 300.0
_FRAME_RATE = 20.0


@dataclass(frozen=True)
class DemoConfig:
    """Record successful Pick Cube episodes through ROS 2 and leave them with a picture, a video and a summary.

    Attributes:
        out: Folder for the results.
        episodes: Successful episodes to record.
        seed: Of the first episode and of the depth noise; every further episode takes the next one.
        model: Depth model: reald2iff, gaussian, perlin, kinect or d435_twin.
        coarse_steps: Network calls of the coarse stage per frame; by default what the weights ask for.
        fine_steps: The same of the fine stage; 0 leaves it out.
        device: Where the diffusion model runs.
        camera_width: Columns of the images; 640x480 is a D435's.
        keep_failed: Also save the episodes in which the expert failed.
        max_attempts: Episodes to begin at most; by default twice as many as wanted, and two more.
        overwrite: Replace the results of an earlier demo in the same folder.
        domain: ROS domain id; by default one that nobody uses.

    Raises:
        InvalidParameterError: for a number out of its range.
    """

    out: Path = Path("out/demo")
    episodes: int = 3
    seed: int = 0
    model: str = "reald2iff"
    coarse_steps: int | None = None
    fine_steps: int | None = None
    device: Literal["auto", "cpu", "cuda", "openvino"] = "auto"
    camera_width: int = 640
    keep_failed: bool = False
    max_attempts: int | None = None
    overwrite: bool = False
    domain: int | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("episodes", 1, 100_000),
            ("seed", 0, 2**31 - 1),
            ("max_attempts", self.episodes, 1_000_000),
            ("domain", 0, 101),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidParameterError(f"{name} {value}: expected {low} to {high}")

    @property
    def attempts(self) -> int:
        """Episodes to begin at most."""
        return 2 * self.episodes + 2 if self.max_attempts is None else self.max_attempts

    @property
    def parameters(self) -> dict[str, dict[str, Value]]:
        """Parameters over those of the record graph, by node."""
        steps = {"coarse_steps": self.coarse_steps, "fine_steps": self.fine_steps}
        return {
            "mujoco_sim": {
                "wait_for_start": True,
                "real_time_factor": 0.0,
                "camera_width": self.camera_width,
                "lockstep_timeout": 120.0,
            },
            "depth_realism": {"device": self.device}
            | {name: value for name, value in steps.items() if value is not None},
            "demo_recorder": {"auto": False},
        }

    def nodes(self) -> tuple[NodeSpec, ...]:
        """The record graph as the demo runs it."""
        graph = record_graph(RecordConfig(out=self.out, model=self.model, seed=self.seed, lockstep=True))
        return tuple(
            replace(node, parameters={**node.parameters, **self.parameters[node.name]}) for node in graph
        )


class Stages:
    """Wall-clock seconds by stage."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started

    @property
    def total(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started


def demo(config: DemoConfig) -> int:
    """Run the demo; see `DemoConfig`.

    Raises:
        RealD2iffError: if the folder is in use, a node does not start or ends, or too many episodes fail.
    """
    _prepare(config)
    use_domain(find_free_domain() if config.domain is None else config.domain)
    stages, recorded = Stages(), Recorded()
    with DemoDisplay(config.out / "nodes.log", config.episodes) as display:
        display.say(
            f"Recording {config.episodes} Pick Cube episodes through ROS 2 with the depth model {config.model}; "
            f"about {_estimate(config):.0f} min on two cores. Ctrl-C keeps the episodes saved so far."
        )
        try:
            _record(config, display, stages, recorded)
        except KeyboardInterrupt:
            display.say(f"stopped; {len(recorded.saved)} episodes are saved in {config.out / 'demos.hdf5'}")
            raise
        finally:
            _collect_logs(config.out)
        with stages.stage("preview"):
            display.stage("drawing picture and video")
            hole_ratio, video = _preview(config, recorded)
    summary = summarise(
        recorded,
        hole_ratio=hole_ratio,
        settings={"seed": config.seed, "model": config.model, "camera_width": config.camera_width},
        seconds={
            **stages.seconds,
            "episodes": recorded.recording,
            "saving": recorded.saving,
            "total": stages.total,
        },
    )
    write_summary(summary, config.out / "summary.json")
    _report(config, summary, video)
    return 0


def _prepare(config: DemoConfig) -> None:
    found = [config.out / name for name in _MADE if (config.out / name).exists()]
    if found and not config.overwrite:
        raise DatasetError(
            f"{config.out} holds results already ({found[0].name}): give --overwrite to replace them"
        )
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    config.out.mkdir(parents=True, exist_ok=True)


def _estimate(config: DemoConfig) -> float:
    """Minutes, from what was measured on two cores."""
    return 0.4 + config.episodes * (0.5 if config.model == "reald2iff" else 0.3)


def _record(config: DemoConfig, display: DemoDisplay, stages: Stages, recorded: Recorded) -> None:
    with GraphRunner(config.nodes(), display.node_line, grace=_STOP_TIMEOUT) as runner:
        try:
            with stages.stage("start"):
                display.stage("starting the nodes")
                runner.start()
                runner.wait_active()
            session = DemoSession(runner.poll)
            try:
                with stages.stage("record"):
                    record_episodes(
                        session, display, recorded, config.episodes, config.attempts, config.keep_failed
                    )
            finally:
                session.close()
        except KeyboardInterrupt:
            # The recorder closes its file now; another Ctrl-C must not end that half way.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            raise
        finally:
            with stages.stage("finish"):
                display.stage("closing the file")
                runner.stop()


def _collect_logs(out: Path) -> None:
    logs = list(out.glob("demo_*.mcap"))
    if logs:
        (out / "mcap").mkdir(exist_ok=True)
    for log in logs:
        log.replace(out / "mcap" / log.name)


def _preview(config: DemoConfig, recorded: Recorded) -> tuple[dict[str, float], Path]:
    """Draw picture and video; returns the share of pixels without depth, and the video's path."""
    file = config.out / "demos.hdf5"
    names = [str(answer["episode"]) for answer in recorded.saved]
    shown = next(str(answer["episode"]) for answer in recorded.saved if answer["success"])
    frame = telling_frame(file, shown)
    draw_preview(frame, config.model, config.out / "preview.png")
    pixels = clean = realistic = 0
    with DemoVideo(config.out / "preview", Scale.of(frame), config.model, _FRAME_RATE) as video:
        for name in names:
            for frame in iterate_frames(file, name):
                video.append(frame)
                pixels += frame.clean.size
                clean += int((frame.clean == 0).sum())
                realistic += int((frame.realistic == 0).sum())
    return {"clean": clean / pixels, "realistic": realistic / pixels}, video.path


def _report(config: DemoConfig, summary: dict[str, Any], video: Path) -> None:
    latency, holes, seconds = summary["latency_ms"], summary["hole_ratio"], summary["seconds"]
    print(
        f"\n{summary['successes']} of {summary['attempts']} episodes succeeded, {summary['frames']} frames at "
        f"{summary['fps']} frames/s, {summary['dropped']} dropped\n"
        f"depth realism on {summary['device'] or 'cpu'}: {latency['p50']} ms (median), {latency['p95']} ms (95 %); "
        f"holes {holes['clean']:.1%} -> {holes['realistic']:.1%}\n"
        f"{seconds['total']:.0f} s: start {seconds['start']:.0f}, episodes {seconds['episodes']:.0f}, "
        f"saving {seconds['saving'] + seconds['finish']:.0f}, pictures {seconds['preview']:.0f}"
    )
    if seconds["total"] > TARGET:
        slowest = max(summary["frame_ms"].items(), key=lambda item: item[1] or 0.0)
        meaning = {"lockstep": "depth realism and transport"}.get(slowest[0], slowest[0])
        print(
            f"That is more than the {TARGET / 60:.0f} minutes aimed at. Most of a frame's time went into {meaning}: "
            f"{slowest[1]:.0f} ms (summary.json, frame_ms). Other programs on this machine, fewer cores, or more "
            "episodes and steps than the default make it longer."
        )
    print(f"\nresults in {config.out.resolve()}")
    for name, what in (
        ("demos.hdf5", "demonstrations, robomimic's layout"),
        ("mcap", "one recording per episode, for ros2 bag and Foxglove"),
        ("preview.png", "colour, clean, realistic, difference"),
        (video.name, "the same, moving"),
        ("summary.json", "these figures and more"),
    ):
        print(f"  {name:<13} {what}")
