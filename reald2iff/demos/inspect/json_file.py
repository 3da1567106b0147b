"""Statistics and findings of a demonstration file for programs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from reald2iff.demos.inspect.statistics import FileStatistics
from reald2iff.demos.verify import FileCheck
from reald2iff.pairs.format import write_atomically


def write_json(path: Path, check: FileCheck, figures: FileStatistics | None) -> None:
    """Write ``{"broken", "findings", "statistics"}``.

    Args:
        path: Of the file to write; its folder is made.
        check: Of the demonstration file.
        figures: Of it, None if it cannot be read.
    """
    content = {
        "broken": check.is_broken,
        "findings": [dataclasses.asdict(finding) for finding in check.findings],
        "statistics": None if figures is None else dataclasses.asdict(figures),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(content, indent=1, default=_plain) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value)} has no JSON form")
