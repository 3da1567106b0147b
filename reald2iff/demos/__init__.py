"""Demonstrations: robomimic's HDF5, written crash-safe, and MCAP logs of recordings."""

from reald2iff.demos.episode import DatagenInfo, Episode, EpisodeCamera, NoiseRecord
from reald2iff.demos.episode_file import EpisodeFile
from reald2iff.demos.hdf5 import DemoWriter
from reald2iff.demos.reading import EpisodeSummary, list_episodes, open_demos, read_episode
from reald2iff.demos.verify import verify

__all__ = [
    "DatagenInfo",
    "DemoWriter",
    "Episode",
    "EpisodeCamera",
    "EpisodeFile",
    "EpisodeSummary",
    "NoiseRecord",
    "list_episodes",
    "open_demos",
    "read_episode",
    "verify",
]
