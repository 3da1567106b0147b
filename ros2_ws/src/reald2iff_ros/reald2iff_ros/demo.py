"""`reald2iff demo`: the whole road once. Simulated Franka -> ROS 2 -> depth realism -> demonstrations."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reald2iff.demos import list_episodes
from reald2iff.errors import DatasetError
from reald2iff_ros.demo_config import DemoConfig
from reald2iff_ros.demo_display import DemoDisplay
from reald2iff_ros.demo_domain import find_free_domain, use_domain
from reald2iff_ros.demo_frames import iterate_frames, telling_frame
from reald2iff_ros.demo_preview import Scale, draw_preview
from reald2iff_ros.demo_record import Recorded, record_episodes
from reald2iff_ros.demo_report import report
from reald2iff_ros.demo_session import DemoSession
from reald2iff_ros.demo_summary import summarise, write_summary
from reald2iff_ros.demo_video import DemoVideo
from reald2iff_ros.graph_runner import GraphRunner

_MADE = (
    "demos.hdf5*",
    "demos.episodes",
    "mcap",
    "demo_*.mcap*",
    "preview.png",
    "preview.mp4",
    "preview.gif",
    "summary.json",
    "nodes.log",
)
_EPISODE_SECONDS = {"reald2iff": 45, "d435_twin": 55}
_STOP_TIMEOUT = 300.0
_FRAME_RATE = 20.0


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
    domain = find_free_domain() if config.domain is None else config.domain
    use_domain(domain)
    # As Ctrl-C: the nodes are stopped in order and the file is closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stages, recorded = Stages(), Recorded()
    with DemoDisplay(config.out / "nodes.log", config.episodes) as display:
        display.say(
            f"Recording {config.episodes} episodes of {config.task} through ROS 2 (domain {domain}), "
            f"depth model {config.model}; about {_estimate(config)} on two cores. "
            "Ctrl-C keeps what is saved so far."
        )
        try:
            _record(config, display, stages, recorded)
        except KeyboardInterrupt:
            display.say(f"stopped; {_saved(config.out / 'demos.hdf5')}")
            raise
        finally:
            _collect_logs(config.out)
        with stages.stage("preview"):
            display.stage("drawing picture and video")
            hole_ratio, video = _preview(config, recorded)
    summary = summarise(
        recorded,
        hole_ratio=hole_ratio,
        settings={
            "task": config.task,
            "seed": config.seed,
            "model": config.model,
            "camera_width": config.camera_width,
        },
        seconds={
            **stages.seconds,
            "episodes": recorded.recording,
            "saving": recorded.saving,
            "total": stages.total,
        },
    )
    write_summary(summary, config.out / "summary.json")
    print(report(summary, config.out, video.name))
    return 0


def _prepare(config: DemoConfig) -> None:
    found = sorted(path for pattern in _MADE for path in config.out.glob(pattern))
    if found and not config.overwrite:
        raise DatasetError(
            f"{config.out} holds results already ({found[0].name}): give --overwrite to replace them"
        )
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    try:
        config.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{config.out} cannot hold the results: {error.strerror}") from error


def _estimate(config: DemoConfig) -> str:
    """From what was measured on two cores."""
    seconds = 30 + config.episodes * _EPISODE_SECONDS.get(config.model, 15)
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _saved(file: Path) -> str:
    try:
        return f"{len(list_episodes(file))} episodes are saved in {file}"
    except DatasetError:
        return "no episode is saved"


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
    shot, detail = telling_frame(file, shown)
    draw_preview(shot, detail, config.model, config.out / "preview.png")
    pixels = clean = realistic = 0
    with DemoVideo(config.out / "preview", Scale.of(shot), config.model, _FRAME_RATE) as video:
        for name in names:
            for frame in iterate_frames(file, name):
                video.append(frame)
                pixels += frame.clean.size
                clean += int((frame.clean == 0).sum())
                realistic += int((frame.realistic == 0).sum())
    return {"clean": clean / pixels, "realistic": realistic / pixels}, video.path
