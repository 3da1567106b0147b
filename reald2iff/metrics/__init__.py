"""How like a sensor's depth generated depth is; 0 = invalid in all images, depth (m) or disparity (px)."""
