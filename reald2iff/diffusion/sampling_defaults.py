"""How trained weights are to be sampled."""

from __future__ import annotations

from dataclasses import dataclass

from reald2iff.diffusion.texture import GAIN_DISPARITIES
from reald2iff.errors import InvalidParameterError

MAX_TEXTURE_GAIN = 4.0
"""Of waves that the network hardly knows of."""

MAX_SPECKLE_RATE = 1e5
"""Small holes per million px beyond which there is little else."""

MAX_HOLE_FIELD = 10.0
"""Of a validity of 1."""

MAX_FINE_NOISE = 0.1
"""Px; three steps of the sensor's quantisation."""


@dataclass(frozen=True)
class SamplingDefaults:
    """Steps and calibration that belong to the weights.

    Attributes:
        coarse_steps: Network calls of the coarse stage.
        fine_steps: Network calls of the fine stage.
        coarse_validity_threshold: Validity below which the coarse stage's px are holes.
        fine_validity_threshold: The same for the fine stage; chosen on validation scenes so that the share
            of holes is right at the default steps.
        fine_temperature: Spread of the noise that the fine stage starts from. Few steps of a network that
            predicts x0 give too little spread; a little more noise makes up for it.
        lowpass_sigma: Gaussian radius, px, of the low-pass that the depth chip has between matching and
            quantisation, applied to the fine stage's disparity in the same place, beside holes and jumps;
            0 = none. It takes away the px-fine noise that a network leaves there and a sensor does not have.
        lowpass_tolerance: The low-pass averages only neighbours within this much disparity, px.
        persistence: Share of the variance of the noise that samples start from which stays from frame to
            frame of a sequence; chosen so that holes stay as in a real sensor's stream of a scene at rest.
            Of the fine stage that is the noise of validity alone.
        surface_persistence: The same of the fine stage's residual: most of a D435's noise on surfaces is new
            with every frame, while its holes stay.
        texture_gains: Factors on what the fine stage says its waves lack, at
            `reald2iff.diffusion.texture.GAIN_DISPARITIES`, so that the noise on planes is right.
        validity_sigma: Gaussian radius, px, over which the fine stage's validity is averaged; 0 = none.
        hole_field: Height of a smooth random field that takes validity away beside holes and jumps, so that
            holes grow; 0 = none. Validity lies between -1 and 1. It stays over a sequence as holes do.
        median_size: Side, px, of the median of the fine stage's disparity beside holes and jumps: 3 or 5;
            0 = none. See `reald2iff.diffusion.outlines`.
        largest_step: Neighbours that differ by more than this, px, become a hole; 0 = none does.
        white_noise: Standard deviation, px, of noise that is new in every pixel and frame, added to the fine
            stage's disparity before quantisation. See `reald2iff.diffusion.fine_noise`.
        lobe_noise: The same of a box's noise, of which the side lobes alone are left.
        speckle_rate: Small holes per million px beside holes and jumps that the fine stage's samples lack, at
            strength 1; they are punched at random, fewer farther away.
    """

    coarse_steps: int = 3
    fine_steps: int = 4
    coarse_validity_threshold: float = 0.0
    fine_validity_threshold: float = 0.0
    fine_temperature: float = 1.0
    lowpass_sigma: float = 0.0
    lowpass_tolerance: float = 5.0
    persistence: float = 0.0
    surface_persistence: float = 0.0
    texture_gains: tuple[float, ...] = (1.0,) * len(GAIN_DISPARITIES)
    validity_sigma: float = 0.0
    hole_field: float = 0.0
    median_size: int = 0
    largest_step: float = 0.0
    white_noise: float = 0.0
    lobe_noise: float = 0.0
    speckle_rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.lowpass_sigma <= 10 or self.lowpass_tolerance <= 0:
            raise InvalidParameterError(
                f"lowpass_sigma {self.lowpass_sigma}, lowpass_tolerance {self.lowpass_tolerance}: expected a "
                "radius of 0 to 10 px and a positive tolerance"
            )
        for name in ("white_noise", "lobe_noise"):
            if not 0 <= getattr(self, name) <= MAX_FINE_NOISE:
                raise InvalidParameterError(
                    f"{name} = {getattr(self, name)}: expected 0 to {MAX_FINE_NOISE:g} px"
                )
        if not 0 <= self.hole_field <= MAX_HOLE_FIELD:
            raise InvalidParameterError(f"hole_field = {self.hole_field}: expected 0 to {MAX_HOLE_FIELD:g}")
        if not 0 <= self.validity_sigma <= 10 or self.largest_step < 0 or self.median_size not in (0, 3, 5):
            raise InvalidParameterError(
                f"validity_sigma {self.validity_sigma}, largest_step {self.largest_step}, median_size "
                f"{self.median_size}: expected a radius of 0 to 10 px, a step of 0 px or more, and 0, 3 or 5"
            )
        for name in ("persistence", "surface_persistence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected a share in [0, 1]")
        # JSON knows lists alone.
        object.__setattr__(self, "texture_gains", tuple(self.texture_gains))
        gains = self.texture_gains
        if len(gains) != len(GAIN_DISPARITIES) or not all(0 <= gain <= MAX_TEXTURE_GAIN for gain in gains):
            raise InvalidParameterError(
                f"texture_gains = {gains}: expected {len(GAIN_DISPARITIES)} factors "
                f"of 0 to {MAX_TEXTURE_GAIN:g}"
            )
        if not 0 <= self.speckle_rate <= MAX_SPECKLE_RATE:
            raise InvalidParameterError(
                f"speckle_rate = {self.speckle_rate}: expected 0 to {MAX_SPECKLE_RATE:g} holes"
            )
