"""Pictures of demonstrations that hold states: colour, clean depth and segmentation, from any camera pose."""
