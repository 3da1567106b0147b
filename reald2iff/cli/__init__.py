"""The `reald2iff` command: finds the commands of every installed package and runs one of them."""

from __future__ import annotations

import inspect
import itertools
import sys
import typing
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points

from reald2iff.cli.command import Command
from reald2iff.errors import RealD2iffError

ENTRY_POINT_GROUP = "reald2iff.commands"


def find_commands() -> dict[str, Command]:
    """All commands of the installed packages, by their words, e.g. ``"pairs generate"``."""
    commands = [c for point in entry_points(group=ENTRY_POINT_GROUP) for c in point.load()]
    return {c.name: c for c in sorted(commands, key=lambda c: c.name)}


def _usage(commands: dict[str, Command], prefix: str = "") -> str:
    shown = [c for c in commands.values() if c.name.startswith(prefix)]
    width = max(len(c.name) for c in shown)
    lines = [f"usage: reald2iff {prefix + ' ' if prefix else ''}COMMAND [OPTIONS]   (each has --help)", ""]
    lines += [f"  {c.name:<{width}}  {c.help}" for c in shown]
    return "\n".join(lines)


def _run(command: Command, arguments: Sequence[str]) -> int:
    import tyro

    module, _, attribute = command.target.partition(":")
    function = getattr(import_module(module), attribute)
    hints = typing.get_type_hints(function)
    config_type = next(t for name, t in hints.items() if name != "return")
    config = tyro.cli(
        config_type,
        prog=f"reald2iff {command.name}",
        description=_description(command, config_type),
        args=list(arguments),
    )
    return int(function(config) or 0)


def _description(command: Command, config_type: type) -> str:
    """The command's line, and what the docstring of its options says below the first one."""
    paragraphs = (inspect.getdoc(config_type) or "").split("\n\n")[1:]
    prose = itertools.takewhile(lambda text: not text.startswith(("Attributes:", "Raises:")), paragraphs)
    return "\n\n".join([command.help, *prose])


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the `reald2iff` script. Returns the exit status; 2 stands for an error of the user's."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = find_commands()
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage(commands))
        return 0
    if arguments[0] == "--version":
        from reald2iff import __version__

        print(__version__)
        return 0
    for words in (2, 1):
        command = commands.get(" ".join(arguments[:words]))
        if command is not None:
            try:
                return _run(command, arguments[words:])
            except RealD2iffError as error:
                print(f"reald2iff {command.name}: error: {error}", file=sys.stderr)
                return 2
            except KeyboardInterrupt:
                print("\nstopped", file=sys.stderr)
                return 130
    group = arguments[0]
    if any(name.startswith(group + " ") for name in commands):
        wants_help = len(arguments) > 1 and arguments[1] in ("-h", "--help")
        print(_usage(commands, group), file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else 2
    print(f"reald2iff: error: no command {group!r}\n{_usage(commands)}", file=sys.stderr)
    return 2
