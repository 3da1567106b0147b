"""Camera profiles: the twin's parameters fitted to one camera, as a file that people can read and edit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from reald2iff.errors import DatasetError, InvalidParameterError, RealD2iffError
from reald2iff.geometry import PinholeIntrinsics
from reald2iff.sensors.base import NoiseModel
from reald2iff.sensors.d435 import D435Twin
from reald2iff.sensors.d435.values import changed_values, with_values
from reald2iff.sensors.registration import RegisteredNoise, Registration

if TYPE_CHECKING:
    from reald2iff.metrics.fingerprint import Fingerprint

FORMAT = "reald2iff-profile"
FORMAT_VERSION = 1

DEFAULT_PROFILE = "d435"
"""The camera that is meant unless another is named: native depth of a D435, fitted to real frames."""

_SHIPPED = Path(__file__).with_name("profiles")

_HEAD = """\
# How one depth camera sees, for `reald2iff apply --profile` and `pairs generate --profile`.
# `twin` holds only what differs from the defaults of the D435 twin; every key may be edited or left out.
"""


@dataclass(frozen=True)
class FitFigures:
    """How well a profile fits: fingerprint distances to the recording that it was fitted to."""

    before: float
    """Of the twin before the fit, to the fitted half of the recording."""
    after: float
    """Of the fitted twin, to the same half."""
    held_out: float
    """Of the fitted twin, to the other half."""
    floor: float
    """Of the halves to each other: nothing can be expected to come nearer."""
    evaluations: int
    """Parameter sets tried."""
    frames: int
    """Frames of the fitted half."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise InvalidParameterError(f"fit.{field.name} = {value!r}: expected a number of 0 or more")


@dataclass(frozen=True)
class Profile:
    """A camera.

    Attributes:
        name: Of the profile.
        twin: The fitted sensor.
        registration: Where the depth was resampled into the colour camera, the geometry between the two;
            None = native depth.
        camera: What was recorded, for people.
        fit: How well it fits; None for a profile written by hand.
        fingerprint: Of the recording; None for a profile written by hand.
    """

    name: str
    twin: D435Twin
    registration: Registration | None = None
    camera: str = ""
    fit: FitFigures | None = None
    fingerprint: Fingerprint | None = None

    def noise_model(self) -> NoiseModel:
        """What turns clean depth of this camera's stream into depth as it gives it."""
        return self.twin if self.registration is None else RegisteredNoise(self.twin, self.registration)

    def save(self, path: Path) -> None:
        """Write it as YAML; its folder is made.

        Raises:
            DatasetError: if it cannot be written.
        """
        content: dict[str, Any] = {"format": FORMAT, "version": FORMAT_VERSION, "name": self.name}
        content["camera"] = self.camera
        if self.registration is not None:
            content["registration"] = {
                "native": asdict(self.registration.native),
                "translation": [float(v) for v in self.registration.translation],
            }
        content["twin"] = _nested(changed_values(self.twin))
        if self.fit is not None:
            content["fit"] = {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in asdict(self.fit).items()
            }
        text = _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        if self.fingerprint is not None:
            text += _fingerprint_text(self.fingerprint)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.tmp")
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise DatasetError(f"{path}: the profile cannot be written ({error})") from error


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the library."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))


def load_profile(name_or_path: str | Path) -> Profile:
    """A camera profile.

    Args:
        name_or_path: A name of `shipped_profiles`, or a YAML file (anything with a suffix or a slash).

    Raises:
        InvalidParameterError: for an unknown name; the message lists those there are. Also for a parameter
            that the twin does not have, or a value outside its range.
        DatasetError: for a file that is missing, unreadable or no profile, or holds unknown keys.
    """
    path = Path(name_or_path)
    if path.suffix == "" and len(path.parts) == 1 and not path.is_file():
        if path.name not in shipped_profiles():
            raise InvalidParameterError(
                f"profile {path.name!r}: expected one of {', '.join(shipped_profiles())}, or a YAML file"
            )
        path = _SHIPPED / f"{path.name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: no such profile") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DatasetError(f"{path}: cannot be read as a profile ({error})") from error
    try:
        return _profile(content)
    except RealD2iffError as error:
        raise type(error)(f"{path}: {error}") from error


