"""A ROS domain of its own for every pytest process, as tests/ros has it."""

import runpy
from pathlib import Path

# Kept: the claim on the domain lasts as long as its lock.
_CLAIM = runpy.run_path(str(Path(__file__).parents[1] / "ros" / "conftest.py"))
