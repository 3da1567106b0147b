"""Simulated depth as a real Intel RealSense D435 would have measured it.

Importing this package pulls in neither ROS, nor a simulator, nor torch.
"""

__version__ = "0.1.0"
