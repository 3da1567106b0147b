"""Depth images and camera calibrations as files."""
