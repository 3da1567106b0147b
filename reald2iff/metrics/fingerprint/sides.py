"""What is compared: sources of a folder or bag, a saved fingerprint, or a sensor profile that carries one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from reald2iff.errors import DatasetError
from reald2iff.io.recordings import Recording, read_recordings
from reald2iff.metrics.fingerprint.extract import fingerprint_recording
from reald2iff.metrics.fingerprint.features import FORMAT, Fingerprint

PROFILE_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Side:
    """A fingerprint with its name.

    Attributes:
        name: Of the source or profile.
        fingerprint: Its features.
        floor: Distance between its halves; None where it cannot be halved or only the features are known.
    """

    name: str
    fingerprint: Fingerprint
    floor: float | None = None

    @property
    def registered(self) -> bool:
        """The depth was resampled into the colour camera."""
        return self.fingerprint.scale != 1

    @property
    def stream(self) -> str:
        """For people."""
        return "registered to colour" if self.registered else "native depth"


def is_profile(text: str) -> bool:
    """Whether an argument names a profile, not a recording: a YAML or JSON file, or a bare name."""
    path = Path(text)
    return path.suffix.lower() in PROFILE_SUFFIXES or (path.name == text and not path.exists())


def read_profile(text: str) -> Side:
    """A saved fingerprint, or the one that a sensor profile (a file or a shipped one's name) carries.

    Raises:
        DatasetError: for a file that is missing or neither, or a profile without a fingerprint.
        InvalidParameterError: for a name that no shipped profile has.
    """
    path = Path(text)
    if path.is_file():
        try:
            content = yaml.safe_load(path.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DatasetError(f"{path}: cannot be read as YAML or JSON ({error})") from error
        if isinstance(content, dict) and content.get("format") == FORMAT:
            return Side(path.stem, Fingerprint.from_dict(content, str(path)))
    from reald2iff.sensors.profile import load_profile

    profile = load_profile(text)
    if profile.fingerprint is None:
        raise DatasetError(f"{text}: this profile carries no fingerprint: expected one of a fitted camera")
    return Side(profile.name, profile.fingerprint)


def open_sources(path: Path, frames: int, chosen: str | None = None) -> list[Recording]:
    """Recordings of at most about ``frames`` frames each; only the ``chosen`` one if given.

    Raises:
        DatasetError: for a folder without recordings, or without the chosen one.
    """
    recordings = read_recordings(path)
    names = [recording.name for recording in recordings]
    if chosen is not None and chosen not in names:
        raise DatasetError(f"{path}: has no source {chosen!r}: expected one of {', '.join(names)}")
    return [r.thinned(frames) for r in recordings if chosen in (None, r.name)]


def measure_sources(recordings: Sequence[Recording], after_frame: Callable[[], object]) -> list[Side]:
    """Fingerprints and floors of recordings, each apart."""
    return [Side(r.name, *fingerprint_recording(r, after_frame)) for r in recordings]
