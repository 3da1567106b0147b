"""Stable Diffusion 2.1 with depth latents, for users who have its weights.

The recipe follows Marigold and Stable-Sim2Real: single-channel images are replicated to three for the
frozen VAE, latents take the posterior mean scaled by the VAE's factor, and the UNet's first convolution is
widened by repeating its weights, so that it starts as the pretrained network.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config

from reald2iff.diffusion.backbone import Backbone
from reald2iff.diffusion.representation import CHANNELS
from reald2iff.errors import DependencyError, WeightsError


class StableDiffusionBackbone(Backbone):
    """Residual and validity as two depth latents, denoised by Stable Diffusion's UNet.

    The condition is not passed through the VAE: it is averaged onto the latent grid, which keeps its units.

    Args:
        condition_channels: Channels of the condition at image size.
        unet_config: Configuration of a `UNet2DConditionModel`, with its own 4 channels in and out.
        vae_config: Configuration of an `AutoencoderKL`.
        text_tokens: Tokens of the empty prompt's embedding.
        deviation_head: Whether to predict the deviation map too; one value a latent cell (8x8 px).
    """

    @register_to_config
    def __init__(
        self,
        condition_channels: int,
        unet_config: dict,
        vae_config: dict,
        text_tokens: int = 77,
        deviation_head: bool = False,
    ) -> None:
        super().__init__()
        self.vae = AutoencoderKL.from_config(vae_config).requires_grad_(False)
        latent = CHANNELS * self.vae.config.latent_channels
        outputs = latent + int(deviation_head)
        self.unet = UNet2DConditionModel.from_config(
            {**unet_config, "in_channels": latent + condition_channels, "out_channels": outputs}
        )
        self.register_buffer(
            "empty_prompt", torch.zeros(1, text_tokens, self.unet.config.cross_attention_dim)
        )

    @classmethod
    def from_stable_diffusion(
        cls,
        folder: str | Path,
        condition_channels: int,
        deviation_head: bool = False,
        empty_prompt: torch.Tensor | None = None,
    ) -> StableDiffusionBackbone:
        """Start from a Stable Diffusion checkpoint in diffusers' layout (``unet/``, ``vae/``, ...).

        Args:
            folder: Local folder of the checkpoint, safetensors.
            condition_channels: Channels of the condition.
            deviation_head: See the class.
            empty_prompt: ``(1, tokens, C)`` embedding of ``""``; None = computed with the checkpoint's text
                encoder (needs the package transformers).

        Raises:
            WeightsError: if the folder holds no such checkpoint.
            DependencyError: if the text encoder is needed and transformers is not installed.
        """
        path = Path(folder)
        for part in ("unet", "vae"):
            if not (path / part / "config.json").is_file():
                raise WeightsError(
                    f"{path}/{part}: no config.json; expected Stable Diffusion 2.1 for diffusers"
                )
        options = {"use_safetensors": True, "local_files_only": True}
        try:
            unet = UNet2DConditionModel.from_pretrained(path / "unet", **options)
            vae = AutoencoderKL.from_pretrained(path / "vae", **options)
        except (OSError, ValueError, RuntimeError) as error:
            raise WeightsError(f"{path}: {error}") from error
        prompt = _embed_empty_prompt(path) if empty_prompt is None else empty_prompt
        # Fields with an underscore tell where the checkpoint lay, not what it is.
        unet_config, vae_config = (
            {k: v for k, v in model.config.items() if not k.startswith("_")} for model in (unet, vae)
        )
        model = cls(condition_channels, unet_config, vae_config, prompt.shape[1], deviation_head)
        model.vae.load_state_dict(vae.state_dict())
        model.empty_prompt.copy_(prompt)
        tensors = unet.state_dict()
        own = model.unet.state_dict()
        for name in ("conv_in.weight", "conv_out.weight", "conv_out.bias"):
            tensors[name] = _widen(tensors[name], own[name], inputs=name.startswith("conv_in"))
        model.unet.load_state_dict(tensors)
        return model

    @property
    def _scale(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def multiple(self) -> int:
        return self._scale * 2 ** (len(self.unet.config.block_out_channels) - 1)

    @property
    def predicts_deviation(self) -> bool:
        return bool(self.config.deviation_head)

    def encode(self, target: torch.Tensor) -> torch.Tensor:
        batch = len(target)
        images = torch.cat(target.split(1, dim=1)).expand(-1, 3, -1, -1)
        with torch.no_grad():
            latents = self.vae.encode(images).latent_dist.mean * self.vae.config.scaling_factor
        return torch.cat(latents.split(batch), dim=1)

    def decode(self, sample: torch.Tensor) -> torch.Tensor:
        batch = len(sample)
        latents = torch.cat(sample.chunk(CHANNELS, dim=1)) / self.vae.config.scaling_factor
        images = self.vae.decode(latents).sample.mean(dim=1, keepdim=True)
        return torch.cat(images.split(batch), dim=1)

    def sample_shape(self, batch: int, height: int, width: int) -> tuple[int, int, int, int]:
        channels = CHANNELS * self.vae.config.latent_channels
        return (batch, channels, height // self._scale, width // self._scale)

    def forward(
        self, sample: torch.Tensor, sigma: torch.Tensor, condition: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        cells = torch.cat([sample, F.avg_pool2d(condition, self._scale)], dim=1)
        prompt = self.empty_prompt.expand(len(sample), -1, -1)
        output = self.unet(cells, sigma * 1000, encoder_hidden_states=prompt).sample.float()
        latent = sample.shape[1]
        if not self.predicts_deviation:
            return output, None
        deviation = F.softplus(output[:, latent:])
        return output[:, :latent], F.interpolate(deviation, scale_factor=self._scale, mode="nearest")


def _widen(pretrained: torch.Tensor, wanted: torch.Tensor, inputs: bool) -> torch.Tensor:
    """``pretrained`` repeated to the shape of ``wanted``; inputs are scaled so that their sum stays."""
    axis = 1 if inputs else 0
    have, need = pretrained.shape[axis], wanted.shape[axis]
    repeats = [1] * pretrained.ndim
    repeats[axis] = -(-need // have)
    wide = pretrained.repeat(repeats).narrow(axis, 0, need)
    return wide * (have / need) if inputs else wide


def _embed_empty_prompt(folder: Path) -> torch.Tensor:
    try:
        from transformers import CLIPTextModel, CLIPTokenizer
    except ImportError as error:
        raise DependencyError(
            "the text encoder of Stable Diffusion needs: pip install 'reald2iff-ros[sd21]'"
        ) from error
    try:
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        encoder = CLIPTextModel.from_pretrained(
            folder / "text_encoder", use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: {error}") from error
    tokens = tokenizer("", padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt")
    with torch.no_grad():
        return encoder(tokens.input_ids)[0]
