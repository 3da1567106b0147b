"""Simulation: tasks, scripted experts and backends that pose as the robot and its camera."""

from reald2iff_sim.factory import make_expert, make_simulator, make_task

__all__ = ["make_expert", "make_simulator", "make_task"]
