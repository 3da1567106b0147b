"""Fitting the D435 twin to a camera from ordinary, unpaired frames of it."""
