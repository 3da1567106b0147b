"""Something that a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["unreadable", "broken", "remark"]
"""``unreadable``: there is no whole episode; ``broken``: there is, but wrong; ``remark``: may be meant."""


@dataclass(frozen=True)
class Finding:
    """Something wrong or odd in a file.

    Attributes:
        where: ``demo_k``; empty = the file itself.
        what: A sentence that names the key and the value.
        advice: What a user can do about it.
        severity: How bad it is.
    """

    where: str
    what: str
    advice: str
    severity: Severity = "broken"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what
