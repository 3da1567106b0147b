"""`reald2iff bench sim`: what a simulated step costs, how often the expert succeeds, how smoothly."""

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
from reald2iff_sim.control.whole_body import WholeBodyController
from reald2iff_sim.experts.base import rollout
from reald2iff_sim.factory import make_expert, make_task
from reald2iff_sim.simulator import CONTROL_RATE, Observation
from reald2iff_sim.smoothness import smoothness

_WARMUP = 5


@dataclass(frozen=True)
class BenchSimConfig:
    """What is measured."""

    task: str = "pick_cube"
    """Task to simulate: can_to_plate, pick_cube, place_banana or stack_cube."""
    episodes: int = 20
    """Episodes of the expert, without rendering; 0 skips them."""
    repeats: int = 60
    """Calls that each time is measured over; 0 skips the timings, and rendering with them."""
    seed: int = 0
    """Seed of the first episode; the next ones count up."""
    json: Path | None = None
    """Write the figures to this file as well."""

    def __post_init__(self) -> None:
        if self.episodes < 0 or self.repeats < 0:
            raise InvalidParameterError(
                f"episodes, repeats = {self.episodes}, {self.repeats}: expected 0 or more"
            )


def bench_sim(config: BenchSimConfig) -> None:
    """Time the simulation on this machine, then let the expert solve seeded episodes."""
    simulator = MujocoSimulator(make_task(config.task))
    report: dict[str, Any] = {"machine": machine()}
    if config.repeats:
        report |= _timings(simulator, config)
    if config.episodes:
        report["expert"] = _expert_success(simulator, config)
    simulator.close()
    if config.json is not None:
        settings = {k: v for k, v in asdict(config).items() if k != "json"}
        print(f"written to {write_json(config.json, {'config': settings, **report})}")


def _timings(simulator: MujocoSimulator, config: BenchSimConfig) -> dict[str, Any]:
    timings = _time_parts(simulator, config)
    real_time = 1000.0 / CONTROL_RATE / timings["observed step (control, depth, colour)"].median_ms
    print_table(
        f"Simulation of {config.task} at {CONTROL_RATE:.0f} Hz",
        [{"part": part, "median ms": t.median_ms, "p95 ms": t.p95_ms} for part, t in timings.items()],
    )
    print(f"real-time factor with both images: {real_time:.2f}")
    return {
        "timings": {part: t.as_dict() for part, t in timings.items()},
        "real_time_factor": real_time,
    }


def _time_parts(simulator: MujocoSimulator, config: BenchSimConfig) -> dict[str, Timing]:
    import mujoco

    actions = _expert_actions(simulator, config)
    controller = WholeBodyController(simulator.config.control)
    controller.solve(simulator.reset(config.seed).eef_pose)
    substeps = round(1.0 / (CONTROL_RATE * simulator.config.timestep))
    target = controller.pose

    def solve() -> None:
        target[2, 3] -= 0.002
        controller.step(target)

    def observed_step() -> None:
        simulator.step(next(actions))
        simulator.render()

    parts: dict[str, Callable[[], Any]] = {
        f"physics, {substeps} steps": lambda: mujoco.mj_step(simulator.model, simulator.data, substeps),
        f"controller, one period of {1000 / simulator.config.control.rate:.0f} ms": solve,
        "control step (physics, controller)": lambda: simulator.step(next(actions)),
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
    traces: list[tuple[np.ndarray, np.ndarray]] = []
    trace: list[Observation] = []
    simulator.on_period = lambda: trace.append(simulator.observe())
    start, processor = time.perf_counter(), time.process_time()
    for episode in track(range(config.episodes), description="expert episodes", transient=True):
        results = [result for _, result in rollout(simulator, expert, config.seed + episode)]
        steps.append(len(results))
        joints = np.array([instant.joint_positions for instant in trace])
        traces.append((joints, np.array([instant.eef_pose[:3, 3] for instant in trace])))
        trace.clear()
        if not results[-1].success:
            failed.append(config.seed + episode)
    wall, processor = time.perf_counter() - start, time.process_time() - processor
    simulator.on_period = None
    motion = smoothness(traces, 1.0 / simulator.config.control.rate)
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
        "processor_ms_per_step": 1000.0 * processor / sum(steps),
        **asdict(motion),
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
    print_table(
        "Jerk as measured, by joint (rad/s3) and end effector (m/s3)",
        [
            {
                "joint rms": motion.joint_jerk_rms,
                "joint max": motion.joint_jerk_max,
                "end effector rms": motion.eef_jerk_rms,
                "end effector max": motion.eef_jerk_max,
            }
        ],
    )
    if failed:
        print(f"failed seeds: {', '.join(map(str, failed))}")
    return outcome
