"""One number for how far two fingerprints lie apart: the weighted mean difference of their features."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reald2iff.errors import DatasetError
from reald2iff.metrics.fingerprint.catalogue import FEATURES, Feature
from reald2iff.metrics.fingerprint.features import Fingerprint

MAX_DIFFERENCE = 1.5
"""No feature counts as further apart than this (a ratio of 4.5), so that one cannot decide everything."""


def feature_difference(feature: Feature, a: float, b: float) -> float:
    """Difference of two values of a feature (see `Feature.scale`), at most `MAX_DIFFERENCE`."""
    if feature.scale == "slope":
        difference = abs(a - b)
    else:
        difference = abs(math.log((max(a, 0.0) + feature.floor) / (max(b, 0.0) + feature.floor)))
    return min(difference, MAX_DIFFERENCE)


def distance_shares(a: Fingerprint, b: Fingerprint) -> Mapping[str, float]:
    """What each feature that both sides have and that has a weight adds to the distance; their sum is it.

    Raises:
        DatasetError: if they have no such feature in common.
    """
    common = [f for f in FEATURES if f.weight > 0 and f.name in a and f.name in b]
    if not common:
        raise DatasetError(
            f"fingerprints of {a.frames} and {b.frames} frames have no feature in common: "
            "expected frames with planes, edges or holes"
        )
    total = sum(feature.weight for feature in common)
    return {
        f.name: f.weight * feature_difference(f, a[f.name].median, b[f.name].median) / total for f in common
    }


def fingerprint_distance(a: Fingerprint, b: Fingerprint) -> float:
    """Weighted mean ``|log ratio|`` of the features that both have; 0 = alike, at most `MAX_DIFFERENCE`.

    Weights are those of `reald2iff.metrics.fingerprint.catalogue.FEATURES`. Read it beside the noise floor,
    the distance between the halves of one source: no model of the sensor can be expected to come nearer.

    Raises:
        DatasetError: if they have no weighted feature in common.
    """
    return sum(distance_shares(a, b).values())
