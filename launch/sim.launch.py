"""The simulation with depth realism.

    ros2 launch reald2iff_ros sim.launch.py
    ros2 launch reald2iff_ros sim.launch.py --show-args
    ros2 launch reald2iff_ros sim.launch.py isaac:=true model:=d435_twin params_file:=my.yaml

Without a ROS installation: ``reald2iff up sim``, which starts the same nodes with the same parameters.
"""

from launch.launch_description import LaunchDescription

from reald2iff_ros.ros_launch import describe


def generate_launch_description() -> LaunchDescription:
    """Called by `ros2 launch`."""
    return describe("sim")
