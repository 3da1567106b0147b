"""The D435 twin: an active stereo camera from infrared light to quantised depth."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import InvalidDepthError, InvalidParameterError
from reald2iff.geometry import (
    D435_BASELINE,
    PinholeIntrinsics,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
    quantise_disparity,
    require_depth,
    sanitize_depth,
)
from reald2iff.sensors.base import NoiseModel, StereoViews
from reald2iff.sensors.checks import clean_input, require_within
from reald2iff.sensors.d435.infrared import InfraredParameters, StereoGeometry, render_infrared
from reald2iff.sensors.d435.matcher import MatcherParameters, match
from reald2iff.sensors.d435.materials import MaterialParameters
from reald2iff.sensors.d435.pattern import PatternParameters
from reald2iff.sensors.d435.postprocess import PostprocessParameters, postprocess
from reald2iff.sensors.d435.sgbm import match_sgbm
from reald2iff.sensors.d435.statistics import StatisticsParameters, add_statistics, lognormal_field
from reald2iff.sensors.d435.variation import condition
from reald2iff.sensors.d435.warp import views_from_depth
from reald2iff.sensors.setting import SensorSetting


@dataclass(frozen=True)
class Capture:
    """One exposure of the twin, with what the later stages need of the scene and of the random draws.

    Attributes:
        left: ``(H, W) uint8`` infrared image.
        right: The other imager's.
        measurable: ``(H, W) bool``, something is there, within the search range.
        static_rng: Source of what a static scene keeps, after the exposure's draws.
        frame_rng: Source of this frame's draws, after the exposure's.
    """

    left: NDArray[np.uint8]
    right: NDArray[np.uint8]
    measurable: NDArray[np.bool_]
    static_rng: np.random.Generator
    frame_rng: np.random.Generator


@dataclass(frozen=True)
class D435Twin(NoiseModel):
    """Intel RealSense D435 depth, by simulating what makes it: projected dots, two imagers, stereo matching.

    Defaults were tuned against native 640x480 frames of one camera. Parameters in pixels hold for the image
    they are used on; the dot pattern alone is fixed in angle.
    """

    name: ClassVar[str] = "d435_twin"

    baseline: float = D435_BASELINE
    """Left to right imager (m)."""
    projector_offset: float = 0.029
    """Left imager to projector (m)."""
    matcher: Literal["census", "sgbm"] = "census"
    """`census` resembles the camera; `sgbm` (OpenCV) is faster and shows bands that a D435 does not."""
    static_seed: int | None = None
    """Seed of what a static scene keeps from frame to frame: materials, light, calibration error, fixed
    noise. None draws it anew for every frame, as independent training pairs need it."""
    pattern: PatternParameters = field(default_factory=PatternParameters)
    infrared: InfraredParameters = field(default_factory=InfraredParameters)
    materials: MaterialParameters = field(default_factory=MaterialParameters)
    stereo: MatcherParameters = field(default_factory=MatcherParameters)
    post: PostprocessParameters = field(default_factory=PostprocessParameters)
    statistics: StatisticsParameters = field(default_factory=StatisticsParameters)

    def __post_init__(self) -> None:
        require_within(self, 1e-3, 1.0, "baseline")
        require_within(self, -1.0, 1.0, "projector_offset")
        if self.matcher not in ("census", "sgbm"):
            raise InvalidParameterError(f"D435Twin.matcher = {self.matcher!r}: expected 'census' or 'sgbm'")

    def render(
        self, views: StereoViews, intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The infrared images that `sense` matches when ``rng`` is in the same state.

        Args:
            views: The scene from the optical elements.
            intrinsics: Of the depth image, ``(H, W)``.
            rng: Source of every random draw.

        Returns:
            Left and right ``(H, W) uint8``.

        Raises:
            InvalidDepthError: if the views do not fit the intrinsics.
        """
        return self._render(_checked(views, intrinsics), intrinsics, *self._generators(rng))

    def sense(
        self, views: StereoViews, intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Disparity as the camera would give it for a rendered scene.

        Args:
            views: The scene from the optical elements; supersampling 2 resembles the camera's optics.
            intrinsics: Of the depth image, ``(H, W)``.
            rng: Source of every random draw.

        Returns:
            ``(H, W) float32`` px, multiples of 1/32, 0 = invalid.

        Raises:
            InvalidDepthError: if the views do not fit the intrinsics.
        """
        capture = self.expose(views, intrinsics, rng)
        return self.finish(self.match_capture(capture), capture)

    def expose(self, views: StereoViews, intrinsics: PinholeIntrinsics, rng: np.random.Generator) -> Capture:
        """First stage of `sense`: the infrared images. It reads `pattern`, `infrared` and `materials` alone.

        Raises:
            InvalidDepthError: if the views do not fit the intrinsics.
        """
        checked = _checked(views, intrinsics)
        static_rng, frame_rng = self._generators(rng)
        left, right = self._render(checked, intrinsics, static_rng, frame_rng)
        return Capture(left, right, self._measurable(checked, intrinsics), static_rng, frame_rng)

    def match_capture(self, capture: Capture) -> NDArray[np.float32]:
        """Second stage of `sense`: matched disparity ``(H, W) float32``. It reads `stereo` alone."""
        if self.matcher == "census":
            # A generator of its own, so that the field shares no draw with those of `finish`.
            fixed_rng = np.random.default_rng(copy.deepcopy(capture.static_rng).integers(2**63))
            spread, sigma = self.stereo.strictness_spread, self.stereo.strictness_sigma
            strictness = lognormal_field(capture.left.shape, spread, sigma, fixed_rng)
            return match(capture.left, capture.right, self.stereo, strictness)
        return match_sgbm(capture.left, capture.right, self.stereo.disparities)

    def finish(self, matched: NDArray[np.float32], capture: Capture) -> NDArray[np.float32]:
        """Last stage of `sense`, from matched disparity. It reads `post` and `statistics` alone."""
        static_rng, frame_rng = copy.deepcopy((capture.static_rng, capture.frame_rng))
        disparity = postprocess(matched, self.post)
        disparity = add_statistics(disparity, self.statistics, static_rng, frame_rng)
        disparity[~capture.measurable] = 0
        return np.maximum(quantise_disparity(disparity), np.float32(0))

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Depth in whole millimetres as the camera would give it, from a single clean depth image.

        What the other imager and the projector see behind foregrounds is guessed, and so are the materials;
        `sense` does better where the scene can be rendered. See `NoiseModel.apply`.
        """
        clean = clean_input(depth, intrinsics)
        views = views_from_depth(clean, intrinsics, self.baseline, self.projector_offset, supersampling=2)
        disparity = self.sense(views, intrinsics, rng)
        metres = disparity_to_depth(disparity, intrinsics.fx, self.baseline)
        return millimeters_to_meters(meters_to_millimeters(metres))

    def for_sequence(self, seed: int) -> D435Twin:
        """Materials, light, calibration error and fixed noise stay; see `NoiseModel.for_sequence`."""
        return replace(self, static_seed=seed)

    def conditioned(self, strength: float, preset: str) -> D435Twin:
        """This camera, more or less noisy and with another visual preset; ``(1, "default")`` is itself.

        Args:
            strength: How bad its noise is, 0.5 to 2: infrared noise, calibration error, disparity noise and
                confidence lost scale with it.
            preset: RealSense visual preset, see `reald2iff.sensors.setting`. Presets differ in how strict the
                confidence tests are: `high_accuracy` leaves more holes and fewer outliers, `high_density`
                the opposite.

        Raises:
            InvalidParameterError: for a strength out of range or an unknown preset.
        """
        return condition(self, SensorSetting(strength, preset))

    def _generators(self, rng: np.random.Generator) -> tuple[np.random.Generator, np.random.Generator]:
        """Sources of the static and of the per-frame draws."""
        static, frame = rng.integers(2**63, size=2)
        return np.random.default_rng(static if self.static_seed is None else self.static_seed), (
            np.random.default_rng(frame)
        )

    def _measurable(self, views: StereoViews, intrinsics: PinholeIntrinsics) -> NDArray[np.bool_]:
        """Pixels with something there, within the search range: elsewhere noise finds matches by chance."""
        s = views.supersampling
        nearest = intrinsics.fx * self.baseline / self.stereo.disparities
        deepest = views.left if views.left_behind is None else np.maximum(views.left, views.left_behind)
        block = deepest.reshape(intrinsics.height, s, intrinsics.width, s)
        return np.asarray(block.max(axis=(1, 3)) > nearest)

    def _render(
        self,
        views: StereoViews,
        intrinsics: PinholeIntrinsics,
        static_rng: np.random.Generator,
        frame_rng: np.random.Generator,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return render_infrared(
            views,
            intrinsics,
            StereoGeometry(self.baseline, self.projector_offset),
            self.infrared,
            self.pattern,
            self.materials,
            static_rng,
            frame_rng,
        )


def _checked(views: StereoViews, intrinsics: PinholeIntrinsics) -> StereoViews:
    """``views`` as contiguous float32 of the right size, everything invalid set to 0."""
    s = views.supersampling
    fine = (intrinsics.height * s, intrinsics.width * s)
    p = views.projector_intrinsics
    images: dict[str, NDArray[np.float32]] = {}
    for name, shape in (
        ("left", fine),
        ("right", fine),
        ("projector", (p.height, p.width)),
        ("left_albedo", fine),
        ("right_albedo", fine),
        ("left_behind", fine),
        ("right_behind", fine),
    ):
        image = getattr(views, name)
        if image is None and name.endswith(("albedo", "behind")):
            continue
        image = require_depth(image, f"views.{name}")
        if image.shape != shape:
            raise InvalidDepthError(f"views.{name} has shape {image.shape}: expected {shape}")
        images[name] = sanitize_depth(image)
    for what in ("albedo", "behind"):
        if (f"left_{what}" in images) != (f"right_{what}" in images):
            raise InvalidDepthError(f"views have {what} from one imager: expected both or none")
    return StereoViews(projector_intrinsics=p, supersampling=s, **images)
