"""The demo's summary.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reald2iff import __version__
from reald2iff_ros.demo_record import Recorded

_PACKAGES = ("rclpy", "mujoco", "torch", "openvino", "numpy")
_STAGES = ("physics", "render", "publish", "lockstep")


def summarise(
    recorded: Recorded,
    *,
    hole_ratio: Mapping[str, float],
    settings: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Everything that summary.json holds.

    Latency and drops are the realism node's own: latency from the arrival of an image to the publication of
    its answer, over the last 300 frames.

    Args:
        recorded: What came of recording.
        hole_ratio: Share of pixels without depth, of ``clean`` and ``realistic`` depth.
        settings: Options to keep beside the figures.
        seconds: Wall clock by stage of the demo, and ``total``.
    """
    realism = recorded.diagnostics.get("depth_realism", {})
    simulation = recorded.diagnostics.get("mujoco_sim", {})
    return {
        "episodes": len(recorded.saved),
        "successes": recorded.successes,
        "attempts": recorded.attempts,
        "frames": recorded.frames,
        "fps": _rounded(recorded.frames / recorded.recording if recorded.recording else 0.0),
        "latency_ms": {
            "p50": _number(realism, "latency_p50_ms"),
            "p95": _number(realism, "latency_p95_ms"),
        },
        "dropped": int(_number(realism, "dropped") or 0) + recorded.incomplete,
        "lockstep_timeouts": int(_number(simulation, "lockstep_timeouts") or 0),
        "hole_ratio": {key: round(value, 5) for key, value in hole_ratio.items()},
        "frame_ms": {stage: _number(simulation, f"{stage}_ms") for stage in _STAGES},
        "seconds": {key: _rounded(value) for key, value in seconds.items()},
        **settings,
        "device": realism.get("device", ""),
        "versions": _versions(),
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
        },
    }


def write_summary(summary: Mapping[str, Any], path: Path) -> None:
    """Write it whole or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(summary, indent=2) + "\n")
    temporary.replace(path)


def _number(values: Mapping[str, str], key: str) -> float | None:
    return _rounded(float(values[key])) if key in values else None


def _rounded(value: float) -> float:
    return round(value, 2)


def _versions() -> dict[str, str]:
    found = {"reald2iff": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
