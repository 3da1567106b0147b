"""What a package says of a command, without importing it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command of the `reald2iff` program.

    Attributes:
        name: The words that call it, e.g. ``"pairs generate"`` (one or two words).
        target: ``"module:function"``; the function takes one dataclass, from which the options are made,
            and returns the exit status or None.
        help: One line for the overview.
    """

    name: str
    target: str
    help: str
