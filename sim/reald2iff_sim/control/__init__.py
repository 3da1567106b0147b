"""From actions to joint targets: the action space, the robot's limits and inverse kinematics."""
