"""package.xml and setup.py of the ament package agree with the code."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

PACKAGE = Path(__file__).parents[2] / "ros2_ws/src/reald2iff_ros"
ROS_NAME = re.compile(r"rclpy|launch(_ros)?|cv_bridge|\w+_(msgs|srvs|interfaces)")


def imported():
    modules = set()
    for path in [*PACKAGE.glob("reald2iff_ros/*.py"), *PACKAGE.glob("launch/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    return {module for module in modules if ROS_NAME.fullmatch(module)}


def test_package_xml_names_the_ros_packages_that_are_imported():
    root = ElementTree.parse(PACKAGE / "package.xml").getroot()
    assert root.get("format") == "3"
    declared = {e.text for e in root.iter("exec_depend") if ROS_NAME.fullmatch(e.text)}
    assert declared == imported()


def test_versions_and_executables_agree_with_the_python_package():
    setup = (PACKAGE / "setup.py").read_text()
    project = (PACKAGE.parents[2] / "pyproject.toml").read_text()
    version = ElementTree.parse(PACKAGE / "package.xml").getroot().findtext("version")
    assert f'version="{version}"' in setup
    assert f'version = "{version}"' in project
    for name in ("depth_realism", "mujoco_sim", "demo_recorder"):
        assert f'"{name} = reald2iff_ros.{name}:main"' in setup
        assert f'{name} = "reald2iff_ros.{name}:main"' in project


def test_the_package_is_in_the_resource_index():
    assert (PACKAGE / "resource/reald2iff_ros").is_file()
