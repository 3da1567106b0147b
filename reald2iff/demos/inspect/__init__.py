"""Look into demonstration files: statistics, plots, contact sheets, Rerun recordings."""

from reald2iff.demos.inspect.content import CameraView, EpisodeView, iterate_episodes
from reald2iff.demos.inspect.statistics import EpisodeStatistics, FileStatistics, file_statistics

__all__ = [
    "CameraView",
    "EpisodeStatistics",
    "EpisodeView",
    "FileStatistics",
    "file_statistics",
    "iterate_episodes",
]
