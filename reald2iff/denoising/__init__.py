"""Cleaning of real frames: a network from sensor disparity to clean disparity and its predicted error."""

from reald2iff.denoising.credibility import CredibilityLimits
from reald2iff.denoising.denoiser import CleanedFrame, Denoiser, load_denoiser

__all__ = ["CleanedFrame", "CredibilityLimits", "Denoiser", "load_denoiser"]
