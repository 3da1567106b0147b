"""Errors this project raises on bad input: each names the value it got and what was expected.

The command line prints them without a traceback and exits with status 2; nodes count them and go on.
"""


class RealD2iffError(Exception):
    """Base of every error that a user of this project can cause and mend."""


class InvalidDepthError(RealD2iffError):
    """A depth image of the wrong type, shape, unit or content."""


class InvalidIntrinsicsError(RealD2iffError):
    """Camera intrinsics that are missing, not finite or do not fit the image."""


class InvalidParameterError(RealD2iffError):
    """A parameter outside its range."""


class WeightsError(RealD2iffError):
    """Model weights that are missing or do not match the architecture."""


class DatasetError(RealD2iffError):
    """A pair or demonstration data set that is missing, broken or of another layout."""


class WorkerError(RealD2iffError):
    """Worker processes that were lost again and again on the same piece of work."""


class DependencyError(RealD2iffError):
    """An optional dependency is missing; the message holds the command that installs it."""


class SimulationError(RealD2iffError):
    """A simulation that cannot be set up or stepped as asked."""


class AlignmentError(RealD2iffError):
    """Images that do not determine where the camera stands."""


class NodeError(RealD2iffError):
    """A ROS node or graph that did not start, stop or answer as it should."""
