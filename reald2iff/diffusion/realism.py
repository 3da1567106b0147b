"""RealD2iff as the rest of the project uses it: depth in metres in, depth in metres out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from reald2iff.diffusion.condition import CONDITION_CHANNELS, setting_values
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.representation import CHANNELS
from reald2iff.errors import InvalidDepthError, InvalidParameterError, WeightsError
from reald2iff.geometry import (
    D435_BASELINE,
    PinholeIntrinsics,
    depth_to_disparity,
    disparity_to_depth,
    meters_to_millimeters,
    millimeters_to_meters,
    require_depth,
)
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.setting import SensorSetting

if TYPE_CHECKING:
    from reald2iff.diffusion.sampling import Denoiser

DEFAULT_WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "d435"
Device = Literal["auto", "cpu", "cuda", "openvino"]
DEVICES = ("auto", "cpu", "cuda", "openvino")


@dataclass(frozen=True)
class RealismOutput:
    """A realistic depth image.

    Attributes:
        depth: ``(H, W) float32`` metres, whole millimetres, 0 = invalid.
        discrepancy: ``(H, W) float32`` in [0, 1], where the fine stage had most to mend.
    """

    depth: NDArray[np.float32]
    discrepancy: NDArray[np.float32]


@dataclass(frozen=True)
class DepthRealism(NoiseModel):
    """The two-stage diffusion model behind the interface of every noise model.

    Attributes:
        pipeline: The loaded pipeline.
        device: ``cpu`` or ``cuda`` (torch), or ``openvino``.
        coarse_steps: Network calls of the coarse stage; None = the weights' default.
        fine_steps: Of the fine stage; 0 = coarse stage only.
        baseline: Of the simulated stereo pair, metres.
        weights: Where the weights came from.
        setting: How noisy a unit, and its preset.
        static_seed: Of what stays over the frames of a sequence; None = every frame stands for itself.
    """

    name: ClassVar[str] = "reald2iff"
    pipeline: RealD2iffPipeline
    device: str = "cpu"
    coarse_steps: int | None = None
    fine_steps: int | None = None
    baseline: float = D435_BASELINE
    weights: str = ""
    setting: SensorSetting = field(default_factory=SensorSetting)
    static_seed: int | None = None
    _compiled: dict[tuple[int, int], tuple[Denoiser, Denoiser]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if (self.coarse_steps is not None and self.coarse_steps < 1) or (
            self.fine_steps is not None and self.fine_steps < 0
        ):
            raise InvalidParameterError(
                f"coarse_steps {self.coarse_steps}, fine_steps {self.fine_steps}: expected at least 1 and 0"
            )

    def __call__(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> RealismOutput:
        """Realistic depth with its discrepancy map. Arguments as for `apply`."""
        clean = require_depth(depth)
        if clean.shape != (intrinsics.height, intrinsics.width):
            raise InvalidDepthError(
                f"depth has shape {clean.shape}: expected {(intrinsics.height, intrinsics.width)} "
                "of the intrinsics"
            )
        disparity = torch.from_numpy(depth_to_disparity(clean, intrinsics.fx, self.baseline))[None, None]
        if self.device == "openvino":
            self._use_compiled(disparity)
        output = self.pipeline(
            disparity,
            self.coarse_steps,
            self.fine_steps,
            torch.Generator().manual_seed(int(rng.integers(2**63))),
            setting_values(torch.tensor([self.setting.strength]), torch.tensor([self.setting.density])),
            self.static_seed,
        )
        metres = disparity_to_depth(output.disparity[0, 0].numpy(), intrinsics.fx, self.baseline)
        # A D435 hands out whole millimetres.
        return RealismOutput(
            millimeters_to_meters(meters_to_millimeters(metres)), output.discrepancy[0, 0].numpy()
        )

    def apply(
        self, depth: NDArray[np.float32], intrinsics: PinholeIntrinsics, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        return self(depth, intrinsics, rng).depth

    def for_sequence(self, seed: int) -> DepthRealism:
        """Most of the noise stays; see `NoiseModel.for_sequence` and `SamplingDefaults.persistence`."""
        return replace(self, static_seed=seed)

    def with_steps(self, coarse_steps: int | None, fine_steps: int | None) -> DepthRealism:
        """The same loaded networks with another number of steps."""
        return replace(self, coarse_steps=coarse_steps, fine_steps=fine_steps)

    def describe(self) -> dict[str, Any]:
        """See `NoiseModel.describe`."""
        from reald2iff import __version__

        defaults = self.pipeline.sampling
        parameters = {
            "weights": self.weights,
            "device": self.device,
            "coarse_steps": defaults.coarse_steps if self.coarse_steps is None else self.coarse_steps,
            "fine_steps": defaults.fine_steps if self.fine_steps is None else self.fine_steps,
            **asdict(self.setting),
        }
        return {"name": self.name, "version": __version__, "parameters": parameters}

    def _use_compiled(self, disparity: torch.Tensor) -> None:
        from reald2iff.diffusion.openvino_runtime import compile_denoiser

        height, width = self.pipeline.padded_size(*disparity.shape[-2:])
        if (height, width) not in self._compiled:
            fine_channels = CONDITION_CHANNELS + CHANNELS + 1
            self._compiled[height, width] = (
                compile_denoiser(self.pipeline.coarse, CONDITION_CHANNELS, height, width),
                compile_denoiser(self.pipeline.fine, fine_channels, height, width),
            )
        self.pipeline.coarse_denoiser, self.pipeline.fine_denoiser = self._compiled[height, width]


def load_realism(
    weights: str | Path = "default",
    device: str = "auto",
    coarse_steps: int | None = None,
    fine_steps: int | None = None,
    setting: SensorSetting | None = None,
) -> DepthRealism:
    """Load RealD2iff.

    Args:
        weights: ``"default"`` for the weights that ship with the project, or a folder of `save_pretrained`.
        device: ``cpu``, ``cuda``, ``openvino`` (a CPU, compiled), or ``auto``: CUDA where there is one, else
            OpenVINO.
        coarse_steps: Network calls of the coarse stage; None = the weights' default.
        fine_steps: Of the fine stage; 0 stops after the coarse stage.
        setting: How noisy a unit, and its preset; None = the defaults.

    Raises:
        WeightsError: if the weights are missing, incomplete or of another network.
        InvalidParameterError: for an unknown device or number of steps.
    """
    if device not in DEVICES:
        raise InvalidParameterError(f"device {device!r}: expected one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise InvalidParameterError("device cuda: torch finds no CUDA device here; use auto, cpu or openvino")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "openvino"
    default = str(weights) in ("", "default")
    folder = DEFAULT_WEIGHTS if default else Path(weights)
    if default and not folder.is_dir():
        raise WeightsError(f"{folder}: the weights that ship with the project are missing: reinstall it")
    pipeline = RealD2iffPipeline.from_pretrained(folder)
    if device == "openvino" and not all(hasattr(m, "unet") for m in (pipeline.coarse, pipeline.fine)):
        raise WeightsError(f"{folder}: only pixel backbones run on OpenVINO; use device cpu or cuda")
    if device == "cuda":
        pipeline.to("cuda")
    return DepthRealism(
        pipeline,
        device,
        coarse_steps,
        fine_steps,
        weights="d435" if default else str(folder),
        setting=setting or SensorSetting(),
    )
