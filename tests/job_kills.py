"""Kills a command at random instants until it is done, and compares its result with an undisturbed run's.

Twenty kills, a few minutes: ``python tests/job_kills.py enhance``, ``generate`` or ``render``.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "demos_formats"))

ENHANCE = ("enhance", "--model", "gaussian", "--workers", "2", "--keep-clean")
GENERATE = ("demos", "generate", "--demos", "12", "--sources", "3", "--workers", "2")
RENDER = ("demos", "render", "--width", "84", "--height", "84", "--workers", "2")


def start(command, inputs, out):
    """The command, with its workers in a process group of its own."""
    words = [sys.executable, "-m", "reald2iff.cli", *command, *map(str, inputs), str(out)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, start_new_session=True, **quiet)


def run(command, inputs, out):
    process = start(command, inputs, out)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()


def parts_of(out):
    """Episodes done so far."""
    folder = out.with_name(out.name + ".parts")
    kinds = (".part", ".hdf5")
    return sum(path.suffix in kinds for path in folder.iterdir()) if folder.exists() else 0


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


def killed_and_resumed(command, inputs, folder, kills, rng):
    """Results of an undisturbed run and of one with ``kills`` kills, begun anew whenever it is done."""
    straight = folder / "undisturbed.hdf5"
    began = time.monotonic()
    process, episodes = start(command, inputs, straight), 0
    while process.poll() is None:
        episodes = max(episodes, parts_of(straight))
        time.sleep(0.01)
    assert process.returncode == 0, process.stderr.read().decode()
    whole = time.monotonic() - began
    out, met = folder / "out.hdf5", 0
    while met < kills:
        # A few episodes further than the run before, or into what follows the last one.
        goal = min(parts_of(out) + rng.randint(0, max(1, episodes // 3)), episodes)
        seconds = rng.uniform(0, whole / 2 if parts_of(out) == episodes else whole / episodes)
        if kill_at(start(command, inputs, out), out, goal, seconds):
            met += 1
            there = "there" if out.exists() else "not there"
            print(f"kill {met}: {parts_of(out)} of {episodes} parts, result {there}", flush=True)
        else:
            assert same(straight, out), "another result"
            remove(out)
    run(command, inputs, out)
    return straight, out


def same(one, other):
    """The reports beside them tell how long it took, and may differ."""
    return one.read_bytes() == other.read_bytes()


def remove(out):
    for path in out.parent.glob(f"{out.name}*"):
        path.unlink()


def subject(name, folder):
    """Command and inputs of one that can be killed."""
    if name == "enhance":
        from planar_demos import write_robomimic

        return ENHANCE, [write_robomimic(folder / "clean.hdf5", 40, 20)]
    if name == "generate":
        return GENERATE, ["pick_cube"]
    states = folder / "states.hdf5"
    run(("demos", "generate", "--demos", "6", "--sources", "3"), ["pick_cube"], states)
    return RENDER, [states]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command, inputs = subject(sys.argv[1], folder)
        straight, out = killed_and_resumed(command, inputs, folder, 20, random.Random(0))
        print("same bytes" if same(straight, out) else "DIFFERENT", out.stat().st_size)
        print(sorted(path.name for path in folder.iterdir()))
        sys.exit(not same(straight, out))
