"""`reald2iff bench sim`: what a simulated control step costs, and how often the expert succeeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from reald2iff.bench.report import Timing, machine, print_table, timing, write_json
from reald2iff.errors import InvalidParameterError
from reald2iff_sim.backends.mujoco.backend import MujocoSimulator
from reald2iff_sim.control.ik import InverseKinematics
from reald2iff_sim.experts.base import rollout
from reald2iff_sim.factory import make_expert, make_task
from reald2iff_sim.simulator import CONTROL_RATE

_WARMUP = 5


@dataclass(frozen=True)
class BenchSimConfig:
    """What is measured."""

    task: str = "pick_cube"
    """Task to simulate."""
    episodes: int = 20
    """Episodes of the expert, without rendering; 0 skips them."""
    repeats: int = 60
    """Calls that each time is measured over."""
    seed: int = 0
    """Seed of the first episode; the next ones count up."""
    json: Path | None = None
    """Write the figures to this file as well."""

    def __post_init__(self) -> None:
        if self.episodes < 0 or self.repeats < 1:
            raise InvalidParameterError(
                f"episodes, repeats = {self.episodes}, {self.repeats}: expected at least 0 and 1"
            )


def bench_sim(config: BenchSimConfig) -> None:
    """Time the simulation on this machine, then let the expert solve seeded episodes."""
    simulator = MujocoSimulator(make_task(config.task))
    timings = _time_parts(simulator, config)
    real_time = 1000.0 / CONTROL_RATE / timings["observed step (control, depth, colour)"].median_ms
    print_table(
        f"Simulation of {config.task} at {CONTROL_RATE:.0f} Hz",
        [{"part": part, "median ms": t.median_ms, "p95 ms": t.p95_ms} for part, t in timings.items()],
    )
    print(f"real-time factor with both images: {real_time:.2f}")
    report: dict[str, Any] = {
        "machine": machine(),
        "timings": {part: t.as_dict() for part, t in timings.items()},
        "real_time_factor": real_time,
    }
    if config.episodes:
        report["expert"] = _expert_success(simulator, config)
    simulator.close()
    if config.json is not None:
        settings = {k: v for k, v in asdict(config).items() if k != "json"}
        print(f"written to {write_json(config.json, {'config': settings, **report})}")


def _time_parts(simulator: MujocoSimulator, config: BenchSimConfig) -> dict[str, Timing]:
    import mujoco

    actions = _expert_actions(simulator, config)
    kinematics = InverseKinematics(simulator.config.ik)
    kinematics.solve(simulator.reset(config.seed).eef_pose)
    substeps = round(1.0 / (CONTROL_RATE * simulator.config.timestep))
    target = kinematics.pose

    def solve() -> None:
        target[2, 3] -= 0.002
        kinematics.step(target)

    def observed_step() -> None:
        simulator.step(next(actions))
        simulator.render()

    parts: dict[str, Callable[[], Any]] = {
        f"physics, {substeps} steps": lambda: mujoco.mj_step(simulator.model, simulator.data, substeps),
        "inverse kinematics, one solution": solve,
        "control step (physics, kinematics)": lambda: simulator.step(next(actions)),
        "depth image": simulator.render_depth,
        "colour image": simulator.render_color,
        "observed step (control, depth, colour)": observed_step,
    }
    return {
        name: timing(part, _WARMUP, config.repeats)
        for name, part in track(parts.items(), description="timing", transient=True)
    }


def _expert_actions(simulator: MujocoSimulator, config: BenchSimConfig) -> Iterator[np.ndarray]:
    """Actions of the expert on the simulator's present state, episode after episode."""
    expert = make_expert(simulator.task)
    seed = config.seed
    while True:
        observation = simulator.reset(seed)
        expert.reset(np.random.default_rng([seed, 1]))
        for _ in range(simulator.task.max_steps):
            yield expert.act(observation)
            observation = simulator.observe()
            if simulator.task.success(observation):
                break
        seed += 1


def _expert_success(simulator: MujocoSimulator, config: BenchSimConfig) -> dict[str, Any]:
    expert = make_expert(simulator.task)
    steps: list[int] = []
    failed: list[int] = []
    start = time.perf_counter()
    for episode in track(range(config.episodes), description="expert episodes", transient=True):
        results = [result for _, result in rollout(simulator, expert, config.seed + episode)]
        steps.append(len(results))
        if not results[-1].success:
            failed.append(config.seed + episode)
    wall = time.perf_counter() - start
    low, median, high = np.percentile(steps, (5, 50, 95))
    outcome = {
        "episodes": config.episodes,
        "successes": config.episodes - len(failed),
        "success_rate": 1 - len(failed) / config.episodes,
        "failed_seeds": failed,
        "steps_median": median,
        "steps_p5": low,
        "steps_p95": high,
        "wall_seconds": wall,
    }
    print_table(
        f"Expert on {config.task}",
        [
            {
                "episodes": config.episodes,
                "success": f"{outcome['successes']}/{config.episodes}",
                "median steps": median,
                "p95 steps": high,
                "times real time": sum(steps) / CONTROL_RATE / wall,
            }
        ],
    )
    if failed:
        print(f"failed seeds: {', '.join(map(str, failed))}")
    return outcome
