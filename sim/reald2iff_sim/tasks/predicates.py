"""What tasks ask of an observation."""

from __future__ import annotations

import numpy as np

from reald2iff_sim.simulator import Observation

_PRESSED = 0.5  # N by each finger
_SLOW = 0.03  # m/s
_SLOW_TURN = 0.5  # rad/s


def held(observation: Observation, name: str) -> bool:
    """Both fingers press on the object."""
    return bool(observation.finger_forces[name].min() > _PRESSED)


def released(observation: Observation, name: str, distance: float) -> bool:
    """No finger touches the object, and the end effector is ``distance`` metres from its origin or more."""
    away = observation.eef_pose[:3, 3] - observation.object_poses[name][:3, 3]
    return bool(observation.finger_forces[name].max() == 0.0 and np.linalg.norm(away) >= distance)


def at_rest(observation: Observation, name: str) -> bool:
    """The object hardly moves."""
    velocity = observation.object_velocities[name]
    return bool(np.linalg.norm(velocity[:3]) < _SLOW and np.linalg.norm(velocity[3:]) < _SLOW_TURN)


def upright(observation: Observation, name: str, tilt: float) -> bool:
    """The object's z axis is within ``tilt`` radians of the vertical."""
    return bool(observation.object_poses[name][2, 2] > np.cos(tilt))
