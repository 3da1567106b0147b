"""What every benchmark needs: timing, the machine it ran on, a table to read and JSON to keep."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from reald2iff.errors import InvalidParameterError

_PACKAGES = ("numpy", "torch", "diffusers", "openvino", "mujoco", "opencv-python-headless")


@dataclass(frozen=True)
class Timing:
    """Wall-clock time of one call, milliseconds.

    Attributes:
        median_ms: Median.
        p95_ms: 95th percentile.
        iqr_ms: Interquartile range.
        repeats: Calls timed.
    """

    median_ms: float
    p95_ms: float
    iqr_ms: float
    repeats: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Timing:
        """Statistics of measured times in seconds.

        Raises:
            InvalidParameterError: if there are none.
        """
        if len(seconds) == 0:
            raise InvalidParameterError("no times were measured: expected at least one")
        low, median, high, p95 = np.percentile(np.asarray(seconds) * 1e3, (25, 50, 75, 95))
        return cls(float(median), float(p95), float(high - low), len(seconds))

    def as_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return asdict(self)


def timing(fn: Callable[[], Any], warmup: int = 2, repeats: int = 10) -> Timing:
    """Time ``fn()``: ``warmup`` calls that do not count, then ``repeats`` that do.

    Raises:
        InvalidParameterError: for fewer than one repeat.
    """
    for _ in range(warmup):
        fn()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        seconds.append(time.perf_counter() - start)
    return Timing.of(seconds)


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Processor, cores and versions: what a figure has to be read with."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "load_average_1min": round(os.getloadavg()[0], 2),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
    }


def format_cell(value: Any) -> str:
    """A value as a table shows it: at least 3 significant figures for floats, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, float):
        if not np.isfinite(value):
            return str(value)
        if 100 <= abs(value) < 1e6:
            return f"{value:.0f}"
        return f"{value:.3f}" if 0.001 <= abs(value) < 10 or value == 0 else f"{value:.3g}"
    return str(value)


def print_table(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | Mapping[str, str] | None = None,
) -> None:
    """Print rows as a table.

    Args:
        title: Above the table.
        rows: A mapping from column to value each; a missing value is shown as ``-``.
        columns: Keys in order, or a mapping from key to heading; None = the keys of the first row.
    """
    from rich.console import Console
    from rich.table import Table

    chosen = columns if columns is not None else (list(rows[0]) if rows else [])
    headings = dict(chosen) if isinstance(chosen, Mapping) else {key: key for key in chosen}
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, heading in enumerate(headings.values()):
        table.add_column(heading, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(format_cell(row.get(key)) for key in headings))
    console = Console()
    if not console.is_terminal:
        # A log or pipe has no width of its own; the default of 80 columns would break every row.
        console = Console(width=max(80, 16 * len(headings)))
    console.print(table)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def to_json(payload: Any) -> str:
    """Indented JSON; numpy values become plain ones."""
    return json.dumps(payload, indent=2, default=_plain, allow_nan=True) + "\n"


def write_json(path: Path | str, payload: Any) -> Path:
    """Write `to_json` of ``payload``, whole or not at all.

    Returns:
        ``path``; its folder is made.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".tmp")
    temporary.write_text(to_json(payload))
    temporary.replace(target)
    return target
