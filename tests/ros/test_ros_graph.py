"""One description of the graphs: their order, files, remappings and arguments."""

from pathlib import Path

import pytest
import rclpy
import yaml
from rclpy.context import Context

from reald2iff.errors import InvalidParameterError, NodeError
from reald2iff_ros.graph import (
    GRAPHS,
    RecordConfig,
    SimConfig,
    argument_descriptions,
    argument_text,
    config_from_strings,
    record_graph,
    sim_graph,
)
from reald2iff_ros.graph_process import command_line
from reald2iff_ros.share import CONFIG, parameter_file

ROOT = Path(__file__).parents[2]
QOS = "qos_overrides.{}/sim/camera/depth/image_rect_raw.subscription.reliability"


def names(nodes):
    return [node.name for node in nodes]


def by_name(nodes):
    return {node.name: node for node in nodes}


def test_listeners_come_before_the_simulation():
    assert names(sim_graph(SimConfig())) == ["depth_realism", "mujoco_sim"]
    assert names(record_graph(RecordConfig())) == ["demo_recorder", "depth_realism", "mujoco_sim"]


def test_isaac_replaces_the_simulation_and_remaps_topics():
    nodes = by_name(record_graph(RecordConfig(isaac=True)))
    assert list(nodes) == ["demo_recorder", "depth_realism"]
    assert nodes["depth_realism"].remappings["sim/camera/depth/image_rect_raw"] == "/depth"
    assert nodes["demo_recorder"].remappings["camera/camera/color/image_raw"] == "/rgb"


def test_the_task_is_that_of_the_simulation_and_of_the_recorder():
    nodes = by_name(record_graph(RecordConfig(task="stack_cube")))
    assert nodes["mujoco_sim"].parameters["task"] == "stack_cube"
    recorder = nodes["demo_recorder"].parameters
    assert (recorder["env_name"], recorder["objects"]) == ("stack_cube", "red_cube,green_cube")
    assert "task" not in by_name(sim_graph(SimConfig()))["mujoco_sim"].parameters
    with pytest.raises(InvalidParameterError, match="pick_cube"):
        SimConfig(task="juggle")


def test_the_simulation_does_not_take_its_own_clock():
    nodes = by_name(sim_graph(SimConfig()))
    assert nodes["depth_realism"].parameters["use_sim_time"] is True
    assert nodes["mujoco_sim"].parameters["use_sim_time"] is False


def test_lockstep_makes_the_input_of_depth_realism_reliable_in_its_namespace():
    for namespace, prefix in (("", ""), ("robot1", "/robot1"), ("/robot1", "/robot1")):
        nodes = by_name(sim_graph(SimConfig(namespace=namespace, lockstep=True)))
        assert nodes["depth_realism"].parameters[QOS.format(prefix)] == "reliable"
        assert nodes["mujoco_sim"].parameters["lockstep"] is True
    assert not any("qos" in name for name in by_name(sim_graph(SimConfig()))["depth_realism"].parameters)


def test_single_arguments_reach_their_nodes():
    nodes = by_name(record_graph(RecordConfig(seed=7, model="gaussian", out=Path("there"))))
    assert nodes["mujoco_sim"].parameters["seed"] == nodes["depth_realism"].parameters["seed"] == 7
    assert nodes["depth_realism"].parameters["model"] == "gaussian"
    assert nodes["demo_recorder"].parameters["out"] == "there"


def test_the_users_file_comes_after_the_packages(tmp_path):
    own = tmp_path / "own.yaml"
    own.touch()
    node = sim_graph(SimConfig(params_file=own))[0]
    assert node.params_files == (parameter_file("sim"), own)


@pytest.mark.parametrize("namespace", ["a b", "1st", "a//b", "a/", "ä"])
def test_a_bad_namespace_is_refused(namespace):
    with pytest.raises(InvalidParameterError, match="expected"):
        SimConfig(namespace=namespace)


def test_a_missing_parameter_file_is_refused():
    with pytest.raises(InvalidParameterError, match="no such file"):
        SimConfig(params_file=Path("/no/such/file.yaml"))
    with pytest.raises(NodeError, match="record, sim"):
        parameter_file("nope")


def test_the_command_line_holds_everything_of_a_node():
    node = sim_graph(SimConfig(namespace="r", isaac=True, seed=7))[0]
    command = " ".join(command_line(node, "warn"))
    assert " -m reald2iff_ros.depth_realism --ros-args " in command
    for part in ("-r __ns:=/r", "-p seed:=7", "-p use_sim_time:=true", "--log-level warn"):
        assert f" {part}" in command
    assert f" --params-file {parameter_file('sim')} " in command
    assert " -r sim/camera/depth/image_rect_raw:=/depth " in command


@pytest.mark.parametrize("name", GRAPHS)
def test_every_argument_is_described_and_survives_as_text(name):
    config = GRAPHS[name].config
    descriptions = argument_descriptions(config)
    assert all(text.endswith(".") for text in descriptions.values()), descriptions
    default = config()
    texts = {field: argument_text(getattr(default, field)) for field in descriptions}
    assert config_from_strings(config, texts) == default


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("isaac", "maybe", "true, false"), ("seed", "x", "int"), ("simulator", "gazebo", "mujoco, none")],
)
def test_a_bad_launch_argument_is_named(name, text, words):
    with pytest.raises(InvalidParameterError, match=words):
        config_from_strings(SimConfig, {name: text})


@pytest.mark.parametrize(
    ("file", "module", "node_class", "different"),
    [
        ("sim", "depth_realism", "DepthRealism", set()),
        ("sim", "mujoco_sim", "MujocoSim", set()),
        ("record", "demo_recorder", "DemoRecorder", {"auto"}),
    ],
)
def test_parameter_files_hold_every_parameter_with_its_default(file, module, node_class, different):
    node_type = getattr(pytest.importorskip(f"reald2iff_ros.{module}"), node_class)
    context = Context()
    rclpy.init(args=[], context=context)
    try:
        node = node_type(context=context)
        declared = {
            name: node.get_parameter(name).value
            for name in node.list_parameters([], 0).names
            if name not in ("use_sim_time", "start_type_description_service")
            and not name.startswith("qos_overrides")
        }
        node.destroy_node()
    finally:
        context.try_shutdown()
    content = yaml.safe_load((CONFIG / f"{file}.yaml").read_text())
    written = content[f"/**/{module}"]["ros__parameters"]
    assert written.keys() == declared.keys()
    assert {k for k in declared if declared[k] != written[k]} == different


def test_the_ament_package_installs_launch_files_and_parameter_files():
    package = ROOT / "ros2_ws/src/reald2iff_ros"
    assert {p.name for p in package.glob("launch/*")} >= {"sim.launch.py", "record.launch.py"}
    assert {p.name for p in package.glob("config/*")} >= {"sim.yaml", "record.yaml"}