def _profile(content: Any) -> Profile:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DatasetError(f"is no profile: expected format: {FORMAT}")
    if content.get("version") != FORMAT_VERSION:
        raise DatasetError(f"has version {content.get('version')!r}: this program reads {FORMAT_VERSION}")
    allowed = ("format", "version", "name", "camera", "registration", "twin", "fit", "fingerprint")
    _require_keys("", content, allowed, ("name",))
    return Profile(
        name=str(content["name"]),
        twin=with_values(D435Twin(), _flat(content.get("twin") or {})),
        registration=_registration(content["registration"]) if content.get("registration") else None,
        camera=str(content.get("camera") or ""),
        fit=_figures(content["fit"]) if content.get("fit") else None,
        fingerprint=_fingerprint(content["fingerprint"]) if content.get("fingerprint") else None,
    )


def _require_keys(
    where: str, content: Any, allowed: tuple[str, ...], required: tuple[str, ...] | None = None
) -> Mapping[str, Any]:
    """``content`` if it is a mapping with allowed keys and all required ones (by default, all)."""
    at = f"{where}: " if where else ""
    if not isinstance(content, dict):
        raise DatasetError(f"{at}is {content!r}: expected {', '.join(allowed)}")
    unknown = [str(key) for key in content if key not in allowed]
    if unknown:
        raise DatasetError(f"{at}unknown keys {', '.join(unknown)}: expected {', '.join(allowed)}")
    missing = [key for key in (allowed if required is None else required) if key not in content]
    if missing:
        raise DatasetError(f"{at}lacks {', '.join(missing)}")
    return content


def _registration(content: Any) -> Registration:
    _require_keys("registration", content, ("native", "translation"))
    names = tuple(field.name for field in fields(PinholeIntrinsics))
    native = _require_keys("registration.native", content["native"], names)
    try:
        width, height, *rest = (float(native[name]) for name in names)
        translation = [float(v) for v in content["translation"]]
    except (TypeError, ValueError) as error:
        raise DatasetError(f"registration: {error}: expected numbers") from error
    return Registration(PinholeIntrinsics(int(width), int(height), *rest), translation)


def _figures(content: Any) -> FitFigures:
    return FitFigures(**_require_keys("fit", content, tuple(field.name for field in fields(FitFigures))))


def _fingerprint(content: Any) -> Fingerprint:
    from reald2iff.metrics.fingerprint import Fingerprint

    return Fingerprint.from_dict(content)


def _fingerprint_text(fingerprint: Fingerprint) -> str:
    """YAML with one feature a line."""
    content = fingerprint.as_dict()
    features = content.pop("features")
    head = yaml.safe_dump({"fingerprint": content}, sort_keys=False) + "  features:\n"
    return head + "".join(
        f"    {name}: {yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, width=math.inf)}"
        for name, entry in features.items()
    )


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """``{"a.b": 1}`` as ``{"a": {"b": 1}}``."""
    result: dict[str, Any] = {}
    for path, value in values.items():
        group, _, name = path.rpartition(".")
        plain = list(value) if isinstance(value, tuple) else value
        (result.setdefault(group, {}) if group else result)[name] = plain
    return result


def _flat(content: Any) -> dict[str, Any]:
    """The reverse of `_nested`."""
    if not isinstance(content, dict):
        raise DatasetError(f"twin: is {content!r}: expected groups of parameters")
    values: dict[str, Any] = {}
    for group, entry in content.items():
        if isinstance(entry, dict):
            values |= {f"{group}.{name}": value for name, value in entry.items()}
        else:
            values[str(group)] = entry
    return values
