"""The overview of commands, and what importing the project costs."""

import subprocess
import sys

import pytest

from reald2iff.cli import find_commands, main
from reald2iff.cli.commands import COMMANDS


def test_the_overview_lists_every_command_of_every_package(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    commands = find_commands()
    assert {
        "apply",
        "bench realism",
        "bench speed",
        "pairs generate",
        "train coarse",
        "demo",
        "up sim",
    } <= set(commands)
    assert all(command.name in shown and command.help in shown for command in commands.values())


def test_every_command_of_the_library_explains_its_options(capsys):
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            main([*command.name.split(), "--help"])
        assert stopped.value.code == 0
        shown = capsys.readouterr().out
        assert f"reald2iff {command.name}" in shown
        assert "--" in shown


def test_a_group_lists_its_commands(capsys):
    assert main(["bench"]) == 2
    assert "bench realism" in capsys.readouterr().err
    assert main(["bench", "--help"]) == 0
    assert "bench speed" in capsys.readouterr().out


def test_an_unknown_command_names_those_there_are(capsys):
    assert main(["fly"]) == 2
    shown = capsys.readouterr().err
    assert "no command 'fly'" in shown and "apply" in shown


def test_importing_the_project_and_its_overview_is_light():
    code = (
        "import sys, reald2iff, reald2iff.cli; reald2iff.cli.main([]); "
        "heavy = {'torch', 'rclpy', 'mujoco', 'diffusers', 'cv2', 'matplotlib', 'numba'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
