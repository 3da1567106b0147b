"""What a fingerprint holds: named features with their spread, as a readable file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike

from reald2iff.errors import DatasetError

FORMAT = "reald2iff-fingerprint"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Statistic:
    """Median, quartiles and number of the samples behind a feature; pooled values have NaN for quartiles."""

    median: float
    q25: float
    q75: float
    count: int


def spread(samples: ArrayLike, at_least: int = 1) -> Statistic | None:
    """Median and quartiles of ``samples``; not finite ones are left out; None for fewer than ``at_least``."""
    values = np.asarray(samples, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if values.size < max(at_least, 1):
        return None
    q25, median, q75 = np.percentile(values, (25, 50, 75))
    return Statistic(float(median), float(q25), float(q75), int(values.size))


def pooled(value: float, count: int) -> Statistic | None:
    """A value taken over all samples at once, which has no spread; None where it is not finite."""
    return Statistic(float(value), math.nan, math.nan, int(count)) if math.isfinite(value) else None


@dataclass(frozen=True)
class Fingerprint:
    """Noise statistics of a depth camera.

    Attributes:
        features: By name (`reald2iff.metrics.fingerprint.catalogue` says what each means). What the frames
            did not show often enough is absent.
        frames: Number of frames behind it, those of a burst not counted.
        scale: Magnification of the images against the native stereo image; not 1 = registered depth, whose
            holes and edges are not comparable with those of native depth.
    """

    features: Mapping[str, Statistic]
    frames: int
    scale: float = 1.0

    def __getitem__(self, name: str) -> Statistic:
        return self.features[name]

    def __contains__(self, name: object) -> bool:
        return name in self.features

    def as_dict(self) -> dict[str, Any]:
        """Plain values for YAML or JSON: format, version, frames, scale and features."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "frames": self.frames,
            "scale": round(float(self.scale), 6),
            "features": {
                name: {
                    key: value if key == "count" else None if math.isnan(value) else float(f"{value:.6g}")
                    for key, value in asdict(statistic).items()
                }
                for name, statistic in self.features.items()
            },
        }

    @classmethod
    def from_dict(cls, content: Any, where: str = "fingerprint") -> Fingerprint:
        """From what `as_dict` gave; ``where`` names its place in messages.

        Raises:
            DatasetError: for another format, version or an odd value.
        """
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise DatasetError(f"{where}: is no fingerprint: expected format: {FORMAT}")
        if content.get("version") != FORMAT_VERSION:
            raise DatasetError(
                f"{where}: has version {content.get('version')!r}: this program reads {FORMAT_VERSION}"
            )
        entries, frames, scale = (content.get(key) for key in ("features", "frames", "scale"))
        if not isinstance(entries, dict) or not isinstance(frames, int) or not isinstance(scale, int | float):
            raise DatasetError(f"{where}: lacks features, frames or scale, or they are of another type")
        features = {str(name): _statistic(where, name, entry) for name, entry in entries.items()}
        return cls(features, frames, float(scale))

    def save(self, path: Path) -> None:
        """Write it as YAML, one feature a line; its folder is made.

        Raises:
            DatasetError: if it cannot be written.
        """
        content = self.as_dict()
        features = content.pop("features")
        text = yaml.safe_dump(content, sort_keys=False) + ("features:\n" if features else "features: {}\n")
        for name, entry in features.items():
            text += f"  {name}: {yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, width=200)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        except OSError as error:
            raise DatasetError(f"{path}: cannot be written ({error})") from error

    @classmethod
    def load(cls, path: Path) -> Fingerprint:
        """Read what `save` wrote (or its content as JSON).

        Raises:
            DatasetError: for a file that is missing, unreadable or of another format.
        """
        try:
            content = yaml.safe_load(path.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DatasetError(f"{path}: cannot be read as a fingerprint ({error})") from error
        return cls.from_dict(content, str(path))


def _statistic(where: str, name: Any, entry: Any) -> Statistic:
    try:
        median, q25, q75 = (
            math.nan if entry[key] is None else float(entry[key]) for key in ("median", "q25", "q75")
        )
        statistic = Statistic(median, q25, q75, int(entry["count"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{where}: feature {name} = {entry!r}: expected median, q25, q75 and count"
        ) from error
    if not math.isfinite(statistic.median):
        raise DatasetError(f"{where}: feature {name} has median {entry['median']!r}: expected a number")
    return statistic
