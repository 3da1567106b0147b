"""JSON beside data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object, the same way every time; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=4) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty if there is no file."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}
