"""Noise fingerprint of a depth camera: statistics of raw frames in disparity, without ground truth."""

from reald2iff.metrics.fingerprint.comb import comb_scale
from reald2iff.metrics.fingerprint.distance import distance_shares, fingerprint_distance
from reald2iff.metrics.fingerprint.extract import (
    PARTS,
    fingerprint,
    fingerprint_recording,
    registration_scale,
)
from reald2iff.metrics.fingerprint.features import Fingerprint, Statistic

__all__ = [
    "PARTS",
    "Fingerprint",
    "Statistic",
    "comb_scale",
    "distance_shares",
    "fingerprint",
    "fingerprint_distance",
    "fingerprint_recording",
    "registration_scale",
]
