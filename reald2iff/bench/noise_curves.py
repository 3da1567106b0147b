"""Curves of the report that a fingerprint holds: noise by disparity, by frequency, holes by edge distance."""

from __future__ import annotations

import math

from reald2iff.metrics.fingerprint import Fingerprint

_DISPARITIES = ("4_8", "8_12", "12_16", "16_24", "24_40", "40_up")
_DISTANCES = ("0_2", "2_5", "5_10", "10_20", "20_up")
_BANDS = range(1, 8)

Curve = dict[str, float | None]
"""Value by class, in order; None where the frames did not show the class often enough."""


def noise_curves(found: Fingerprint) -> dict[str, Curve]:
    """Columns of a row: ``sigma_by_disparity`` (px), ``plane_spectrum_db`` (over 7 bands of frequency, low to
    high) and ``holes_by_edge_distance`` (share), as raw frames show them without a clean side."""
    power = {str(band): _value(found, f"spectrum_{band}") for band in _BANDS}
    return {
        "sigma_by_disparity": {
            _label(name): _value(found, f"plane_sigma_disparity_{name}") for name in _DISPARITIES
        },
        "plane_spectrum_db": {
            band: 10 * math.log10(value) if value else None for band, value in power.items()
        },
        "holes_by_edge_distance": {_label(name): _value(found, f"holes_edge_{name}") for name in _DISTANCES},
    }


def _label(name: str) -> str:
    return name.replace("_up", "+").replace("_", "-")


def _value(found: Fingerprint, name: str) -> float | None:
    return found[name].median if name in found else None
