"""An episode that two calibrated cameras look at, with depth that is a plane."""

import dataclasses

import numpy as np
from make_episodes import ENV_ARGS, make_episode

from reald2iff.demos import DemoWriter, EpisodeCamera, open_demos
from reald2iff.demos.inspect import EpisodeView

SIZE = (24, 32)
DISTANCE = 1.5
FARTHEST = 1.69943
HOLE_ROWS = 6
"""At the top: a quarter of the picture."""


def two_cameras(seed=0, length=5, **changes):
    """Cameras ``front`` (colour, both depths, pose) and ``wrist`` (one depth, no pose)."""
    episode = make_episode(seed, length, images=False)
    rows, columns = SIZE
    # A plane: its inverse depth is linear in the image.
    row = 1 / np.linspace(1 / DISTANCE, 1 / FARTHEST, columns, dtype=np.float32)
    depth = np.tile(row[:, None], (length, rows, 1, 1))
    sensed = depth.copy()
    sensed[:, :HOLE_ROWS] = 0
    color = np.zeros((length, rows, columns, 3), np.uint8)
    color[..., 0] = np.arange(length, dtype=np.uint8)[:, None, None] * 40
    color[..., 1] = 120
    k = np.array([[30.0, 0, 15.5], [0, 30.0, 11.5], [0, 0, 1]])
    # Looks down from 2 m above the robot's base.
    pose = np.array([[0.0, -1, 0, 0.5], [-1, 0, 0, 0], [0, 0, -1, 2], [0, 0, 0, 1]])
    optical = "front_depth_optical_frame"
    cameras = {
        "front": EpisodeCamera(k, columns, rows, optical, ("front_depth", "front_depth_clean"), pose),
        "front_color": EpisodeCamera(k, columns, rows, "front_color_optical_frame", ("front_image",), pose),
        "wrist": EpisodeCamera(k, columns, rows, "wrist_depth_optical_frame", ("wrist_depth",)),
    }
    images = {
        "front_image": color,
        "front_depth": sensed,
        "front_depth_clean": depth,
        "wrist_depth": sensed,
    }
    return dataclasses.replace(episode, **{"obs": dict(episode.obs) | images, "cameras": cameras} | changes)


def save(path, *episodes):
    """A finished file of episodes."""
    with DemoWriter(path, ENV_ARGS) as writer:
        for episode in episodes:
            writer.save(episode)
        return writer.finish()


def view_of(path, name="demo_0"):
    """One episode; its file stays open as long as it is used."""
    return EpisodeView(open_demos(path)["data"][name], name)
