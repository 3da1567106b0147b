"""The D435 twin: dots, materials and infrared images, stereo matching, post-processing, fitted statistics."""

from reald2iff.sensors.d435.infrared import InfraredParameters
from reald2iff.sensors.d435.matcher import MatcherParameters
from reald2iff.sensors.d435.materials import MaterialParameters
from reald2iff.sensors.d435.pattern import PatternParameters
from reald2iff.sensors.d435.postprocess import PostprocessParameters
from reald2iff.sensors.d435.statistics import StatisticsParameters
from reald2iff.sensors.d435.twin import D435Twin
from reald2iff.sensors.d435.variation import randomised_twin

__all__ = [
    "D435Twin",
    "InfraredParameters",
    "MatcherParameters",
    "MaterialParameters",
    "PatternParameters",
    "PostprocessParameters",
    "StatisticsParameters",
    "randomised_twin",
]
