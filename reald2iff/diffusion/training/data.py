"""Training batches: random windows of pair images, drawn from the step number alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from reald2iff.diffusion.condition import (
    CONTEXT_LEFT,
    CONTEXT_RIGHT,
    condition_features,
    setting_values,
)
from reald2iff.errors import DatasetError
from reald2iff.pairs import PairArrays
from reald2iff.pairs.format import CLEAN_STEPS, SENSOR_STEPS


@dataclass(frozen=True)
class Batch:
    """Windows of pairs.

    Attributes:
        clean: ``(B, 1, S, S)`` clean disparity, px, 0 = invalid.
        sensor: ``(B, 1, S, S)`` sensor disparity, px, 0 = invalid.
        features: ``(B, 11, S, S)`` condition, as the whole image would give it.
    """

    clean: torch.Tensor
    sensor: torch.Tensor
    features: torch.Tensor


class WindowSampler:
    """Draws the batch of a step; the same seed and step give the same batch, whatever came before.

    Args:
        pairs: Of one split.
        batch_size: Windows a batch.
        window: Side of a window, px.
        seed: Of the draws.
        device: Where the batch is made.

    Raises:
        DatasetError: if the images are smaller than the window or there are none.
    """

    def __init__(
        self, pairs: PairArrays, batch_size: int, window: int, seed: int, device: torch.device
    ) -> None:
        self._pairs, self._batch_size, self._window = pairs, batch_size, window
        self._seed, self._device = seed, device
        if len(pairs.clean_disparity) == 0:
            raise DatasetError("no pairs in this split: generate more scenes")
        height, width = pairs.clean_disparity.shape[1:]
        if min(height, width) < window:
            raise DatasetError(f"pairs of {width}x{height} px: expected at least the window of {window} px")

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        rng = np.random.default_rng([self._seed, step])
        clean, sensor = self._pairs.clean_disparity, self._pairs.sensor_disparity
        count, height, width = clean.shape
        size = self._window
        images = rng.integers(0, count, self._batch_size)
        tops = rng.integers(0, height - size + 1, self._batch_size)
        # Beyond the sides and pushed back inside: the image's borders, where stereo has bands of its own,
        # come up as often as any other column.
        lefts = np.clip(rng.integers(-size // 2, width - size // 2, self._batch_size), 0, width - size)

        # Up and down mean nothing to a horizontal stereo pair; left and right do.
        flipped = rng.random(self._batch_size) < 0.5

        # Wider than the window by what the condition depends on.
        strip = min(width, size + CONTEXT_LEFT + CONTEXT_RIGHT)
        starts = np.clip(lefts - CONTEXT_LEFT, 0, width - strip)

        def cut(source: np.ndarray, columns: np.ndarray, wide: int, steps: int) -> torch.Tensor:
            corners = zip(images, tops, columns, strict=True)
            parts = np.stack([source[i, t : t + size, x : x + wide] for i, t, x in corners])
            parts[flipped] = parts[flipped, ::-1]
            return torch.from_numpy(parts.astype(np.float32) / steps)[:, None].to(self._device)

        def window(strips: torch.Tensor) -> torch.Tensor:
            offsets = lefts - starts
            return torch.stack([s[..., x : x + size] for s, x in zip(strips, offsets, strict=True)])

        clean_strips = cut(clean, starts, strip, CLEAN_STEPS)
        setting = setting_values(
            torch.from_numpy(self._pairs.strength[images]), torch.from_numpy(self._pairs.density[images])
        )
        first_column = torch.from_numpy(starts.astype(np.float32)).to(self._device)[:, None, None, None]
        return Batch(
            window(clean_strips),
            cut(sensor, lefts, size, SENSOR_STEPS),
            window(condition_features(clean_strips, first_column, setting)),
        )


class MixedSampler:
    """Batches of two sources, one after the other in each batch.

    Args:
        first: Its windows come first.
        second: Windows of the same size.
    """

    def __init__(self, first: WindowSampler, second: WindowSampler) -> None:
        self._parts = (first, second)

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        drawn = [vars(part.batch(step)) for part in self._parts]
        return Batch(**{name: torch.cat([values[name] for values in drawn]) for name in drawn[0]})
