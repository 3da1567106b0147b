"""Converted networks on disk: to trace a network takes far longer than to read what came of it."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import diffusers
import torch

from reald2iff.diffusion.backbone import Backbone
from reald2iff.pairs.format import write_atomically
from reald2iff.user_cache import cache_folder

if TYPE_CHECKING:
    import openvino as ov

_KEPT = 16
"""Networks that stay on disk; the ones that were not used for the longest time go first."""

_HEADER = struct.Struct("<32sQ")
"""SHA-256 of what follows, and the length of its first part, the topology; the rest are the weights."""

_log = logging.getLogger(__name__)


def converted_key(backbone: Backbone, shapes: Sequence[Sequence[int]]) -> str:
    """Name of a conversion: of the weights, the network's options and code, the inputs and the versions."""
    import openvino as ov

    module = sys.modules[type(backbone).__module__]
    versions = ov.__version__, torch.__version__, diffusers.__version__
    about = [dict(backbone.config), [list(shape) for shape in shapes], versions, inspect.getsource(module)]
    digest = hashlib.sha256(json.dumps(about, default=str, sort_keys=True).encode())
    for name, tensor in sorted(backbone.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def cached_model(key: str, convert: Callable[[], ov.Model]) -> ov.Model:
    """The network of a name, from the user's cache folder if it is there, else converted and put there.

    A damaged file is made anew; a folder that cannot be written costs the conversion every time. Either is
    logged.
    """
    folder = cache_folder() / "openvino"
    path = folder / f"{key}.model"
    if path.exists():
        try:
            model = _read(path.read_bytes())
            os.utime(path)
            return model
        except (OSError, ValueError, RuntimeError) as error:
            _log.warning("%s cannot be read, the network is converted anew: %s", path, error)
    model = convert()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _content(model))
        for old in sorted(folder.glob("*.model"), key=lambda p: p.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the converted network is not kept for the next start: %s", error)
    return model


def _content(model: ov.Model) -> bytes:
    import openvino as ov

    with tempfile.TemporaryDirectory() as folder:
        topology = Path(folder, "model.xml")
        # Half precision would not give what the network gives without the cache.
        ov.save_model(model, topology, compress_to_fp16=False)
        first, second = topology.read_bytes(), topology.with_suffix(".bin").read_bytes()
    rest = struct.pack("<Q", len(first)) + first + second
    return hashlib.sha256(rest).digest() + rest


def _read(content: bytes) -> ov.Model:
    """Raises ValueError for a damaged file."""
    import openvino as ov

    if len(content) < _HEADER.size:
        raise ValueError(f"has {len(content)} bytes: expected more than {_HEADER.size}")
    digest, length = _HEADER.unpack_from(content)
    if hashlib.sha256(content[32:]).digest() != digest:
        raise ValueError("its checksum is wrong")
    split = _HEADER.size + length
    return ov.Core().read_model(model=content[_HEADER.size : split], weights=content[split:])
