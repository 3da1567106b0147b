"""`reald2iff bench demos`: how often and how fast demonstrations are made, rendered and made realistic."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
import tyro
from rich.progress import track

from reald2iff.bench.report import machine, print_table, write_json
from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.demos.enhance.work import frame_generator, load_model
from reald2iff.errors import InvalidParameterError
from reald2iff.jobs import JobsConfig
from reald2iff_sim.factory import TASKS, make_expert, make_simulator
from reald2iff_sim.generation.command import GenerateConfig, generate
from reald2iff_sim.rendering.cameras import CameraConfig
from reald2iff_sim.rendering.work import RenderJob, render_demo
from reald2iff_sim.simulator import CONTROL_RATE
from reald2iff_sim.smoothness import smoothness
from reald2iff_sim.trajectory import record

_KEY = "depth"


@dataclass(frozen=True)
class BenchDemosConfig(NoiseModelOptions):
    """What is measured. The noise model is the one whose speed is `enhance_fps`."""

    tasks: tuple[str, ...] = tuple(sorted(TASKS))
    """Which tasks."""
    episodes: int = 20
    """Of the expert."""
    trials: int = 20
    """Of generation, from ten sources."""
    frames: int = 10
    """Depth images that the noise model is timed over, after two that do not count."""
    seed: int = 0
    """Of the first expert episode, which the next ones count up from, and of generation."""
    view: Annotated[CameraConfig, tyro.conf.arg(name="")] = field(default_factory=CameraConfig)
    jobs: Annotated[JobsConfig, tyro.conf.arg(name="")] = field(default_factory=JobsConfig)
    json: Path | None = None
    """Write the figures to this file as well."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.episodes, self.trials, self.frames) < 1 or self.seed < 0:
            raise InvalidParameterError(
                f"episodes, trials, frames = {self.episodes}, {self.trials}, {self.frames}: expected at "
                f"least 1; seed = {self.seed}: expected at least 0"
            )


def bench_demos(config: BenchDemosConfig) -> None:
    """Make demonstrations of each task and time every stage; rendering and noise in one process each."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="reald2iff-bench-") as folder:
        for task in config.tasks:
            rows.append(_row(config, task, Path(folder)))
    print_table("Demonstrations", [{k: v for k, v in row.items() if k in _SHOWN} for row in rows])
    if config.json is not None:
        settings = {k: v for k, v in asdict(config).items() if k != "json"}
        print(
            f"written to {write_json(config.json, {'machine': machine(), 'config': settings, 'rows': rows})}"
        )


_SHOWN = (
    "name",
    "expert_success",
    "generation_success",
    "demos_per_hour",
    "seconds_per_trial",
    "render_fps",
    "enhance_fps",
    "bytes_per_demo",
    "jerk",
)


def _row(config: BenchDemosConfig, task: str, folder: Path) -> dict[str, Any]:
    path = folder / f"{task}.hdf5"
    start = time.perf_counter()
    generate(GenerateConfig(task, path, trials=config.trials, seed=config.seed, jobs=config.jobs))
    wall = time.perf_counter() - start
    report = json.loads(path.with_name(f"{path.name}.report.json").read_text())
    row: dict[str, Any] = {
        "name": task,
        "seed": config.seed,
        "expert_success": _expert_success(config, task),
        "expert_episodes": config.episodes,
        "generation_success": report["success"],
        "generation_success_at_once": report["success_at_once"],
        "trials": report["trials"],
        "demos_per_hour": report["success"] * report["trials"] / wall * 3600,
        "workers": config.jobs.workers or config.jobs.local_workers,
        "seconds_per_trial": report["seconds_per_trial"],
        "cpu_seconds_per_trial": report["cpu_seconds_per_trial"],
        "failures": {row["subtask"]: row["reasons"] for row in report["subtasks"]},
    }
    with h5py.File(path, "r") as file:
        demos = list(file["data"].values())
        traces = [(demo["obs/joint_positions"][()], demo["obs/eef_pos"][()]) for demo in demos]
    if not traces:
        return row
    motion = smoothness(traces, 1.0 / CONTROL_RATE)
    return row | {
        "bytes_per_demo": path.stat().st_size / len(traces),
        "jerk": motion.joint_jerk_rms,
        "jerk_unit": f"rad/s3, rms over joints, of positions at {CONTROL_RATE:.0f} Hz",
        **_rendered(config, task, path),
    }


def _expert_success(config: BenchDemosConfig, task: str) -> float:
    simulator, expert = make_simulator(task=task), make_expert(task)
    successes = sum(
        record(simulator, expert, config.seed + episode).success
        for episode in track(range(config.episodes), description=f"expert of {task}", transient=True)
    )
    simulator.close()
    return successes / config.episodes


def _rendered(config: BenchDemosConfig, task: str, path: Path) -> dict[str, Any]:
    """Rendering of one demonstration, after another one that loads what is needed, and its depth's noise."""
    parts = path.with_suffix(".render")
    parts.mkdir()
    job = RenderJob(path, parts, task, "mujoco", config.view, "float32", True, config.seed)
    with h5py.File(path, "r") as file:
        names = sorted(file["data"], key=lambda name: int(file["data"][name].attrs["num_samples"]))[:2]
    render_demo(job, names[0])
    start = time.perf_counter()
    steps = render_demo(job, names[-1])
    seconds = time.perf_counter() - start
    with h5py.File(job.part(names[-1]), "r") as part:
        depth = part[f"obs/{job.camera.camera}_depth"][: config.frames + 2, ..., 0]
        size = job.part(names[-1]).stat().st_size
    camera, _ = config.view.draw(config.seed, 0)
    model = load_model(config, "sensor").for_sequence(config.seed)
    times = []
    for index, frame in enumerate(depth):
        begin = time.perf_counter()
        model.apply(frame, camera.intrinsics, frame_generator(config.seed, _KEY, index))
        times.append(time.perf_counter() - begin)
    return {
        "render_fps": steps / seconds,
        "render_frames": steps,
        "rendered_bytes_per_frame": size / steps,
        "size": f"{config.view.width}x{config.view.height}",
        "enhance_fps": float(1.0 / np.mean(times[2:])),
        "enhance_frames": len(times) - 2,
        "enhance_model": config.model,
    }
