"""The commands of the ROS 2 package."""

from reald2iff.cli.command import Command

COMMANDS = (
    Command("demo", "reald2iff_ros.demo:demo", "record demonstrations of a task through ROS, end to end"),
    Command("up sim", "reald2iff_ros.up:up_sim", "start simulation and depth realism, without ROS installed"),
    Command("up record", "reald2iff_ros.up:up_record", "the same with the demonstration recorder"),
)
