"""Limits of the Franka Research 3 and its hand, joints 1 to 7 (datasheet; the URDF's positions are wider)."""

from __future__ import annotations

import numpy as np

JOINT_LOWER = np.array([-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159])
"""rad"""

JOINT_UPPER = np.array([2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159])
"""rad"""

JOINT_VELOCITY = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
"""rad/s"""

HOME_JOINTS = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
"""libfranka's ready pose, rad: fingers point down and open along y."""

GRIPPER_WIDTH = 0.08
"""Widest opening, metres."""

GRIPPER_SPEED = 0.1
"""Fastest change of the opening, m/s (50 mm/s a finger)."""
