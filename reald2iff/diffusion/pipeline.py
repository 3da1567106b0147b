"""The two stages as one diffusers pipeline: clean disparity in, sensor disparity out."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.utils import BaseOutput

from reald2iff.diffusion.backbone import Backbone
from reald2iff.diffusion.condition import condition_features
from reald2iff.diffusion.discrepancy import DiscrepancyGuidance
from reald2iff.diffusion.fine_noise import fine_noise
from reald2iff.diffusion.noise import NoiseSource
from reald2iff.diffusion.outlines import FIELD_CELL, break_steps, settle, validity_taken
from reald2iff.diffusion.representation import CHANNELS, Representation
from reald2iff.diffusion.sampling import Denoiser, sample_stage
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.diffusion.speckle import punch_small_holes
from reald2iff.diffusion.texture import blurred, gain_at, missing_texture
from reald2iff.diffusion.weights import load_backbone, read_config
from reald2iff.errors import InvalidParameterError, WeightsError
from reald2iff.sensors.d435.postprocess import lowpass_within
from reald2iff.sensors.d435.statistics import nearness_to_breaks

_ROUGH_REACH = 8.0
"""Distance (px) from where depth breaks off up to which samples are low-passed in full: there a network
leaves noise px by px that a sensor does not have; on surfaces it does not."""


@dataclass
class RealD2iffOutput(BaseOutput):
    """What the pipeline returns, all ``(B, 1, H, W) float32``.

    Attributes:
        disparity: Sensor disparity, px, multiples of 1/32, 0 = invalid.
        coarse_disparity: The same from the coarse stage alone.
        discrepancy: Normalised discrepancy map in [0, 1].
    """

    disparity: torch.Tensor
    coarse_disparity: torch.Tensor
    discrepancy: torch.Tensor


@dataclass(frozen=True)
class StageSamples:
    """What the stages generate, as `Representation.encode` lays it out, on the CPU.

    Attributes:
        coarse: ``(B, 2, H, W)`` companded residual and validity.
        fine: The same from the fine stage, or None without it.
        discrepancy: ``(B, 1, H, W)`` normalised discrepancy map.
        missing: ``(B, 1, H, W)`` texture that ``fine`` lacks, see `missing_texture`; None = nothing.
    """

    coarse: torch.Tensor
    fine: torch.Tensor | None
    discrepancy: torch.Tensor
    missing: torch.Tensor | None = None


class RealD2iffPipeline(DiffusionPipeline):
    """RealD2iff (arXiv 2511.22505), in disparity and with holes generated.

    Args:
        coarse: Backbone of the coarse stage, with a deviation head.
        fine: Backbone of the fine stage.
        scheduler: Flow-matching Euler scheduler; both stages use it.
        representation: Fields of `Representation`.
        discrepancy: Fields of `DiscrepancyGuidance`.
        sampling: Fields of `SamplingDefaults`.
    """

    model_cpu_offload_seq = "coarse->fine"

    def __init__(
        self,
        coarse: Backbone,
        fine: Backbone,
        scheduler: FlowMatchEulerDiscreteScheduler,
        representation: dict[str, Any] | None = None,
        discrepancy: dict[str, Any] | None = None,
        sampling: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(coarse=coarse, fine=fine, scheduler=scheduler)
        self.representation = Representation(**(representation or {}))
        self.guidance = DiscrepancyGuidance(**(discrepancy or {}))
        self.sampling = SamplingDefaults(**(sampling or {}))
        self.register_to_config(
            representation=asdict(self.representation),
            discrepancy=asdict(self.guidance),
            sampling=asdict(self.sampling),
        )
        self.coarse_denoiser: Denoiser = coarse
        self.fine_denoiser: Denoiser = fine

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: Any) -> RealD2iffPipeline:
        """Load what `save_pretrained` wrote: a local folder, safetensors only, every key accounted for.

        Raises:
            WeightsError: if a part is missing or does not fit.
        """
        path = Path(folder)
        if not path.is_dir():
            raise WeightsError(f"{path}: no such folder; expected one written by save_pretrained")
        index = read_config(path, "model_index.json")
        scheduler = FlowMatchEulerDiscreteScheduler.from_config(
            read_config(path / "scheduler", "scheduler_config.json")
        )
        settings = {key: index.get(key) for key in ("representation", "discrepancy", "sampling")}
        try:
            return cls(load_backbone(path / "coarse"), load_backbone(path / "fine"), scheduler, **settings)
        except TypeError as error:
            raise WeightsError(f"{path}/model_index.json: {error}") from error

    def set_sampling(self, sampling: SamplingDefaults, shift: float | None = None) -> None:
        """Change what belongs to the weights; ``shift`` is where the scheduler places its steps."""
        self.sampling = sampling
        self.register_to_config(sampling=asdict(sampling))
        if shift is not None:
            moved = FlowMatchEulerDiscreteScheduler.from_config(self.scheduler.config, shift=shift)
            self.register_modules(scheduler=moved)

    @property
    def multiple(self) -> int:
        """Images are padded to a multiple of this many px."""
        return math.lcm(self.coarse.multiple, self.fine.multiple)

    def padded_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns the networks see for an image size."""
        # At least two cells at the networks' deepest level: their normalisation needs more than one value.
        cell = self.multiple
        return max(-(-height // cell), 2) * cell, max(-(-width // cell), 2) * cell

    @torch.no_grad()
    def __call__(
        self,
        disparity: torch.Tensor,
        coarse_steps: int | None = None,
        fine_steps: int | None = None,
        generator: torch.Generator | None = None,
        setting: torch.Tensor | None = None,
        static_seed: int | None = None,
    ) -> RealD2iffOutput:
        """Generate sensor disparity.

        Args:
            disparity: ``(B, 1, H, W)`` clean disparity, px, 0 = invalid.
            coarse_steps: Network calls of the coarse stage, at least 1; None = the weights' default.
            fine_steps: Of the fine stage; 0 stops after the coarse stage.
            generator: Source of the noise, on the CPU; the same state gives the same result.
            setting: ``(B, 2)`` of `reald2iff.diffusion.condition.setting_values`; None = the defaults.
            static_seed: Of the noise that stays over the frames of a sequence, as much of it as
                `SamplingDefaults.persistence` says; None = every frame stands for itself.

        Raises:
            InvalidParameterError: for a wrong shape or number of steps.
        """
        samples = self.sample(disparity, coarse_steps, fine_steps, generator, setting, static_seed)
        clean = disparity.to(torch.float32)
        coarse = self.representation.decode(clean, samples.coarse, self.sampling.coarse_validity_threshold)
        if samples.fine is None:
            return RealD2iffOutput(coarse, coarse, samples.discrepancy)
        fine = self.decode_fine(clean, samples.fine, samples.missing, generator or torch.default_generator)
        if self.sampling.speckle_rate:
            strength = np.ones(len(fine)) if setting is None else np.exp2(setting[:, 0].numpy())
            punch_small_holes(fine, self.sampling.speckle_rate * strength, generator, static_seed)
        return RealD2iffOutput(fine, coarse, samples.discrepancy)

    def decode_fine(
        self,
        clean: torch.Tensor,
        sample: torch.Tensor,
        missing: torch.Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """Sensor disparity ``(B, 1, H, W)`` of the fine stage's sample, as `SamplingDefaults` says.

        With the texture ``missing``, times its gains, and the fine noise that ``generator`` draws; None
        leaves it out.
        """
        settings = self.sampling
        if missing is not None:
            sample = self.representation.add(sample, gain_at(settings.texture_gains, clean) * missing)
        if settings.validity_sigma:
            validity = blurred(sample[:, 1:], settings.validity_sigma, settings.validity_sigma)
            sample = torch.cat([sample[:, :1], validity], dim=1)
        disparity = self.representation.disparity(clean, sample, settings.fine_validity_threshold)
        # A view of the same memory.
        images = disparity[:, 0].numpy()
        if settings.median_size:
            everywhere = (clean + self.representation.expand(sample[:, :1]))[:, 0].numpy()
            for image, complete in zip(images, everywhere, strict=True):
                image[:] = settle(complete, image > 0, settings.median_size)
        for image in images:
            if settings.lowpass_sigma:
                lowpassed = lowpass_within(image, settings.lowpass_sigma, settings.lowpass_tolerance)
                image += nearness_to_breaks(image, _ROUGH_REACH) * (lowpassed - image)
            if settings.largest_step:
                break_steps(image, settings.largest_step)
            if generator is not None and (settings.white_noise or settings.lobe_noise):
                noise = fine_noise(image.shape, settings.white_noise, settings.lobe_noise, generator)
                image += noise * (image > 0)
        return self.representation.quantise(disparity)

    @torch.no_grad()
    def sample(
        self,
        disparity: torch.Tensor,
        coarse_steps: int | None = None,
        fine_steps: int | None = None,
        generator: torch.Generator | None = None,
        setting: torch.Tensor | None = None,
        static_seed: int | None = None,
    ) -> StageSamples:
        """What both stages generate, before validity is decided. Arguments and errors as for a call."""
        if disparity.ndim != 4 or disparity.shape[1] != 1:
            raise InvalidParameterError(
                f"disparity has shape {tuple(disparity.shape)}: expected (B, 1, H, W)"
            )
        coarse_steps = self.sampling.coarse_steps if coarse_steps is None else coarse_steps
        fine_steps = self.sampling.fine_steps if fine_steps is None else fine_steps
        if coarse_steps < 1 or fine_steps < 0:
            raise InvalidParameterError(
                f"coarse_steps {coarse_steps}, fine_steps {fine_steps}: expected at least 1 and 0"
            )
        height, width = disparity.shape[-2:]
        device = next(self.coarse.parameters()).device
        clean = self._pad(disparity.to(device, torch.float32))
        features = condition_features(clean, setting=setting)

        source = NoiseSource(generator, static_seed, self.sampling.persistence)
        noise = source.draw(0, self.coarse.sample_shape(*features[:, 0].shape)).to(device)
        sample, deviation = sample_stage(self.coarse_denoiser, self.scheduler, noise, features, coarse_steps)
        coarse, fine, missing = self.coarse.decode(sample), None, None
        discrepancy = self.guidance.normalised_map(
            torch.zeros_like(features[:, :1]) if deviation is None else deviation
        )
        crop = (slice(None), slice(None), slice(0, height), slice(0, width))
        if fine_steps:
            condition = torch.cat([features, coarse, discrepancy], dim=1)
            batch, channels, *size = self.fine.sample_shape(*features[:, 0].shape)
            half = (batch, channels // CHANNELS, *size)
            surface = NoiseSource(generator, static_seed, self.sampling.surface_persistence)
            noise = torch.cat([surface.draw(1, half), source.draw(2, half)], dim=1).to(device)
            noise = noise * self.sampling.fine_temperature
            sample, spread = sample_stage(self.fine_denoiser, self.scheduler, noise, condition, fine_steps)
            fine = self.fine.decode(sample)
            if spread is not None:
                missing = self.missing_in(fine, spread)[crop].cpu()
            fine = fine[crop].cpu()
            if self.sampling.hole_field:
                self._grow_holes(disparity.to(torch.float32).cpu(), fine, source)
        return StageSamples(coarse[crop].cpu(), fine, discrepancy[crop].cpu(), missing)

    def _grow_holes(self, clean: torch.Tensor, fine: torch.Tensor, source: NoiseSource) -> None:
        """Take validity away from the fine stage's sample, in place, see `validity_taken`."""
        batch, _, height, width = fine.shape
        noise = source.draw(3, (batch, -(-height // FIELD_CELL), -(-width // FIELD_CELL))).numpy()
        generated = self.representation.disparity(clean, fine, self.sampling.fine_validity_threshold)
        for sample, cells, image in zip(fine, noise, generated[:, 0].numpy(), strict=True):
            sample[1] += self.sampling.hole_field * torch.from_numpy(validity_taken(cells, image))

    def missing_in(self, sample: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
        """`missing_texture` of the fine stage's sample ``(B, 2, H, W)``."""
        seen = (sample[:, 1:] > 0).to(sample)
        return missing_texture(self.representation.residual(sample), seen, ratio)

    def _pad(self, clean: torch.Tensor) -> torch.Tensor:
        height, width = clean.shape[-2:]
        padded_height, padded_width = self.padded_size(height, width)
        bottom, right = padded_height - height, padded_width - width
        return F.pad(clean, (0, right, 0, bottom), mode="replicate") if bottom or right else clean
