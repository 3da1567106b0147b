"""What each feature of a fingerprint means and how much it counts in the distance.

The noise's size and correlation lengths count most, bands at edges and holes on planes follow, single classes
and shares little. Features that say more of what stood in front of the camera than of the camera (the share
of holes in the interior, holes far from edges) are shown and count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scale = Literal["ratio", "length", "slope"]


@dataclass(frozen=True)
class Feature:
    """A feature of a fingerprint.

    Attributes:
        name: Its key in `Fingerprint.features`.
        group: Heading in tables.
        label: What it is, for people, with its unit.
        weight: In the distance; 0 = shown only.
        scale: How two values compare: ``ratio`` by ``|log((a + floor) / (b + floor))|``, ``length`` the same
            with a floor of 1 px, so that bands of 0 and 1 px are near, ``slope`` (an exponent, a logarithm
            already) by ``|a - b|``.
        floor: Values far below it count as equal.
    """

    name: str
    group: str
    label: str
    weight: float = 0.0
    scale: Scale = "ratio"
    floor: float = 1e-3


def _bands() -> list[Feature]:
    weights = {
        "left": {"4_8": 1.0, "8_16": 1.0, "16_40": 1.0},
        "right": {"4_8": 1.0, "8_16": 1.0, "16_40": 1.0},
        "top": {"4_8": 0.7, "8_16": 0.7},
        "bottom": {"4_8": 0.7, "8_16": 0.7},
    }
    without = {"left": 0.4, "right": 0.7, "top": 0.4, "bottom": 0.4}
    features = []
    for side, by_jump in weights.items():
        where = {"top": "above", "bottom": "below"}.get(side, f"{side} of") + " the foreground"
        for jump in ("2_4", "4_8", "8_16", "16_40"):
            label = f"{where}, jump {jump.replace('_', '-')} px: band, px"
            weight = by_jump.get(jump, 0.0)
            features.append(Feature(f"band_{side}_{jump}", "edges", label, weight, "length", 1.0))
        label = f"{where}: share without band"
        features.append(Feature(f"no_band_{side}", "edges", label, without[side]))
        features.append(Feature(f"ramp_{side}", "edges", f"{where}: ramp, px", 0, "length", 1.0))
    return features


def _holes() -> list[Feature]:
    features = [
        Feature("holes_interior", "holes", "share of the interior"),
        Feature("holes_everywhere", "holes", "share of the image"),
        Feature("holes_on_planes", "holes", "share on planes", 1.0, floor=1e-4),
        Feature("holes_per_megapixel", "holes", "number per megapixel", 1.0),
    ]
    areas = {"1": 0.5, "2_8": 0.5, "9_64": 0.5, "65_512": 0.0, "more": 0.0}
    for name, weight in areas.items():
        label = "larger than 512 px" if name == "more" else f"of {name.replace('_', '-')} px"
        features.append(Feature(f"holes_area_{name}", "holes", f"{label}: share of all holes", weight))
    distances = {"0_2": 0.5, "2_5": 0.5, "5_10": 0.3, "10_20": 0.0, "20_up": 0.0}
    for name, weight in distances.items():
        distance = "20 px and more" if name == "20_up" else f"{name.replace('_', '-')} px"
        features.append(Feature(f"holes_edge_{name}", "holes", f"rate at {distance} from an edge", weight))
    disparities = {"4_8": 0.0, "8_12": 0.0, "12_16": 0.4, "16_24": 0.4, "24_40": 0.4, "40_up": 0.0}
    for name, weight in disparities.items():
        disparity = "40 px and more" if name == "40_up" else f"{name.replace('_', '-')} px"
        label = f"rate far from edges at disparity {disparity}"
        features.append(Feature(f"holes_disparity_{name}", "holes", label, weight, floor=5e-4))
    return features


def _surfaces() -> list[Feature]:
    features = [
        Feature("plane_sigma", "noise on planes", "sigma, px", 2.0),
        Feature("plane_sigma_high", "noise on planes", "sigma of high frequencies, px", 1.5),
        Feature("plane_sigma_low", "noise on planes", "sigma of low frequencies, px", 1.0),
        Feature("plane_kurtosis", "noise on planes", "excess kurtosis", 0.0, "slope"),
        Feature("plane_correlation_x", "noise on planes", "autocorrelation half-width along x, px", 2.0),
        Feature("plane_correlation_y", "noise on planes", "autocorrelation half-width along y, px", 2.0),
        Feature("plane_spectrum_slope", "noise on planes", "slope of the spectrum", 1.5, "slope"),
    ]
    for name, weight in {"4_8": 0, "8_12": 0.5, "12_16": 0.5, "16_24": 0.5, "24_40": 0.5, "40_up": 0}.items():
        disparity = "40 px and more" if name == "40_up" else f"{name.replace('_', '-')} px"
        label = f"sigma at disparity {disparity}, px"
        features.append(Feature(f"plane_sigma_disparity_{name}", "noise on planes", label, weight))
    features += [
        Feature(
            f"spectrum_{band}", "noise on planes", f"power in frequency band {band} of 7, px^2", floor=1e-9
        )
        for band in range(1, 8)
    ]
    return features


FEATURES: tuple[Feature, ...] = (
    Feature("border_excess", "left border", "band minus disparity, px", 1.0, "length", 1.0),
    Feature("border_slope", "left border", "band's growth with disparity"),
    *_holes(),
    *_bands(),
    *_surfaces(),
    Feature("locking_1", "quantisation", "sub-pixel locking, 1st harmonic, px", 0.5, floor=3e-3),
    Feature("locking_2", "quantisation", "sub-pixel locking, 2nd harmonic, px", floor=3e-3),
    Feature("comb_32", "quantisation", "comb at 1/32 px"),
    Feature("comb_16", "quantisation", "comb at 1/16 px"),
    Feature("temporal_std", "over time", "standard deviation of a pixel, px"),
    Feature("temporal_share", "over time", "share of the noise on planes that changes", 0.5),
    Feature("temporal_correlation", "over time", "correlation of consecutive residuals", 1.0),
    Feature("flicker", "over time", "share of pixels that change validity", 0.7),
    Feature("hole_persistence", "over time", "share of holes that stay"),
)
"""Every feature, in the order of tables."""
