"""`reald2iff bench align`: how near alignment comes to the truth, over seeded scenes and disturbances."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from reald2iff.bench.report import machine, print_table, write_json
from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.errors import AlignmentError, InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff_sim.alignment.folder import write_folder
from reald2iff_sim.alignment.poses import moved, pose_error, random_disturbance
from reald2iff_sim.alignment.search import SearchConfig
from reald2iff_sim.alignment.simulated import simulated_views
from reald2iff_sim.alignment.solve import AlignmentConfig, align_camera
from reald2iff_sim.factory import make_simulator


@dataclass(frozen=True, kw_only=True)
class BenchAlignConfig(NoiseModelOptions):
    """What is measured. Each scene has its own camera pose, postures and noise."""

    model: str = D435Twin.name
    """Noise model of the camera."""
    task: str = "pick_cube"
    """Task whose scene is around the arm."""
    scenes: int = 8
    """Scenes; a view of each takes a few seconds."""
    disturbances: int = 3
    """First guesses tried on each scene."""
    views: int = 12
    """Images of the arm in each scene, 640x480."""
    distance: float = 0.10
    """How far off each guess is, metres."""
    degrees: float = 10.0
    """Likewise, degrees."""
    seed: int = 0
    """Of the first scene; the next ones count up."""
    json: Path | None = None
    """Write the figures to this file as well."""
    save: Path | None = None
    """Write the first scene's views and first guess to this folder, an input of `reald2iff camera align`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.scenes, self.disturbances, self.views) < 1 or self.seed < 0:
            raise InvalidParameterError(
                f"scenes, disturbances, views, seed = {self.scenes}, {self.disturbances}, {self.views}, "
                f"{self.seed}: expected at least 1, 1, 1 and 0"
            )
        SearchConfig.for_guess(self.distance, self.degrees)  # checks both


def bench_align(config: BenchAlignConfig) -> None:
    """Align simulated cameras and compare with where they stand."""
    noise = config.load()
    simulator = make_simulator(task=config.task)
    search = SearchConfig.for_guess(config.distance, float(np.radians(config.degrees)))
    rows: list[dict[str, Any]] = []
    with Progress(transient=True) as progress:
        bar = progress.add_task("aligning", total=config.scenes * config.disturbances)
        for scene in range(config.seed, config.seed + config.scenes):
            views, truth = simulated_views(simulator, config.views, noise, scene)
            rng = np.random.default_rng([scene, 1])
            for trial in range(config.disturbances):
                disturbance = random_disturbance(rng, config.distance, config.degrees)
                guess = moved(truth, disturbance)
                if config.save is not None and not rows:
                    write_folder(config.save, views, guess)
                start = time.process_time()
                row: dict[str, Any] = {"scene": scene, "disturbance": trial}
                try:
                    result = align_camera(views, guess, AlignmentConfig(search=search, seed=trial))
                    distance, degrees = pose_error(result.pose, truth)
                    row |= {"mm": 1000 * distance, "degrees": degrees, "sd mm": 1000 * result.position_sd}
                    row |= {
                        "sd degrees": float(np.degrees(result.angle_sd)),
                        "warnings": len(result.warnings),
                    }
                except AlignmentError as error:
                    row |= {"failure": str(error)}
                rows.append(row | {"cpu seconds": time.process_time() - start})
                progress.advance(bar)
    simulator.close()
    summary = _summary(rows)
    print_table("Alignment of each camera", rows, [key for key in rows[0] if key != "failure"])
    print_table("Over all", [summary])
    if config.json is not None:
        settings = {k: v for k, v in asdict(config).items() if k not in ("json", "save")}
        report = {"machine": machine(), "config": settings, "summary": summary, "rows": rows}
        print(f"written to {write_json(config.json, report)}")


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Errors over all rows; an alignment that failed is infinitely far off."""
    millimetres = [row.get("mm", np.inf) for row in rows]
    degrees = [row.get("degrees", np.inf) for row in rows]
    good = [m < 2.0 and d < 0.2 for m, d in zip(millimetres, degrees, strict=True)]
    return {
        "alignments": len(rows),
        "median mm": float(np.median(millimetres)),
        "max mm": float(np.max(millimetres)),
        "median degrees": float(np.median(degrees)),
        "max degrees": float(np.max(degrees)),
        "within 2 mm, 0.2 degrees": float(np.mean(good)),
        "median cpu seconds": float(np.median([row["cpu seconds"] for row in rows])),
    }
