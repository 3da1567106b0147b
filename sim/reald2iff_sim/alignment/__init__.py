"""Where a camera stands, from its depth images of the arm in known joint positions."""

from reald2iff_sim.alignment.solve import Alignment, AlignmentConfig, align_camera
from reald2iff_sim.alignment.views import ArmView

__all__ = ["Alignment", "AlignmentConfig", "ArmView", "align_camera"]
