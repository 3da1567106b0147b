"""The simulation with depth realism and the demonstration recorder.

    ros2 launch reald2iff_ros record.launch.py
    ros2 launch reald2iff_ros record.launch.py --show-args
    ros2 launch reald2iff_ros record.launch.py out:=recordings seed:=7

Without a ROS installation: ``reald2iff up record``, which starts the same nodes with the same parameters.
"""

from launch.launch_description import LaunchDescription

from reald2iff_ros.ros_launch import describe


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    return describe("record")
