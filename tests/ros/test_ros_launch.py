"""The launch files. Without launch and launch_ros, which have no wheels, only their text is tested."""

import ast
import importlib.util
from dataclasses import fields
from pathlib import Path

import pytest

from reald2iff_ros.graph import GRAPHS

LAUNCH = Path(__file__).parents[2] / "launch"


def installed():
    # The repository's own launch folder looks like a package of that name.
    try:
        return importlib.util.find_spec("launch_ros.actions") is not None
    except ModuleNotFoundError:
        return False


needs_launch = pytest.mark.skipif(not installed(), reason="launch and launch_ros come with a ROS install")


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_launch_file_describes_its_graph(graph):
    tree = ast.parse((LAUNCH / f"{graph}.launch.py").read_text())
    (function,) = (n for n in tree.body if isinstance(n, ast.FunctionDef))
    assert function.name == "generate_launch_description"
    (statement,) = function.body[1:]
    assert ast.unparse(statement) == f"return describe('{graph}')"


def describe(graph):
    spec = importlib.util.spec_from_file_location("launch_file", LAUNCH / f"{graph}.launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description()


@pytest.mark.ros_install
@needs_launch
@pytest.mark.parametrize("graph", GRAPHS)
def test_it_declares_every_argument_with_its_default(graph):
    from launch.utilities import perform_substitutions

    from launch import LaunchContext
    from reald2iff_ros.graph import argument_descriptions, argument_text

    context = LaunchContext()
    declared = {
        a.name: (perform_substitutions(context, a.default_value), a.description)
        for a in describe(graph).get_launch_arguments()
    }
    config = GRAPHS[graph].config
    descriptions = argument_descriptions(config)
    assert declared == {f.name: (argument_text(f.default), descriptions[f.name]) for f in fields(config)}


@pytest.mark.ros_install
@needs_launch
@pytest.mark.parametrize("graph", GRAPHS)
def test_it_starts_the_nodes_of_the_graph(graph):
    from launch.actions import OpaqueFunction, RegisterEventHandler
    from launch_ros.actions import LifecycleNode

    from launch import LaunchContext

    context = LaunchContext()
    arguments = {"namespace": "r1", "seed": "7"}
    description = describe(graph)
    context.launch_configurations.update(arguments)
    entities = []
    for entity in description.entities:
        result = entity.visit(context)
        if isinstance(entity, OpaqueFunction):
            entities = result
    nodes = [e for e in entities if isinstance(e, LifecycleNode)]
    config = GRAPHS[graph].config
    expected = GRAPHS[graph].nodes(config(namespace="r1", seed=7))
    assert [node.node_package for node in nodes] == ["reald2iff_ros"] * len(expected)
    assert [node.node_executable for node in nodes] == [spec.name for spec in expected]
    handlers = [e for e in entities if isinstance(e, RegisterEventHandler)]
    # Configure the first; then activate each, and configure the next.
    assert len(handlers) == 2 * len(nodes)
