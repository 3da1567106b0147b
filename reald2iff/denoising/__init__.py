"""Cleaning of real frames: a network from sensor disparity to clean disparity."""
