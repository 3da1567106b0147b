"""The one interface of every depth noise model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reald2iff.geometry import PinholeIntrinsics


@dataclass(frozen=True)
class StereoViews:
    """What a renderer gives a stereo sensor model: the scene as its three optical elements see it.

    All images are planar depth in metres, ``float32``, 0 = nothing there.

    Attributes:
        left: ``(s*H, s*W)`` from the left imager, which is the depth camera itself; ``s`` is the
            supersampling factor (pixel areas align with those of the depth image).
        right: ``(s*H, s*W)`` from the right imager, one baseline along +x of the optical frame.
        projector: ``(Hp, Wp)`` from the dot projector, with ``projector_intrinsics``.
        projector_intrinsics: Pinhole of the projector's view.
        left_albedo: ``(s*H, s*W)`` in [0, 1], diffuse infrared reflectance, under transparent surfaces that
            of what is behind them; None = drawn by the sensor model.
        right_albedo: The same from the right imager.
        supersampling: ``s``.
        left_behind: ``(s*H, s*W)`` from the left imager with every transparent surface taken away: depth of
            what is seen through it, 0 = nothing behind; equal to ``left`` where the surface is opaque. None =
            nothing transparent. Given for both imagers or for neither. The dots pass through as well:
            ``projector`` shows the scene without its transparent surfaces.
        right_behind: The same from the right imager.
    """

    left: NDArray[np.float32]
    right: NDArray[np.float32]
    projector: NDArray[np.float32]
    projector_intrinsics: PinholeIntrinsics
    left_albedo: NDArray[np.float32] | None = None
    right_albedo: NDArray[np.float32] | None = None
    supersampling: int = 1
    left_behind: NDArray[np.float32] | None = None
    right_behind: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class NoiseModel(ABC):
    """Turns clean depth into depth as a sensor gives it. Sub-classes are dataclasses of their parameters."""

    name: ClassVar[str]

    @abstractmethod
    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Noisy depth.

        Args:
            depth: ``(H, W) float32`` metres along the optical axis, 0 = invalid.
            intrinsics: Of the same size.
            rng: Source of every random draw; the same state gives the same bytes.

        Returns:
            ``(H, W) float32`` metres, 0 = invalid.

        Raises:
            InvalidDepthError: for another type or shape.
        """

    def for_sequence(self, seed: int) -> NoiseModel:
        """The model for the frames of one sequence, in which what is fixed in a real stream stays.

        Args:
            seed: Of what stays: materials, a unit's own error, most of the noise. `apply` still wants a
                generator for every frame, for what changes.

        Returns:
            A model that shares whatever was loaded; itself where nothing stays in its sensor.
        """
        return self

    def describe(self) -> dict[str, Any]:
        """``name``, ``version`` and ``parameters`` as JSON values, for the record of a data set."""
        from reald2iff import __version__

        parameters = _json_values(asdict(self))
        return {"name": self.name, "version": __version__, "parameters": parameters}


def _json_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_values(item) for key, item in value.items()}
    return [_json_values(item) for item in value] if isinstance(value, tuple | list) else value
