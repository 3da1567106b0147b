"""`reald2iff up`: real nodes in processes of their own, started, watched and stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ros_harness import HANG, Harness, depth_frame, slope

from reald2iff.errors import NodeError
from reald2iff_ros.graph import SimConfig, sim_graph
from reald2iff_ros.graph_runner import GraphRunner


class Lines:
    """Collects the output of a graph."""

    def __init__(self):
        self.lines = []

    def __call__(self, name, line):
        self.lines.append(line)

    def __contains__(self, text):
        return any(text in line for line in self.lines)


@pytest.fixture
def lines():
    return Lines()


def nodes(tmp_path, *, namespace, **parameters):
    """A graph of depth realism alone."""
    file = tmp_path / "own.yaml"
    text = "".join(f"    {k}: {v}\n" for k, v in parameters.items())
    file.write_text("/**/depth_realism:\n  ros__parameters:\n" + text)
    return sim_graph(SimConfig(simulator="none", namespace=namespace, params_file=file))


def test_a_graph_comes_up_answers_and_goes_down(tmp_path, lines):
    runner = GraphRunner(nodes(tmp_path, namespace="up1", model="gaussian"), lines)
    with runner:
        runner.start()
        runner.wait_active()
        ros = Harness("/up1")
        try:
            ros.wait_connected()
            image, _ = ros.exchange(depth_frame(slope(), 100))
            assert image.encoding == "16UC1"
        finally:
            ros.close()
        runner.poll()
    runner.stop()
    assert "configuring /up1/depth_realism" in lines
    assert "/up1/depth_realism ended with status 0" in lines


def test_a_node_that_dies_is_named_with_its_last_lines(tmp_path, lines):
    with GraphRunner(nodes(tmp_path, namespace="up2", model=3), lines) as runner:
        runner.start()
        with pytest.raises(NodeError, match=r"/up2/depth_realism ended with status 2") as caught:
            runner.wait_active()
    assert "expecting type 'STRING'" in str(caught.value)


def test_a_model_that_does_not_load_is_reported(tmp_path, lines):
    graph = nodes(tmp_path, namespace="up3", model="nope")
    with GraphRunner(graph, lines) as runner:
        runner.start()
        with pytest.raises(NodeError, match="/up3/depth_realism did not configure") as caught:
            runner.wait_active()
    assert "model 'nope': expected one of reald2iff" in str(caught.value)


def test_a_node_that_ignores_signals_is_killed(tmp_path, lines):
    with GraphRunner(nodes(tmp_path, namespace="up4", model="gaussian"), lines, grace=0.3) as runner:
        runner.start()
        runner.wait_active()
        os.kill(runner.process_ids["depth_realism"], signal.SIGSTOP)
    assert "still runs" in lines
    assert "/up4/depth_realism ended by SIGKILL" in lines


@pytest.fixture
def command():
    """Starts `reald2iff up sim` with gaussian noise and waits until it runs."""
    started = []

    def start(namespace):
        options = ["--simulator", "none", "--model", "gaussian", "--namespace", namespace]
        process = subprocess.Popen(
            [sys.executable, "-m", "reald2iff.cli", "up", "sim", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        output = ""
        deadline = time.monotonic() + HANG
        while "running; Ctrl-C stops" not in output:
            assert time.monotonic() < deadline and process.poll() is None, output
            output += process.stdout.readline()
        return process, output

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_command_ends_cleanly_on_ctrl_c(command):
    process, output = command("up5")
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=HANG)
    assert process.returncode == 0, output + rest
    assert "ended with status 0" in rest
    assert re.search(r"^depth_realism \| ", output, re.MULTILINE)


def test_the_command_fails_when_a_node_is_killed_and_names_it(command):
    process, _ = command("up6")
    tasks = Path(f"/proc/{process.pid}/task")
    children = [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    os.kill(int(children[0]), signal.SIGKILL)
    rest, _ = process.communicate(timeout=HANG)
    assert process.returncode == 2
    assert "node /up6/depth_realism ended by SIGKILL" in rest
