"""How many trials succeeded, and why the others did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from reald2iff.bench.report import print_table
from reald2iff_sim.generation.work import TrialReport
from reald2iff_sim.tasks.base import Task


def summarise(task: Task, seed: int, reports: Sequence[TrialReport]) -> dict[str, Any]:
    """Figures of a run, for JSON.

    ``success`` counts trials that succeeded in the end, ``success_at_once`` those without a retry.
    """
    successes = [report for report in reports if report.success]
    return {
        "task": task.name,
        "seed": seed,
        "trials": len(reports),
        "success": len(successes) / len(reports),
        "success_at_once": sum(report.at_once for report in reports) / len(reports),
        "failed_trials": [report.trial for report in reports if not report.success],
        "seconds_per_trial": float(np.mean([report.seconds for report in reports])),
        "cpu_seconds_per_trial": float(np.mean([report.cpu_seconds for report in reports])),
        "seconds_per_demo": sum(r.seconds for r in reports) / len(successes) if successes else None,
        "steps_median": float(np.median([report.steps for report in successes])) if successes else None,
        "subtasks": [_subtask(task.subtasks[i].name, i, reports) for i in range(len(task.subtasks))],
    }


def _subtask(name: str, index: int, reports: Sequence[TrialReport]) -> dict[str, Any]:
    attempts = [a for report in reports for a in report.attempts if a.subtask == index]
    reasons = Counter(attempt.failure for attempt in attempts if attempt.failure is not None)
    return {
        "subtask": name,
        "attempts": len(attempts),
        "failures": sum(reasons.values()),
        "ended_trials": sum(
            1 for report in reports if not report.success and report.attempts[-1].subtask == index
        ),
        "reasons": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
    }


def print_summary(summary: dict[str, Any]) -> None:
    """Print it as a table."""
    print_table(
        f"{summary['task']}: {summary['success']:.1%} of {summary['trials']} trials succeeded, "
        f"{summary['success_at_once']:.1%} at once; {summary['seconds_per_trial']:.1f} s a trial "
        f"({summary['cpu_seconds_per_trial']:.1f} s of processor time)",
        [
            {
                "subtask": row["subtask"],
                "attempts": row["attempts"],
                "failed": row["failures"],
                "ended the trial": row["ended_trials"],
                "why": "; ".join(f"{count} {reason}" for reason, count in row["reasons"].items()) or "-",
            }
            for row in summary["subtasks"]
        ],
    )
