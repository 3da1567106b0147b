"""Loading weights: safetensors only, and strictly. A missing or unexpected key is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch
from diffusers.configuration_utils import ConfigMixin
from safetensors import SafetensorError
from safetensors.torch import load_file

from reald2iff.errors import WeightsError

if TYPE_CHECKING:
    from reald2iff.diffusion.backbone import Backbone, PixelBackbone

WEIGHTS_FILE = "diffusion_pytorch_model.safetensors"

Model = TypeVar("Model", bound=torch.nn.Module)


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file.

    Raises:
        WeightsError: if it is missing or not such a file.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file (only .safetensors files are read)")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file ({error})") from error


def load_strict(model: Model, tensors: dict[str, torch.Tensor], source: Path) -> Model:
    """Copy ``tensors`` into ``model``.

    Raises:
        WeightsError: if a key is missing or unexpected, a shape differs, or a value is not finite.
    """
    own = model.state_dict()
    missing, unexpected = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or unexpected:
        raise WeightsError(
            f"{source}: does not fit the network: {len(missing)} missing keys {missing[:3]}, "
            f"{len(unexpected)} unexpected keys {unexpected[:3]}"
        )
    for name, value in tensors.items():
        if value.shape != own[name].shape:
            raise WeightsError(
                f"{source}: {name} has shape {tuple(value.shape)}: expected {tuple(own[name].shape)}"
            )
        if not torch.isfinite(value).all():
            raise WeightsError(f"{source}: {name} holds values that are not finite")
    model.load_state_dict(tensors)
    return model


def read_config(folder: Path, name: str = "config.json") -> dict:
    """A JSON configuration of a saved model.

    Raises:
        WeightsError: if it is missing or not JSON.
    """
    path = folder / name
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path}: cannot be read ({error.__class__.__name__}); expected a folder of save_pretrained"
        ) from error
    if not isinstance(config, dict):
        raise WeightsError(f"{path}: holds {type(config).__name__}: expected a JSON object")
    return config


def load_backbone(folder: Path) -> Backbone:
    """A backbone saved with ``save_pretrained``, in evaluation mode.

    Raises:
        WeightsError: if the folder does not hold one of this project's backbones, whole.
    """
    from reald2iff.diffusion.backbone import PixelBackbone
    from reald2iff.diffusion.sd21 import StableDiffusionBackbone

    classes: dict[str, type[ConfigMixin]] = {c.__name__: c for c in (PixelBackbone, StableDiffusionBackbone)}
    config = read_config(folder)
    name = config.get("_class_name")
    if name not in classes:
        raise WeightsError(f"{folder}: holds a {name!r}: expected one of {sorted(classes)}")
    try:
        model = classes[name].from_config(config)
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{folder}/config.json: {error}") from error
    return load_strict(model, read_tensors(folder / WEIGHTS_FILE), folder / WEIGHTS_FILE).eval()


def load_pixel_backbone(folder: Path) -> PixelBackbone:
    """A pixel backbone to begin with.

    Raises:
        WeightsError: as `load_backbone`, and for a backbone of another class.
    """
    from reald2iff.diffusion.backbone import PixelBackbone

    backbone = load_backbone(folder)
    if not isinstance(backbone, PixelBackbone):
        raise WeightsError(f"{folder}: holds a {type(backbone).__name__}: expected a PixelBackbone")
    return backbone
