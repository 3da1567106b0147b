"""What the demo says at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGET = 360.0
"""Seconds that the demo with its default options takes at most on two cores."""

_FRAME_STAGES = {
    "physics": "physics and the expert",
    "render": "rendering",
    "publish": "publishing",
    "lockstep": "depth realism and transport",
}


def report(summary: Mapping[str, Any], out: Path, video: str) -> str:
    """The closing lines.

    Args:
        summary: See `demo_summary.summarise`.
        out: Folder of the results.
        video: File name of the video.
    """
    latency, holes, seconds = summary["latency_ms"], summary["hole_ratio"], summary["seconds"]
    lines = [
        "",
        f"{summary['successes']} of {summary['attempts']} episodes succeeded: {summary['frames']} frames at "
        f"{summary['fps']} frames/s, {summary['dropped']} dropped",
        f"depth realism: {latency['p50']} ms (median), {latency['p95']} ms (95 %) on {summary['device']}; "
        f"holes {holes['clean']:.1%} before, {holes['realistic']:.1%} after",
        f"{seconds['total']:.0f} s in all: start {seconds['start']:.0f}, episodes {seconds['episodes']:.0f}, "
        f"saving {seconds['saving'] + seconds['finish']:.0f}, pictures {seconds['preview']:.0f}",
    ]
    if seconds["total"] > TARGET:
        lines += _why_slow(summary)
    lines += ["", f"results in {out.resolve()}"]
    for name, what in (
        ("demos.hdf5", "demonstrations in robomimic's layout"),
        ("mcap", "one recording per episode, for ros2 bag and Foxglove"),
        ("preview.png", "colour, clean, realistic, difference"),
        (video, "the same, moving"),
        ("summary.json", "these figures and more"),
        ("nodes.log", "what the nodes said"),
    ):
        lines.append(f"  {name:<13} {what}")
    return "\n".join(lines)


def _why_slow(summary: Mapping[str, Any]) -> list[str]:
    spent = {stage: ms for stage, ms in summary["frame_ms"].items() if ms is not None}
    slowest = max(spent, key=lambda stage: spent[stage])
    parts = ", ".join(f"{_FRAME_STAGES[stage]} {ms:.0f} ms" for stage, ms in spent.items())
    return [
        f"This is slower than the {TARGET / 60:.0f} min aimed at, mostly for {_FRAME_STAGES[slowest]}. "
        f"Of {summary['frames']} frames each took: {parts}.",
        "Other work on this machine, fewer than two cores, and more episodes or steps than the default "
        "slow it down.",
    ]
