"""What a search has tried, on disk, so that it can be stopped at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from reald2iff.errors import DatasetError

Shares = Mapping[str, float]
"""What each feature adds to the distance, with the sign of the difference."""


class SearchLog:
    """Every point tried, one JSON line each: a stopped search that is started again reads instead of trying.

    Args:
        path: Of the file; made with the first point.
        objective: Names what was minimised; points of another objective are of no use.

    Raises:
        DatasetError: if the file is of another objective or cannot be read.
    """

    def __init__(self, path: Path, objective: str) -> None:
        self._path = path
        self._objective = objective
        self._known: dict[tuple[tuple[str, float], ...], Shares] = {}
        if path.exists():
            self._load()

    def __len__(self) -> int:
        return len(self._known)

    def shares(self, values: Mapping[str, float]) -> Shares | None:
        """What was measured at these values; None = not tried yet."""
        return self._known.get(tuple(sorted(values.items())))

    def add(self, values: Mapping[str, float], shares: Shares) -> None:
        """Keep a measurement, on disk too."""
        new = not self._path.exists()
        self._known[tuple(sorted(values.items()))] = shares
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            if new:
                file.write(json.dumps({"objective": self._objective}) + "\n")
            file.write(json.dumps({"values": dict(values), "shares": dict(shares)}) + "\n")

    def _load(self) -> None:
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        try:
            header, *points = [json.loads(line) for line in whole] or [{}]
            found = header.get("objective")
            entries = [
                (point["values"], {name: float(v) for name, v in point["shares"].items()}) for point in points
            ]
            self._known = {tuple(sorted(values.items())): shares for values, shares in entries}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{self._path}: not the log of a search ({error}): delete it") from error
        if found != self._objective:
            raise DatasetError(
                f"{self._path} is the log of a search with other frames, options or another version: "
                "delete it to begin anew, or choose another --out"
            )
        if len(whole) < len(lines):
            # The run was killed in the middle of a line.
            self._path.write_text("".join(whole), encoding="utf-8")
