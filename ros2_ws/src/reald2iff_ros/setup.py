"""Installs the ROS 2 package with colcon; pip users install the repository's pyproject.toml instead."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "reald2iff_ros"
SHARE = f"share/{PACKAGE}"


def files(pattern: str) -> list[str]:
    """Files of this folder, relative to it, as data_files wants them."""
    return sorted(str(path) for path in Path().glob(pattern))


setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["config/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (SHARE, ["package.xml"]),
        (f"{SHARE}/launch", files("launch/*.launch.py")),
        (f"{SHARE}/config", files("config/*")),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="RealD2iff-ROS maintainers",
    maintainer_email="maintainers@reald2iff.invalid",
    description="Live depth realism for ROS 2, a simulated Franka Research 3 and a demonstration recorder",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "depth_realism = reald2iff_ros.depth_realism:main",
            "demo_recorder = reald2iff_ros.demo_recorder:main",
            "mujoco_sim = reald2iff_ros.mujoco_sim:main",
        ],
    },
)
