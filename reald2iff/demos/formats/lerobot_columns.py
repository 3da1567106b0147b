"""Columns of LeRobot's parquet files to numpy and back: images, vectors, matrices."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from reald2iff.demos.formats.lerobot_layout import IMAGE_TYPE, QUANTILES
from reald2iff.errors import DatasetError


def decode_image(data: bytes) -> tuple[NDArray[Any], str]:
    """An embedded image as ``(H, W)`` or ``(H, W, 3)`` in its own type, and its file type (PNG, TIFF).

    Raises:
        DatasetError: if it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.array(image), str(image.format)
    except (OSError, ValueError) as error:
        raise DatasetError(f"an embedded image cannot be read: {error}") from error


def encode_image(image: NDArray[Any], kind: str) -> bytes:
    """An image as PNG or TIFF, lossless, the same bytes every time."""
    stream = io.BytesIO()
    options: dict[str, Any] = (
        {"compress_level": 3} if kind == "PNG" else {"compression": "tiff_adobe_deflate"}
    )
    Image.fromarray(np.ascontiguousarray(image)).save(stream, kind, **options)
    return stream.getvalue()


def image_column(images: Sequence[bytes]) -> pa.Array:
    """Embedded images, as Hugging Face's ``Image`` feature stores them."""
    return pa.array([{"bytes": data, "path": None} for data in images], IMAGE_TYPE)


def array_column(values: NDArray[Any]) -> pa.Array:
    """``(N,)`` values, or ``(N, ...)`` as nested lists."""
    column = pa.array(np.ascontiguousarray(values).reshape(-1))
    for axis in range(values.ndim - 1, 0, -1):
        size = values.shape[axis]
        offsets = np.arange(0, len(column) + 1, size, dtype=np.int32)
        column = pa.ListArray.from_arrays(pa.array(offsets), column)
    return column


def column_array(column: pa.ChunkedArray | pa.Array, shape: Sequence[int]) -> NDArray[Any]:
    """``(N, *shape)`` of a column of values or of nested lists; ``(N,)`` for the shape ``(1,)``."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(flat, pa.ExtensionArray):
        flat = flat.storage
    rows = len(flat)
    while pa.types.is_list(flat.type) or pa.types.is_fixed_size_list(flat.type) or _is_large(flat.type):
        flat = flat.flatten()
    values = flat.to_numpy(zero_copy_only=False)
    return values if tuple(shape) == (1,) else values.reshape(rows, *shape)


def _is_large(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_list(kind))


def statistics(values: NDArray[Any], image: bool = False) -> dict[str, Any]:
    """LeRobot's statistics of a feature over an episode, as lists.

    Args:
        values: ``(N, ...)``; images ``(N, C, H, W)``.
        image: Reduce pixels too; the result has shape ``(C, 1, 1)``.
    """
    values = values.astype(np.float64)
    axes, keep = ((0, 2, 3), True) if image else ((0,), values.ndim == 1)

    def shaped(array: NDArray[Any]) -> Any:
        return (array[0] if image else array).tolist()

    found = {
        name: shaped(getattr(values, name)(axis=axes, keepdims=keep))
        for name in ("min", "max", "mean", "std")
    }
    found["count"] = [len(values)]
    for quantile in QUANTILES:
        name = f"q{round(quantile * 100):02d}"
        found[name] = shaped(np.quantile(values, quantile, axis=axes, keepdims=keep))
    return found


def image_statistics(frames: Sequence[NDArray[Any]]) -> dict[str, Any]:
    """`statistics` of pictures: a part of the frames and of the pixels; 8-bit colour counts as 0 to 1."""
    step = -(-len(frames) // 100)
    stride = max(1, max(frames[0].shape[:2]) // 150)
    chosen = np.stack([frame[::stride, ::stride] for frame in frames[::step]])
    stacked = chosen[..., None] if chosen.ndim == 3 else chosen
    scale = 255.0 if stacked.dtype == np.uint8 else 1.0
    return statistics(np.moveaxis(stacked, -1, 1) / scale, image=True)


def merged_statistics(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of a whole data set, from those of its episodes; quantiles are averaged, as LeRobot does."""
    counts = np.array([part["count"][0] for part in parts], dtype=np.float64)
    weights = counts / counts.sum()

    def stacked(name: str) -> NDArray[np.float64]:
        return np.array([part[name] for part in parts], dtype=np.float64)

    def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.tensordot(weights, values, axes=1))

    mean = average(stacked("mean"))
    variance = average(np.square(stacked("std")) + np.square(stacked("mean") - mean))
    found = {
        "min": stacked("min").min(axis=0).tolist(),
        "max": stacked("max").max(axis=0).tolist(),
        "mean": mean.tolist(),
        "std": np.sqrt(variance).tolist(),
        "count": [int(counts.sum())],
    }
    quantiles = [name for name in parts[0] if name.startswith("q")]
    return found | {name: average(stacked(name)).tolist() for name in quantiles}
