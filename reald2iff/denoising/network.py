"""The network that turns sensor disparity into clean disparity and says how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import UNet2DModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin

from reald2iff.denoising.inputs import CANDIDATES, CELL, COMPAND, FEATURES, compand, denoiser_inputs
from reald2iff.diffusion.weights import WEIGHTS_FILE, load_strict, read_config, read_tensors
from reald2iff.errors import WeightsError

_OUTPUTS = CANDIDATES + 2
_MAX_COMPANDED = 7.0
_LOG_SPREAD = (-6.0, 2.5)


@dataclass(frozen=True)
class Prediction:
    """Of the network, each ``(B, 1, H, W)``.

    Attributes:
        mixture: Px: the chosen candidates.
        residual: What is added to the mixture, companded.
        log_spread: Logarithm of the expected error of ``residual``.
    """

    mixture: torch.Tensor
    residual: torch.Tensor
    log_spread: torch.Tensor

    @property
    def disparity(self) -> torch.Tensor:
        """Clean disparity, px."""
        return self.mixture + COMPAND * torch.sinh(self.residual)

    @property
    def spread(self) -> torch.Tensor:
        """Expected absolute error of ``disparity``, px."""
        return self.log_spread.exp() * COMPAND * torch.cosh(self.residual)

    def error(self, clean: torch.Tensor) -> torch.Tensor:
        """Signed error in the companded scale."""
        return self.residual - compand(clean - self.mixture)


class DenoisingNetwork(ModelMixin, ConfigMixin):
    """A UNet on a space-to-depth grid that weighs the candidates of `denoiser_inputs` and corrects them.

    Args:
        factor: Side of a space-to-depth cell, px.
        widths: Channels of each level.
        layers: Residual blocks a level.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, factor: int = 4, widths: tuple[int, ...] = (32, 64, 96, 128), layers: int = 1) -> None:
        super().__init__()
        self.unet = UNet2DModel(
            in_channels=FEATURES * factor**2,
            out_channels=_OUTPUTS * factor**2,
            block_out_channels=tuple(widths),
            layers_per_block=layers,
            down_block_types=("DownBlock2D",) * len(widths),
            up_block_types=("UpBlock2D",) * len(widths),
            norm_num_groups=8,
            add_attention=False,
        )
        # Begins as the mean of the candidates.
        torch.nn.init.zeros_(self.unet.conv_out.weight)
        torch.nn.init.zeros_(self.unet.conv_out.bias)

    @property
    def multiple(self) -> int:
        """Image sides must be multiples of this many px."""
        levels = int(self.config.factor * 2 ** (len(self.config.widths) - 1))
        return max(levels, CELL)

    def forward(self, disparity: torch.Tensor) -> Prediction:
        """Denoise.

        Args:
            disparity: ``(B, 1, H, W)`` of the sensor, px, 0 = invalid.
        """
        inputs = denoiser_inputs(disparity)
        factor = self.config.factor
        cells = F.pixel_unshuffle(inputs.features, factor).contiguous(memory_format=torch.channels_last)
        output = F.pixel_shuffle(self.unet(cells, torch.zeros(1, device=cells.device)).sample, factor).float()
        choice = output[:, :CANDIDATES].softmax(dim=1)
        return Prediction(
            (choice * inputs.candidates).sum(dim=1, keepdim=True),
            output[:, CANDIDATES : CANDIDATES + 1].clamp(-_MAX_COMPANDED, _MAX_COMPANDED),
            output[:, CANDIDATES + 1 :].clamp(*_LOG_SPREAD),
        )

    def save(self, folder: Path) -> None:
        """Write the weights for use, as float16: their rounding is far below the sensor's noise."""
        import copy

        copy.deepcopy(self).half().save_pretrained(folder)


def load_network(folder: Path) -> DenoisingNetwork:
    """A network written by `DenoisingNetwork.save`, float32, in evaluation mode.

    Raises:
        WeightsError: if the folder does not hold one, whole.
    """
    config = read_config(folder)
    if config.get("_class_name") != DenoisingNetwork.__name__:
        raise WeightsError(
            f"{folder}: holds a {config.get('_class_name')!r}: expected a {DenoisingNetwork.__name__}"
        )
    try:
        network = DenoisingNetwork.from_config(config)
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{folder}/config.json: {error}") from error
    return load_strict(network, read_tensors(folder / WEIGHTS_FILE), folder / WEIGHTS_FILE).eval()
