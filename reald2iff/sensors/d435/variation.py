"""Other cameras around a fitted one: noisier or cleaner, another preset, another unit in other light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.setting import SensorSetting

if TYPE_CHECKING:
    from reald2iff.sensors.d435.twin import D435Twin


@dataclass(frozen=True)
class _Strictness:
    """Factors on the confidence tests of the default preset.

    Attributes:
        margin: Of the second peak's margin and the curvature.
        cost: Of the highest cost.
        support: Of the share of the neighbourhood that must agree.
    """

    margin: float
    cost: float
    support: float


_STRICTNESS = {
    "high_accuracy": _Strictness(margin=2.0, cost=0.85, support=1.4),
    "default": _Strictness(margin=1.0, cost=1.0, support=1.0),
    "high_density": _Strictness(margin=0.35, cost=1.3, support=0.7),
}
"""Chosen to order the presets as the camera's are ordered; no frames of the other presets were at hand."""

_LOSS_EXPONENT = 0.5
"""Confidence tests tighten with the square root of the strength: noisier images fail them more already."""


_PATTERNS = 8
"""Patterns that units are drawn from: drawing one takes longer than shading a frame, so that few are kept."""


def condition(twin: D435Twin, setting: SensorSetting) -> D435Twin:
    """The camera with its noise scaled and its preset set; the default setting leaves it as it is."""
    strength = setting.strength
    strict = _STRICTNESS[setting.preset]
    margin = strict.margin * strength**_LOSS_EXPONENT
    infrared, stereo, post, statistics = twin.infrared, twin.stereo, twin.post, twin.statistics
    return replace(
        twin,
        infrared=replace(
            infrared,
            read_noise=min(infrared.read_noise * strength, 50.0),
            shot_noise=min(infrared.shot_noise * strength**2, 1.0),
            vertical_misalignment=min(infrared.vertical_misalignment * strength, 5.0),
        ),
        stereo=replace(
            stereo,
            second_peak_margin=stereo.second_peak_margin * margin,
            min_curvature=stereo.min_curvature * margin,
            max_cost=min(stereo.max_cost * strict.cost, 48.0),
        ),
        post=replace(post, support_share=min(post.support_share * strict.support, 1.0)),
        statistics=replace(
            statistics,
            noise_std=statistics.noise_std * strength,
            grain_std=statistics.grain_std * strength,
            speckle_rate=statistics.speckle_rate * strength * strict.margin,
        ),
    )


def randomised_twin(base: D435Twin, rng: np.random.Generator, spread: float = 1.0) -> D435Twin:
    """Another camera of the same make, in other light.

    Exposure, laser power, optics, dot pattern, calibration error, disparity noise, border and confidence
    margins are drawn around those of ``base``. How far real units differ is unknown: the ranges are guesses.

    Args:
        base: The fitted camera.
        rng: Source of the draws.
        spread: Scale of the ranges; 0 = ``base`` itself.

    Raises:
        InvalidParameterError: for a spread outside [0, 2].
    """
    if not 0 <= spread <= 2:
        raise InvalidParameterError(f"spread = {spread}: expected 0 to 2")
    if spread == 0:
        return base

    def around(value: float, octaves: float, low: float = 0.0, high: float = float("inf")) -> float:
        """``value`` up to ``octaves * spread`` octaves higher or lower, kept within its range."""
        return float(np.clip(value * 2 ** (octaves * spread * rng.uniform(-1, 1)), low, high))

    infrared, stereo, statistics = base.infrared, base.stereo, base.statistics
    return replace(
        base,
        pattern=replace(base.pattern, seed=int(rng.integers(_PATTERNS))),
        infrared=replace(
            infrared,
            mean_grey=around(infrared.mean_grey, 0.5, 20.0, 140.0),
            dot_gain=around(infrared.dot_gain, 1.0, high=1000.0),
            point_spread=around(infrared.point_spread, 0.35, 0.05, 5.0),
            read_noise=around(infrared.read_noise, 0.5, high=50.0),
            shot_noise=around(infrared.shot_noise, 0.5, high=1.0),
            gain_mismatch=around(infrared.gain_mismatch, 0.7, high=1.0),
            vertical_misalignment=around(infrared.vertical_misalignment, 1.0, high=5.0),
        ),
        stereo=replace(
            stereo,
            second_peak_margin=around(stereo.second_peak_margin, 0.4, high=48.0),
            min_curvature=around(stereo.min_curvature, 0.4, high=48.0),
            max_cost=around(stereo.max_cost, 0.1, high=48.0),
            strictness_spread=around(stereo.strictness_spread, 0.6, high=3.0),
        ),
        statistics=replace(
            statistics,
            noise_std=around(statistics.noise_std, 0.4, high=10.0),
            grain_std=around(statistics.grain_std, 0.4, high=10.0),
            noise_sigma_x=around(statistics.noise_sigma_x, 0.2, 0.3, 100.0),
            noise_sigma_y=around(statistics.noise_sigma_y, 0.2, 0.3, 100.0),
            speckle_rate=around(statistics.speckle_rate, 1.0, high=1e5),
            border_margin=around(statistics.border_margin, 0.2, high=100.0),
            border_static_std=around(statistics.border_static_std, 0.4, high=100.0),
            border_frame_std=around(statistics.border_frame_std, 0.4, high=100.0),
        ),
    )
