"""Kills `reald2iff enhance` at random instants until it is done, and compares with an undisturbed run.

Twenty kills, about two minutes: ``python tests/demos_formats/enhance_kills.py``.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from planar_demos import write_robomimic


def start(source, out, *options):
    """The command, with its workers in a process group of its own."""
    command = [sys.executable, "-m", "reald2iff.cli", "enhance", str(source), str(out)]
    options = ("--model", "gaussian", "--workers", "2", "--keep-clean", *options)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen([*command, *options], start_new_session=True, **quiet)


def run(source, out):
    process = start(source, out)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()


def parts_of(out):
    folder = out.with_name(out.name + ".parts")
    return len(list(folder.glob("*.part"))) if folder.exists() else 0


def kill_at(process, out, parts, seconds):
    """Kill the command with its workers, as a power cut does; returns whether it was running.

    That is ``seconds`` after it has ``parts`` parts: how long it takes to begin depends on the machine.
    """
    while process.poll() is None and parts_of(out) < parts:
        time.sleep(0.002)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def killed_and_resumed(folder, kills, rng, episodes=40, length=20):
    """Bytes of an undisturbed run and of one with ``kills`` kills, which starts anew whenever it is done."""
    source = write_robomimic(folder / "clean.hdf5", episodes, length)
    began = time.monotonic()
    run(source, folder / "undisturbed.hdf5")
    whole = time.monotonic() - began
    out, met = folder / "out.hdf5", 0
    while met < kills:
        # A few episodes further than the run before, or into what follows the last one.
        goal = min(parts_of(out) + rng.randint(0, episodes // 3), episodes)
        seconds = rng.uniform(0, whole if parts_of(out) == episodes else 0.1)
        if kill_at(start(source, out), out, goal, seconds):
            met += 1
            print(
                f"kill {met}: {parts_of(out)} parts, result {'there' if out.exists() else 'not there'}",
                flush=True,
            )
        else:
            assert out.read_bytes() == (folder / "undisturbed.hdf5").read_bytes()
            out.unlink()
    run(source, out)
    return (folder / "undisturbed.hdf5").read_bytes(), out.read_bytes()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        undisturbed, resumed = killed_and_resumed(folder, 20, random.Random(0))
        left = sorted(path.name for path in folder.iterdir())
        print("same bytes" if undisturbed == resumed else "DIFFERENT", len(resumed), left)
        sys.exit(undisturbed != resumed)
