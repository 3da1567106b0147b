"""What the robot has to do, free of any simulator: objects, their start, success and sub-tasks."""
